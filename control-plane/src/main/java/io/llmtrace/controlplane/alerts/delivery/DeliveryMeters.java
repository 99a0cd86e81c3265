package io.llmtrace.controlplane.alerts.delivery;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the delivery shows to Prometheus. Attempts are counted by the replica that made them, so
 * sums over replicas are right; what waits is the database's, so any replica says all of it.
 * Thread-safe.
 */
final class DeliveryMeters {
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(100),
    Duration.ofMillis(300),
    Duration.ofSeconds(1),
    Duration.ofSeconds(3),
    Duration.ofSeconds(10),
    Duration.ofSeconds(60),
    Duration.ofMinutes(10),
    Duration.ofHours(1)
  };

  /** As {@link Outcome#label()}; unknown where it could not be written down. */
  private static final List<String> RESULTS = List.of("delivered", "retry", "parked", "unknown");

  private final MeterRegistry meters;
  private final Map<String, AtomicLong> waiting = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> parked = new ConcurrentHashMap<>();

  /**
   * Meters of channels, each at 0 before its first message: rate() does not see the first event of
   * a series that was not there before it.
   */
  DeliveryMeters(MeterRegistry meters, Collection<String> channels) {
    this.meters = meters;
    for (String channel : channels) {
      RESULTS.forEach(result -> counter(channel, result));
      waiting(channel);
      parked(channel);
    }
  }

  /** Counts an attempt by what came of it. */
  void attempt(String channel, String result, Duration took) {
    counter(channel, result).increment();
    Timer.builder("llmtrace.alert.attempt")
        .description("How long an attempt to deliver an alert took")
        .tag("channel", channel)
        .register(meters)
        .record(took);
  }

  /** Notes how long a message took from its row to the service's word that it has it. */
  void delivered(String channel, Duration sinceAdded) {
    Timer.builder("llmtrace.alert.delivery")
        .description(
            "From an alert's row in the outbox to its delivery, waits and retries included")
        .serviceLevelObjectives(BUCKETS)
        .tag("channel", channel)
        .register(meters)
        .record(sinceAdded.isNegative() ? Duration.ZERO : sinceAdded);
  }

  void show(List<ChannelHealth> channels) {
    waiting.values().forEach(value -> value.set(0));
    parked.values().forEach(value -> value.set(0));
    for (ChannelHealth channel : channels) {
      waiting(channel.channel()).set(channel.waiting());
      parked(channel.channel()).set(channel.parked());
    }
  }

  private Counter counter(String channel, String result) {
    return Counter.builder("llmtrace.alert.deliveries")
        .description("Attempts to deliver an alert, by what came of them")
        .tag("channel", channel)
        .tag("result", result)
        .register(meters);
  }

  private AtomicLong waiting(String channel) {
    return gauge(waiting, "waiting", "Alerts that are still to be told", channel);
  }

  private AtomicLong parked(String channel) {
    return gauge(parked, "parked", "Alerts that were given up and not tried again", channel);
  }

  private AtomicLong gauge(
      Map<String, AtomicLong> values, String name, String description, String channel) {
    return values.computeIfAbsent(
        channel,
        key -> {
          AtomicLong value = new AtomicLong();
          Gauge.builder("llmtrace.alert.outbox." + name, value, AtomicLong::get)
              .description(description)
              .tag("channel", key)
              .register(meters);
          return value;
        });
  }
}
