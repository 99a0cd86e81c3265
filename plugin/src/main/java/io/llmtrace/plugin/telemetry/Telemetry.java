package io.llmtrace.plugin.telemetry;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plugin's telemetry: spool, sender and snapshots of one process. {@link #open} takes records
 * at once; nothing is sent before {@link #start}. Thread-safe.
 */
public final class Telemetry implements TelemetrySink, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Telemetry.class);
  private static final int MAX_OPEN_EXCHANGES = 100_000;
  private static final Duration ADOPT_INTERVAL = Duration.ofSeconds(3);

  private final TelemetrySettings settings;
  private final MeterRegistry metrics;
  private final CircuitBreaker breaker;
  private final Spool spool;
  private final ControlPlaneClient client;
  private final Sender sender;
  private final Thread sending;
  private final OpenExchanges open;
  private final ScheduledThreadPoolExecutor timers = new ScheduledThreadPoolExecutor(2);
  private final List<ScheduledFuture<?>> scheduled = new ArrayList<>();
  private volatile @Nullable String problem;

  private Telemetry(TelemetrySettings settings, Spool spool, MeterRegistry metrics) {
    this.settings = settings;
    this.metrics = metrics;
    this.spool = spool;
    this.breaker =
        CircuitBreaker.of(
            "control_plane",
            CircuitBreakerConfig.custom()
                .slidingWindowType(CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
                .slidingWindowSize(5)
                .minimumNumberOfCalls(5)
                .failureRateThreshold(100)
                .permittedNumberOfCallsInHalfOpenState(1)
                .waitDurationInOpenState(settings.pacing().maxDelay())
                .build());
    this.client = new ControlPlaneClient(settings, breaker);
    this.sender = new Sender(spool, settings, client, metrics);
    this.sending = new Thread(sender, "llmtrace-telemetry-sender");
    this.sending.setDaemon(true);
    this.open = new OpenExchanges(Clock.systemUTC(), MAX_OPEN_EXCHANGES);
    metrics.gauge("llmtrace.plugin.open.exchanges", open, OpenExchanges::count);
  }

  /**
   * Makes the spool of this process.
   *
   * @throws IOException if the data directory cannot be written
   */
  public static Telemetry open(TelemetrySettings settings, MeterRegistry metrics)
      throws IOException {
    Spool spool =
        new Spool(
            settings.dataDirectory().resolve("spool"),
            new Ulid().next(),
            settings.node(),
            settings.maxBytes(),
            settings.segmentMaxBytes(),
            Clock.systemUTC(),
            metrics);
    return new Telemetry(settings, spool, metrics);
  }

  /** Starts sending. Call once. */
  public void start(Supplier<NodeSnapshot> snapshots) {
    every(settings.flushInterval(), "flush", spool::flush);
    every(ADOPT_INTERVAL, "adopt", spool::adoptOrphans);
    every(settings.reportInterval(), "snapshot", () -> sender.send(snapshots.get()));
    sending.start();
  }

  /** A timer's work. */
  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private void every(Duration interval, String name, Work work) {
    scheduled.add(
        timers.scheduleWithFixedDelay(
            () -> guarded(name, work), 0, interval.toMillis(), TimeUnit.MILLISECONDS));
  }

  /** The boundary of the timers: a failure is counted and shown, and the timer goes on. */
  private void guarded(String name, Work work) {
    try {
      work.run();
      String before = problem;
      if (before != null && before.startsWith(name + ":")) {
        problem = null;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      metrics.counter("llmtrace.plugin.telemetry.failures", "task", name).increment();
      problem = name + ": " + e;
      log.warn("telemetry task {} failed: {}", name, e.toString());
    }
  }

  @Override
  public void inspection(InspectionRecord inspection) throws SpoolRefusedException {
    try {
      spool.append(inspection.findings().isEmpty() ? Lane.NORMAL : Lane.PRIORITY, inspection);
    } catch (SpoolRefusedException e) {
      spool.lost("spool_refused", 1);
      throw e;
    }
    if (inspection.tap()) {
      open.opened(inspection.decisionId(), inspection.traceId());
    }
  }

  @Override
  public void completion(CompletionRecord completion) throws SpoolRefusedException {
    // Not counted as lost when refused: the gateway keeps its log entry and sends it again.
    spool.append(completion.findings().isEmpty() ? Lane.NORMAL : Lane.PRIORITY, completion);
    open.completed(completion.decisionId());
  }

  /** The random id of this process, under which its batches are numbered. */
  public String bootId() {
    return spool.bootId();
  }

  /** Bytes that wait to be sent. */
  public long spoolBytes() {
    return spool.bytes();
  }

  /** The books of the records that this process has made. */
  public NodeSnapshot.Accounts accounts() {
    return spool.accounts();
  }

  /** Exchanges that have not completed. */
  public OpenExchanges openExchanges() {
    return open;
  }

  /** The {@code control_plane} breaker. */
  public CircuitBreaker breaker() {
    return breaker;
  }

  /** For other calls to the same control plane. */
  public ControlPlaneClient client() {
    return client;
  }

  /** How long ago everything that had been recorded until then was with the control plane. */
  public Duration acknowledgedFor() {
    return spool.oldest();
  }

  /** What an operator should know; empty when all is well. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    for (String each : new String[] {spool.problem(), sender.problem(), problem}) {
      if (each != null) {
        problems.add(each);
      }
    }
    return List.copyOf(problems);
  }

  /**
   * Seals what was written, sends it if the control plane takes it within five seconds, and leaves
   * the rest to the next process.
   */
  @Override
  public void close() throws IOException {
    scheduled.forEach(timer -> timer.cancel(false));
    timers.shutdownNow();
    try {
      if (!timers.awaitTermination(5, TimeUnit.SECONDS)) {
        log.warn("a telemetry task did not end");
      }
      spool.stopWriting();
      sender.stop(Duration.ofSeconds(5));
      if (sending.isAlive()) {
        sending.join(5_000);
        sending.interrupt();
        sending.join(1_000);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      spool.close();
    }
  }
}
