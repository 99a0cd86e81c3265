package io.llmtrace.controlplane.telemetry;

import com.google.protobuf.InvalidProtocolBufferException;
import io.llmtrace.controlplane.ingest.ExchangeListener;
import io.llmtrace.controlplane.ingest.StoredExchange;
import io.llmtrace.controlplane.outbound.AddressGuard;
import io.llmtrace.controlplane.outbound.GrpcTransport;
import io.llmtrace.controlplane.outbound.HttpTransport;
import io.llmtrace.controlplane.outbound.TransportSettings;
import io.llmtrace.runtime.config.TelemetryConfig;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.InetAddress;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLContext;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Sends exchanges to a collector, at most once: what waits or is on its way when the process ends
 * is lost, what does not fit the queue is dropped, and both are counted where anybody can count
 * them. Thread-safe.
 */
public final class Telemetry implements ExchangeListener, AutoCloseable {
  private static final org.slf4j.Logger log = LoggerFactory.getLogger(Telemetry.class);

  /** The SDK writes to the console by java.util.logging; what goes wrong is logged here instead. */
  private static final Logger SDK = Logger.getLogger("io.opentelemetry");

  private static final int SPANS_OF_AN_EXPORT = 512;
  private static final long CALL_MILLIS = 10_000;
  private static final Duration LINGER = Duration.ofMillis(500);
  private static final Duration QUIET = Duration.ofMinutes(1);

  private final BlockingQueue<StoredExchange> queue;
  private final TelemetryMeters meters;
  private final Asked asked;
  private final ExchangeSpans spans;
  private final @Nullable SpanExporter exporter;
  private final @Nullable SdkMeterProvider metrics;
  private final @Nullable Histograms histograms;
  private final Retries retries;
  private final Duration linger;
  private final AddressGuard guard;
  private final HttpTransport http;
  private final GrpcTransport grpc;
  private final ScheduledExecutorService deadlines;
  private final Thread worker = new Thread(this::run, "telemetry");
  private final AtomicLong rejected = new AtomicLong();
  private volatile long complainedAt = System.nanoTime() - QUIET.toNanos();
  private volatile boolean closed;

  /**
   * What sends as a configuration says, or null where it sends nothing.
   *
   * @param slot of this replica, {@code service.instance.id}
   */
  public static @Nullable Telemetry of(
      TelemetryConfig config, String slot, Supplier<Jdbi> jdbi, MeterRegistry meters) {
    return config.endpoint() == null
        ? null
        : new Telemetry(config, slot, jdbi, meters, new Retries(5, Duration.ofSeconds(1)), LINGER);
  }

  /**
   * @param linger how long an export waits for more
   */
  Telemetry(
      TelemetryConfig config,
      String slot,
      Supplier<Jdbi> jdbi,
      MeterRegistry registry,
      Retries retries,
      Duration linger) {
    this.linger = linger;
    SDK.setLevel(Level.OFF);
    String version =
        Objects.requireNonNullElse(
            Telemetry.class.getPackage().getImplementationVersion(), "development");
    this.queue = new ArrayBlockingQueue<>(config.queue());
    this.meters = new TelemetryMeters(registry);
    meters.waiting(queue);
    this.asked = new Asked(jdbi);
    this.retries = retries;
    this.guard =
        new AddressGuard(
            new TransportSettings(
                config.allowPrivateTargets(), "control_plane.telemetry.allow_private_targets"),
            InetAddress::getAllByName);
    this.deadlines =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "telemetry-deadlines");
              thread.setDaemon(true);
              return thread;
            });
    this.http = new HttpTransport(guard, trust(), deadlines, CALL_MILLIS);
    this.grpc = new GrpcTransport(guard, trust(), CALL_MILLIS);
    Exporters exporters = new Exporters(config, new Senders(http, grpc, retries, new Answers()));
    Resource resource =
        Resource.create(
            Attributes.builder()
                .put("service.name", config.serviceName())
                .put("service.version", version)
                .put("service.instance.id", slot)
                .build(),
            config.conventions().schema());
    this.spans = new ExchangeSpans(resource, config.conventions(), config.content(), version);
    this.exporter = config.traces() ? exporters.spans() : null;
    this.metrics = config.metrics() ? provider(config, resource, exporters) : null;
    this.histograms =
        metrics == null ? null : new Histograms(metrics, config.conventions(), version);
    worker.setDaemon(true);
    worker.start();
  }

  private SdkMeterProvider provider(
      TelemetryConfig config, Resource resource, Exporters exporters) {
    return SdkMeterProvider.builder()
        .setResource(resource)
        .registerMetricReader(
            PeriodicMetricReader.builder(new CountedExports(exporters.metrics(), meters))
                .setInterval(config.metricsInterval())
                .build())
        .build();
  }

  private static SSLContext trust() {
    try {
      return SSLContext.getDefault();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no TLS", e);
    }
  }

  @Override
  public void stored(List<StoredExchange> exchanges) {
    for (StoredExchange each : exchanges) {
      if (each.asked() != null && each.asked().receipt().ofSpans()) {
        continue;
      }
      if (closed || !queue.offer(each)) {
        meters.dropped.increment();
      }
    }
  }

  // The boundary of the thread: a batch that fails is counted, and the next one is tried.
  @SuppressWarnings("CatchingUnchecked")
  private void run() {
    List<StoredExchange> batch = new ArrayList<>();
    while (!closed || !queue.isEmpty()) {
      try {
        StoredExchange first = queue.poll(200, TimeUnit.MILLISECONDS);
        if (first == null) {
          continue;
        }
        batch.add(first);
        fill(batch);
        send(batch);
      } catch (InterruptedException e) {
        log.debug("Telemetry is told to stop", e);
        return;
      } catch (Exception e) {
        meters.failed.increment(batch.size());
        complain("Telemetry of " + batch.size() + " exchanges was not made", e);
      } finally {
        batch.clear();
      }
    }
  }

  /** More of what comes soon, so that an export is worth its call. */
  private void fill(List<StoredExchange> batch) throws InterruptedException {
    long until = System.nanoTime() + linger.toNanos();
    while (batch.size() < SPANS_OF_AN_EXPORT) {
      queue.drainTo(batch, SPANS_OF_AN_EXPORT - batch.size());
      long left = until - System.nanoTime();
      if (batch.size() == SPANS_OF_AN_EXPORT || left <= 0 || closed) {
        return;
      }
      StoredExchange next = queue.poll(left, TimeUnit.NANOSECONDS);
      if (next == null) {
        return;
      }
      batch.add(next);
    }
  }

  private void send(List<StoredExchange> batch) {
    Asked.Read read = asked.read(batch);
    List<Told> told = read.told();
    meters.unreadable.increment(read.missing());
    if (histograms != null) {
      told.forEach(histograms::record);
    }
    if (exporter == null || told.isEmpty()) {
      meters.exported.increment(told.size());
      return;
    }
    List<SpanData> made = told.stream().map(spans::of).toList();
    rejected.set(0);
    boolean taken = exporter.export(made).join(CALL_MILLIS * 10, TimeUnit.MILLISECONDS).isSuccess();
    if (!taken) {
      meters.failed.increment(made.size());
      return;
    }
    long refused = Math.min(made.size(), rejected.get());
    meters.rejected.increment((double) refused);
    meters.exported.increment((double) (made.size() - refused));
  }

  private void complain(String what, @Nullable Exception cause) {
    long now = System.nanoTime();
    if (now - complainedAt >= QUIET.toNanos()) {
      complainedAt = now;
      log.warn("{}", what, cause);
    }
  }

  private final class Answers implements Senders.Answers {
    @Override
    public void taken(String target, byte[] body) {
      if (!target.endsWith("/v1/traces") && !target.contains("TraceService")) {
        return;
      }
      try {
        var partial = ExportTraceServiceResponse.parseFrom(body).getPartialSuccess();
        if (partial.getRejectedSpans() > 0) {
          rejected.addAndGet(partial.getRejectedSpans());
          complain(
              "The collector did not take " + partial.getRejectedSpans() + " spans of an export",
              null);
        }
      } catch (InvalidProtocolBufferException e) {
        // Some answer with text: what counts is their status.
        log.debug("The collector's answer is no protobuf", e);
      }
    }

    @Override
    public void failed(String reason) {
      complain("The collector does not take telemetry: " + reason, null);
    }
  }

  /** Sends what waits, for a few seconds at most. */
  @Override
  public void close() {
    closed = true;
    retries.close();
    try {
      worker.join(CALL_MILLIS / 2);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    worker.interrupt();
    meters.dropped.increment(queue.size());
    if (metrics != null) {
      metrics.shutdown().join(CALL_MILLIS / 2, TimeUnit.MILLISECONDS);
    }
    if (exporter != null) {
      exporter.shutdown().join(1, TimeUnit.SECONDS);
    }
    http.close();
    grpc.close();
    deadlines.shutdownNow();
    guard.close();
  }
}
