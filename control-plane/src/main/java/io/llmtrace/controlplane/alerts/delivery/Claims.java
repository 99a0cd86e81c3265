package io.llmtrace.controlplane.alerts.delivery;

import static io.llmtrace.controlplane.alerts.delivery.DatabaseTime.bound;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Takes rows of a channel, a lease each. The channel's row is locked meanwhile, so that replicas
 * count its messages together; who finds it locked goes on to another channel. Nothing is open
 * while a message is sent. Thread-safe.
 */
final class Claims {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  /**
   * Nothing is scheduled further away than this. What seems to be was scheduled before the clock of
   * the database was set back, and is due.
   */
  private static final Duration NEVER_BEYOND = Backoff.LONGEST.multipliedBy(2);

  /** Waiting, and due: o is the row. */
  private static final String DUE =
      " o.state = 'waiting' AND (o.next_at <= :now OR o.next_at > :beyond)"
          + " AND (o.claimed_until IS NULL OR o.claimed_until <= :now OR o.claimed_until > :beyond)";

  /**
   * Something of the same incident goes first: an earlier number that waits, or the digest of one.
   * What is parked does not hold up what follows: it may never be told, and the news must be.
   */
  private static final String SECOND =
      " EXISTS (SELECT FROM alert_outbox e LEFT JOIN alert_outbox d ON d.id = e.digest"
          + " WHERE e.channel = o.channel AND e.incident = o.incident AND e.number < o.number"
          + " AND (e.state = 'waiting' %s OR e.state = 'folded' AND d.state = 'waiting'))";

  private static final String OUT_OF_TURN = SECOND.formatted("");

  /** Rows that may be told in a digest: never tried, and everything before them is in it too. */
  static final String FOLDABLE =
      " o.channel = :channel AND o.state = 'waiting' AND o.attempts = 0"
          + " AND o.kind NOT IN ('digest', 'test') AND NOT"
          + SECOND.formatted("AND e.attempts > 0");

  private final DatabaseTime time;
  private final String replica;
  private final Duration lease;
  private final Digests digests;

  Claims(DatabaseTime time, String replica, Duration lease) {
    this.time = time;
    this.replica = replica;
    this.lease = lease;
    this.digests = new Digests();
  }

  /** Which of some channels have rows that are due. */
  List<String> due(Handle handle, List<String> channels) {
    Instant now = time.now(handle);
    return handle
        .createQuery(
            "SELECT c.name FROM unnest(:channels) AS c (name) WHERE EXISTS"
                + " (SELECT FROM alert_outbox o WHERE o.channel = c.name AND"
                + DUE
                + ")")
        .bindArray("channels", String.class, channels)
        .bind("now", bound(now))
        .bind("beyond", bound(now.plus(NEVER_BEYOND)))
        .mapTo(String.class)
        .list();
  }

  /**
   * Takes rows of a channel that are due, in the caller's transaction.
   *
   * @param slots how many at most
   */
  List<Claimed> take(Handle handle, Lane lane, int slots) {
    Instant now = time.now(handle);
    Optional<Boolean> paused =
        handle
            .createQuery(
                "SELECT coalesce(paused_until > :now AND paused_until <= :beyond, false)"
                    + " FROM alert_channels WHERE name = :channel FOR UPDATE SKIP LOCKED")
            .bind("channel", lane.name())
            .bind("now", bound(now))
            .bind("beyond", bound(now.plus(NEVER_BEYOND)))
            .mapTo(Boolean.class)
            .findOne();
    if (paused.isEmpty() || paused.get()) {
      return List.of();
    }
    int available = lane.perMinute() - lately(handle, lane, now);
    if (available <= 0) {
      return List.of();
    }
    // Folding takes the last message of the minute, so the decision is due with it and not before.
    boolean fold =
        lane.excess() == Lane.Excess.FOLDED
            && available <= slots
            && isMore(handle, lane, available);
    int single = Math.min(slots, fold ? available - 1 : available);
    List<Claimed> claimed =
        new ArrayList<>(claim(handle, lane, candidates(handle, lane, now, single), now));
    if (fold && claimed.size() == single) {
      Optional<Long> digest = digests.fold(handle, lane, now);
      claimed.addAll(
          claim(
              handle,
              lane,
              digest.map(List::of).orElseGet(() -> candidates(handle, lane, now, 1)),
              now));
    }
    return claimed;
  }

  /** Attempts of the last minute, by all replicas, whatever came of them. */
  private static int lately(Handle handle, Lane lane, Instant now) {
    return handle
        .createQuery(
            "SELECT count(*) FROM (SELECT FROM alert_attempts WHERE channel = :channel"
                + " AND at > :since AND at <= :now LIMIT :most) a")
        .bind("channel", lane.name())
        .bind("since", bound(now.minus(MINUTE)))
        .bind("now", bound(now))
        .bind("most", lane.perMinute())
        .mapTo(Integer.class)
        .one();
  }

  private static boolean isMore(Handle handle, Lane lane, int available) {
    return handle
            .createQuery(
                "SELECT count(*) FROM (SELECT FROM alert_outbox WHERE channel = :channel"
                    + " AND state = 'waiting' AND attempts = 0 LIMIT :most) o")
            .bind("channel", lane.name())
            .bind("most", available + 1)
            .mapTo(Integer.class)
            .one()
        > available;
  }

  /** The worst first; among those as bad as each other the oldest. */
  private static List<Long> candidates(Handle handle, Lane lane, Instant now, int most) {
    return most <= 0
        ? List.of()
        : handle
            .createQuery(
                "SELECT o.id FROM alert_outbox o WHERE o.channel = :channel AND"
                    + DUE
                    + " AND NOT"
                    + OUT_OF_TURN
                    + " ORDER BY o.severity DESC, o.id LIMIT :most FOR UPDATE OF o SKIP LOCKED")
            .bind("channel", lane.name())
            .bind("now", bound(now))
            .bind("beyond", bound(now.plus(NEVER_BEYOND)))
            .bind("most", most)
            .mapTo(Long.class)
            .list();
  }

  private List<Claimed> claim(Handle handle, Lane lane, List<Long> ids, Instant now) {
    if (ids.isEmpty()) {
      return List.of();
    }
    long nanos = System.nanoTime();
    return handle
        .createQuery(
            "WITH mine AS (UPDATE alert_outbox SET attempts = attempts + 1,"
                + " first_at = coalesce(first_at, :now), claimed_by = :me, claimed_until = :until"
                + " WHERE id = ANY(:ids) RETURNING id, channel, incident, tenant, attempts, created_at,"
                + " first_at, notice, severity),"
                + " log AS (INSERT INTO alert_attempts (outbox_id, channel, tenant, attempt, replica,"
                + " at) SELECT id, channel, tenant, attempts, :me, :now FROM mine"
                + " RETURNING id, outbox_id)"
                + " SELECT m.id, l.id AS log, m.attempts, m.created_at, m.first_at,"
                + " m.notice::text AS notice, (SELECT r.reference FROM alert_outbox r"
                + " WHERE r.channel = :channel AND r.incident = m.incident"
                + " AND r.reference IS NOT NULL ORDER BY r.number LIMIT 1) AS reference"
                + " FROM mine m JOIN log l ON l.outbox_id = m.id ORDER BY m.severity DESC, m.id")
        .bindArray("ids", Long.class, ids)
        .bind("channel", lane.name())
        .bind("me", replica)
        .bind("now", bound(now))
        .bind("until", bound(now.plus(lease)))
        .map(
            (row, context) ->
                new Claimed(
                    row.getLong("id"),
                    row.getLong("log"),
                    row.getInt("attempts"),
                    Objects.requireNonNull(Outbox.instant(row, "created_at")),
                    Objects.requireNonNull(Outbox.instant(row, "first_at")),
                    row.getString("notice"),
                    row.getString("reference"),
                    nanos))
        .list();
  }
}
