package io.llmtrace.controlplane.alerts.delivery;

import static io.llmtrace.controlplane.alerts.delivery.DatabaseTime.bound;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes which channels a replica has, and parks rows of channels that no replica has. While
 * replicas are changed one after another, one of them may have an old configuration, and none knows
 * which: a channel is gone when no replica has named it for a time, whoever notices. Thread-safe.
 */
final class Upkeep {
  private static final Logger log = LoggerFactory.getLogger(Upkeep.class);

  static final String NO_SUCH_CHANNEL = "no such channel is configured";

  private final DatabaseTime time;
  private final Duration orphaned;
  private final long startNanos;

  Upkeep(DatabaseTime time, Duration orphaned) {
    this(time, orphaned, System.nanoTime());
  }

  /**
   * For tests.
   *
   * @param startNanos since when this replica is there, by {@link System#nanoTime()}
   */
  Upkeep(DatabaseTime time, Duration orphaned, long startNanos) {
    this.time = time;
    this.orphaned = orphaned;
    this.startNanos = startNanos;
  }

  void run(Handle handle, List<String> channels) {
    Instant now = time.now(handle);
    handle
        .createUpdate(
            "INSERT INTO alert_channels (name, configured_at) SELECT name, :now"
                + " FROM unnest(:channels) AS c (name) ORDER BY name"
                + " ON CONFLICT (name) DO UPDATE SET configured_at = :now")
        .bindArray("channels", String.class, channels)
        .bind("now", bound(now))
        .execute();
    // The others get as long to say what they have as a channel gets to be named again.
    if (System.nanoTime() - startNanos >= orphaned.toNanos()) {
      park(handle, now);
    }
  }

  private void park(Handle handle, Instant now) {
    int parked =
        handle
            .createUpdate(
                "UPDATE alert_outbox o SET state = 'parked', ended_at = :now, last_error = :error,"
                    + " claimed_by = NULL, claimed_until = NULL WHERE o.state = 'waiting'"
                    + " AND o.created_at < :since AND NOT EXISTS (SELECT FROM alert_channels c"
                    + " WHERE c.name = o.channel AND c.configured_at > :since)")
            .bind("now", bound(now))
            .bind("since", bound(now.minus(orphaned)))
            .bind("error", NO_SUCH_CHANNEL)
            .execute();
    if (parked > 0) {
      log.warn("{} alerts of channels that are no longer configured are parked", parked);
    }
  }
}
