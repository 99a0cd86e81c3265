package io.llmtrace.controlplane.alerts.delivery;

import static io.llmtrace.controlplane.alerts.delivery.DatabaseTime.bound;

import io.llmtrace.controlplane.storage.StorableJson;
import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Writes what came of attempts. Thread-safe. */
final class Results {
  private final DatabaseTime time;
  private final String replica;
  private final RandomGenerator random;

  Results(DatabaseTime time, String replica, RandomGenerator random) {
    this.time = time;
    this.replica = replica;
    this.random = random;
  }

  /**
   * What holds.
   *
   * @param at when it was written, by the database
   */
  record Ended(Outcome outcome, Instant at) {}

  /**
   * Ends an attempt, in the caller's transaction. Who lost the lease meanwhile still says that the
   * service has the message; anything else is for who has it now.
   *
   * @return the outcome as it holds: what failed for a day is parked
   */
  Ended end(Handle handle, String channel, Claimed row, Outcome outcome, Duration took) {
    Instant now = time.now(handle);
    Outcome last = outcome;
    if (outcome instanceof Outcome.Again again
        && !now.isBefore(row.firstAt().plus(Backoff.GIVE_UP))) {
      last =
          new Outcome.Parked(
              again.status(),
              "given up after " + Backoff.GIVE_UP.toHours() + " hours: " + again.reason());
    }
    if (last instanceof Outcome.Delivered delivered) {
      delivered(handle, channel, row, delivered, now);
    } else if (last instanceof Outcome.Parked parked) {
      undelivered(handle, row, "parked", now, null, parked.status(), parked.reason());
      failing(handle, channel, now, null, parked.reason());
    } else if (last instanceof Outcome.Again again) {
      undelivered(
          handle,
          row,
          "waiting",
          null,
          now.plus(Backoff.after(row.attempt(), again.after(), random)),
          again.status(),
          again.reason());
      failing(handle, channel, now, again.after(), again.reason());
    }
    log(handle, row, last, took);
    return new Ended(last, now);
  }

  private static void delivered(
      Handle handle, String channel, Claimed row, Outcome.Delivered outcome, Instant now) {
    String reference = outcome.reference();
    handle
        .createUpdate(
            "UPDATE alert_outbox SET state = 'delivered', ended_at = :now, last_status = :status,"
                + " last_error = NULL, reference = :reference, claimed_by = NULL,"
                + " claimed_until = NULL WHERE id = :id AND state IN ('waiting', 'parked')")
        .bind("id", row.id())
        .bind("now", bound(now))
        .bindByType("status", outcome.status(), Integer.class)
        .bind("reference", reference == null ? null : StorableJson.text(reference))
        .execute();
    handle
        .createUpdate(
            "UPDATE alert_channels SET failing_since = NULL, last_error = NULL"
                + " WHERE name = :channel AND failing_since IS NOT NULL")
        .bind("channel", channel)
        .execute();
  }

  private void undelivered(
      Handle handle,
      Claimed row,
      String state,
      @Nullable Instant ended,
      @Nullable Instant next,
      @Nullable Integer status,
      String error) {
    handle
        .createUpdate(
            "UPDATE alert_outbox SET state = :state, ended_at = :ended,"
                + " next_at = coalesce(:next, next_at), last_status = :status,"
                + " last_error = :error, claimed_by = NULL, claimed_until = NULL"
                + " WHERE id = :id AND state = 'waiting' AND claimed_by = :me"
                + " AND attempts = :attempt")
        .bind("id", row.id())
        .bind("state", state)
        .bind("ended", ended == null ? null : bound(ended))
        .bind("next", next == null ? null : bound(next))
        .bindByType("status", status, Integer.class)
        .bind("error", StorableJson.text(error))
        .bind("me", replica)
        .bind("attempt", row.attempt())
        .execute();
  }

  /** A service that asks for a pause asks it of all messages. */
  private static void failing(
      Handle handle, String channel, Instant now, @Nullable Duration pause, String error) {
    handle
        .createUpdate(
            "UPDATE alert_channels SET failing_since = coalesce(failing_since, :now),"
                + " last_error = :error, paused_until = greatest(paused_until, :until)"
                + " WHERE name = :channel")
        .bind("channel", channel)
        .bind("now", bound(now))
        .bind("error", StorableJson.text(error))
        .bind("until", pause == null ? null : bound(now.plus(Backoff.bounded(pause))))
        .execute();
  }

  private static void log(Handle handle, Claimed row, Outcome outcome, Duration took) {
    String error =
        outcome instanceof Outcome.Again again
            ? again.reason()
            : outcome instanceof Outcome.Parked parked ? parked.reason() : null;
    handle
        .createUpdate(
            "UPDATE alert_attempts SET took_ms = :took, result = :result, status = :status,"
                + " error = :error WHERE id = :id")
        .bind("id", row.log())
        .bind("took", took.toMillis())
        .bind("result", outcome.label())
        .bindByType("status", outcome.status(), Integer.class)
        .bind("error", error == null ? null : StorableJson.text(error))
        .execute();
  }
}
