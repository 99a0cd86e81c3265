package io.llmtrace.controlplane.siem;

import io.llmtrace.controlplane.outbound.AddressGuard;
import io.llmtrace.controlplane.outbound.HttpTransport;
import io.llmtrace.controlplane.outbound.TransportSettings;
import io.llmtrace.controlplane.storage.StorageUnavailableException;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.runtime.config.SiemConfig;
import io.llmtrace.runtime.config.SiemConfig.SinkConfig;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends findings to the sinks of a configuration, each by a thread of its own, at least once: what
 * a sink has is forgotten after it has it. Thread-safe.
 */
public final class Siem implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Siem.class);

  private static final int MOST_OF_A_BATCH = 500;
  private static final int WHOLE_MILLIS = 10_000;
  private static final Duration LEASE = Duration.ofMinutes(1);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  /** Far within what a sink may be unseen; see {@link SiemOutbox#configure}. */
  private static final Duration AGAIN = Duration.ofMinutes(1);

  /** To find the end of what is kept, all of it is walked. */
  private static final Duration TRIMMED = Duration.ofSeconds(15);

  /** What waits may be much, and is counted. */
  private static final Duration SHOWN = Duration.ofSeconds(5);

  private final SiemConfig config;
  private final SiemOutbox outbox;
  private final SiemMeters meters;
  private final AddressGuard guard;
  private final HttpTransport http;
  private final List<Sink> sinks = new ArrayList<>();
  private final Duration pause;
  private final ScheduledExecutorService deadlines = threads(1, "siem-deadlines");
  private final ScheduledExecutorService threads;
  private final Map<String, Long> trimmedAt = new ConcurrentHashMap<>();
  private volatile long configuredAt = System.nanoTime() - AGAIN.toNanos();
  private volatile long shownAt = System.nanoTime() - SHOWN.toNanos();

  /**
   * Everything ready, nothing begun.
   *
   * @throws IllegalArgumentException for a secret or a file of certificates that cannot be, with
   *     its key
   */
  public Siem(SiemConfig config, Supplier<Jdbi> jdbi, MeterRegistry meters, Clock clock) {
    this(config, jdbi, meters, clock, WHOLE_MILLIS, PAUSE);
  }

  /**
   * @param millis for a message on its whole way
   * @param pause between two looks at what waits
   */
  Siem(
      SiemConfig config,
      Supplier<Jdbi> jdbi,
      MeterRegistry meters,
      Clock clock,
      int millis,
      Duration pause) {
    this.pause = pause;
    this.config = config;
    this.outbox = new SiemOutbox(jdbi, new Ulid().next(), LEASE);
    this.meters = new SiemMeters(meters);
    this.guard =
        new AddressGuard(
            new TransportSettings(
                config.allowPrivateTargets(), "control_plane.siem.allow_private_targets"),
            InetAddress::getAllByName);
    this.http = new HttpTransport(guard, Trust.of(null), deadlines, millis);
    for (SinkConfig each : config.sinks()) {
      sinks.add(sink(each, clock, millis));
    }
    this.threads = threads(sinks.size() + 1, "siem");
  }

  private Sink sink(SinkConfig each, Clock clock, int millis) {
    if (each instanceof SiemConfig.Webhook webhook) {
      return new WebhookSink(webhook, http, clock);
    }
    if (each instanceof SiemConfig.Syslog syslog) {
      @Nullable Path ca = syslog.ca();
      return new SyslogSink(syslog, guard, Trust.of(ca), Trust.hostName(), deadlines, millis);
    }
    return new FileSink((SiemConfig.File) each);
  }

  private static ScheduledExecutorService threads(int count, String name) {
    return Executors.newScheduledThreadPool(
        count,
        task -> {
          Thread thread = new Thread(task, name);
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Begins to send; the database need not be there yet. */
  public void start() {
    // Also without sinks: those that were taken out of the configuration must not gather rows.
    if (sinks.isEmpty()) {
      every("none", this::configure);
    }
    for (Sink each : sinks) {
      every(each.name(), () -> drain(each));
    }
    if (!sinks.isEmpty()) {
      // By a thread of its own: one sink that hangs is no reason to show nothing of it.
      every("lag", this::show);
    }
  }

  // The boundary of a thread: what fails is logged, and the next turn tries again.
  @SuppressWarnings("CatchingUnchecked")
  private void every(String name, Runnable work) {
    ScheduledFuture<?> unused =
        threads.scheduleWithFixedDelay(
            () -> {
              try {
                work.run();
              } catch (StorageUnavailableException e) {
                log.debug("SIEM sink {} waits for storage", name, e);
              } catch (Exception e) {
                log.warn("SIEM sink {} failed and is tried again", name, e);
                meters.failed(name);
              }
            },
            0,
            pause.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private synchronized void configure() {
    if (System.nanoTime() - configuredAt >= AGAIN.toNanos()) {
      outbox.configure(sinks.stream().map(Sink::name).toList(), config.minSeverity());
      configuredAt = System.nanoTime();
    }
  }

  private void show() {
    if (System.nanoTime() - shownAt >= SHOWN.toNanos()) {
      shownAt = System.nanoTime();
      meters.show(outbox.lags());
    }
  }

  /** Sends what waits, batch by batch, until nothing does or the sink fails. */
  private void drain(Sink sink) {
    configure();
    trim(sink);
    int most = MOST_OF_A_BATCH;
    Optional<SiemOutbox.Batch> batch = outbox.take(sink.name(), most);
    while (batch.isPresent() && !Thread.currentThread().isInterrupted()) {
      try {
        if (!batch.get().events().isEmpty()) {
          sink.send(batch.get().events());
        }
        outbox.sent(sink.name(), batch.get().ids());
        meters.sent(sink.name(), batch.get());
      } catch (Sink.FailedException e) {
        if (e.tooLarge() && most > 1) {
          most /= 2;
        } else {
          meters.failed(sink.name());
          outbox.failed(sink.name(), e.reason());
          log.warn("SIEM sink {} does not take events: {}", sink.name(), e.reason());
          break;
        }
      }
      // A sink that is slower than what comes is never empty, and must be bounded too.
      trim(sink);
      batch = outbox.take(sink.name(), most);
    }
  }

  /** By the thread of its sink alone. */
  private void trim(Sink sink) {
    Long before = trimmedAt.get(sink.name());
    if (before != null && System.nanoTime() - before < TRIMMED.toNanos()) {
      return;
    }
    SiemOutbox.GivenUp given = outbox.trim(sink.name(), config.waiting());
    trimmedAt.put(sink.name(), System.nanoTime());
    meters.givenUp(sink.name(), given);
    if (given.rows() + given.aged() > 0) {
      log.warn(
          "SIEM sink {} lost {} events, {} because more than {} waited and {} because they waited"
              + " longer than {} h",
          sink.name(),
          given.rows() + given.aged(),
          given.rows(),
          config.waiting().most(),
          given.aged(),
          config.waiting().longest().toHours());
    }
  }

  private void release() {
    if (!sinks.isEmpty()) {
      try {
        outbox.release();
      } catch (StorageUnavailableException | JdbiException e) {
        log.debug("SIEM sinks are left to others when their time is over", e);
      }
    }
  }

  /** Ends what is being sent, or leaves it to another replica. */
  @Override
  public void close() {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(5, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException e) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
    release();
    sinks.forEach(Sink::close);
    http.close();
    deadlines.shutdownNow();
    guard.close();
  }
}
