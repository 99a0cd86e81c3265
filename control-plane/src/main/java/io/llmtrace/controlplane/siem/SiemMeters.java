package io.llmtrace.controlplane.siem;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What becomes of events. Events and failures are counted by the replica that sent; what waits is
 * the database's, so any replica says all of it. Thread-safe.
 */
final class SiemMeters {
  private final MeterRegistry meters;
  private final Map<String, Held> lags = new ConcurrentHashMap<>();

  SiemMeters(MeterRegistry meters) {
    this.meters = meters;
  }

  void sent(String sink, SiemOutbox.Batch batch) {
    events(sink, "sent", batch.events().size());
    events(sink, "missing", batch.missing());
    events(sink, "filtered", batch.filtered());
  }

  private void events(String sink, String result, int count) {
    Counter.builder("llmtrace.siem.events")
        .description("Events for a SIEM, by what became of them")
        .tag("sink", sink)
        .tag("result", result)
        .register(meters)
        .increment(count);
  }

  void failed(String sink) {
    Counter.builder("llmtrace.siem.failures")
        .description("Batches that a sink did not take and that are sent again")
        .tag("sink", sink)
        .register(meters)
        .increment();
  }

  void givenUp(String sink, SiemOutbox.GivenUp given) {
    lost(sink, "rows", given.rows());
    lost(sink, "age", given.aged());
  }

  private void lost(String sink, String reason, int count) {
    // There from the start: an alert on a rate sees the first loss too.
    Counter.builder("llmtrace.siem.lost")
        .description("Events that a sink did not get because they were too many or too old")
        .tag("sink", sink)
        .tag("reason", reason)
        .register(meters)
        .increment(count);
  }

  void show(List<SiemOutbox.Lag> all) {
    all.forEach(each -> lag(each.sink()).lag = each);
  }

  private Held lag(String sink) {
    return lags.computeIfAbsent(
        sink,
        key -> {
          Held held = new Held(new SiemOutbox.Lag(key, 0, 0));
          Gauge.builder("llmtrace.siem.waiting", () -> held.lag.waiting())
              .description("Events that a sink still has to get")
              .tag("sink", key)
              .register(meters);
          Gauge.builder("llmtrace.siem.lag.seconds", () -> held.lag.seconds())
              .description("Age of the oldest event that a sink still has to get")
              .tag("sink", key)
              .register(meters);
          return held;
        });
  }

  /** What was last seen of a sink. */
  private static final class Held {
    private volatile SiemOutbox.Lag lag;

    Held(SiemOutbox.Lag lag) {
      this.lag = lag;
    }
  }
}
