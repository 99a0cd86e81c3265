package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.controlplane.alerts.rules.Recent.Seen;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/** What rules of the kind "first seen" know. Stateless. */
final class SeenStore {
  /** What was not seen for so long is new again. */
  static final Duration KEPT = Duration.ofDays(90);

  /** What a rule knows at most; what was not seen for the longest time is forgotten first. */
  static final int MOST_OF_A_RULE = 10_000;

  private SeenStore() {}

  /** When those of these that are known were first seen. */
  static Map<Seen, Instant> known(Handle handle, Collection<Seen> asked) {
    Map<Seen, Instant> known = new HashMap<>();
    if (asked.isEmpty()) {
      return known;
    }
    handle
        .createQuery(
            "SELECT s.rule, s.key, s.first_at FROM unnest(:rules, :keys) AS a(rule, key)"
                + " JOIN alert_seen s USING (rule, key)")
        .bindArray("rules", String.class, asked.stream().map(Seen::rule).toList())
        .bindArray("keys", String.class, asked.stream().map(Seen::key).toList())
        .map(
            (row, context) ->
                Map.entry(
                    new Seen(row.getString("rule"), row.getString("key")),
                    row.getObject("first_at", OffsetDateTime.class).toInstant()))
        .forEach(entry -> known.put(entry.getKey(), entry.getValue()));
    return known;
  }

  /**
   * Notes what a look saw. What a rule sees in its first look it knew before.
   *
   * @param known of those that were asked for
   */
  static void note(Handle handle, Collection<Seen> asked, Map<Seen, Instant> known, Instant now) {
    if (asked.isEmpty()) {
      return;
    }
    List<Seen> all = asked.stream().distinct().toList();
    handle
        .createUpdate(
            "INSERT INTO alert_seen AS s (rule, key, first_at, last_at)"
                + " SELECT rule, key, CAST(first AS timestamptz), :now"
                + " FROM unnest(:rules, :keys, :firsts) AS a(rule, key, first)"
                + " ON CONFLICT (rule, key) DO UPDATE SET last_at = excluded.last_at"
                // Not a write a tick.
                + " WHERE s.last_at < excluded.last_at - interval '1 hour'")
        .bind("now", now.atOffset(ZoneOffset.UTC))
        .bindArray("rules", String.class, all.stream().map(Seen::rule).toList())
        .bindArray("keys", String.class, all.stream().map(Seen::key).toList())
        .bindArray(
            "firsts",
            String.class,
            all.stream()
                .map(
                    each ->
                        (known.containsKey(Seen.itself(each.rule())) ? now : Instant.EPOCH)
                            .toString())
                .toList())
        .execute();
  }

  /** Forgets what is old, and what is too much. */
  static void forget(Handle handle, Instant now) {
    handle
        .createUpdate("DELETE FROM alert_seen WHERE last_at < :before AND key <> ''")
        .bind("before", now.minus(KEPT).atOffset(ZoneOffset.UTC))
        .execute();
    handle
        .createUpdate(
            "DELETE FROM alert_seen s USING (SELECT rule, key, row_number() OVER ("
                + "PARTITION BY rule ORDER BY last_at DESC, first_at DESC, key) AS place"
                + " FROM alert_seen WHERE key <> '') o"
                + " WHERE o.place > :most AND s.rule = o.rule AND s.key = o.key")
        .bind("most", MOST_OF_A_RULE)
        .execute();
  }
}
