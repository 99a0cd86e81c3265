package io.llmtrace.controlplane.alerts.delivery;

import java.time.Duration;

/**
 * Times of the delivery.
 *
 * @param poll how often the outbox is looked at
 * @param lease how long a claimed row is its worker's; longer than any attempt
 * @param inFlight messages of a channel at a time, a replica
 * @param breakerOpen how long a channel that fails is left alone
 * @param upkeep how often configured channels are noted and gauges read
 * @param orphaned after what time rows of a channel that no replica has are parked
 */
record Tuning(
    Duration poll,
    Duration lease,
    int inFlight,
    Duration breakerOpen,
    Duration upkeep,
    Duration orphaned) {
  static final Tuning DEFAULT =
      new Tuning(
          Duration.ofMillis(200),
          Duration.ofSeconds(60),
          4,
          Duration.ofSeconds(30),
          Duration.ofSeconds(15),
          Duration.ofMinutes(10));
}
