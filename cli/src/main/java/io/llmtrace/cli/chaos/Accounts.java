package io.llmtrace.cli.chaos;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The books of a run: what the gateway logged against what the database holds, by SQL past the
 * control plane. For one thread.
 */
final class Accounts {
  private final ChaosStack stack;

  Accounts(ChaosStack stack) {
    this.stack = stack;
  }

  /**
   * Where the books stand.
   *
   * @param since the database's time, for {@link #of}
   * @param logged exchanges that the gateway logged
   * @param unrecorded completions that wait for an inspection
   * @param inspections as counted, which is to be as stored
   * @param lost as counted, by reason
   */
  record Standing(
      String since,
      int logged,
      long exchanges,
      long completions,
      long unrecorded,
      long inspections,
      Map<String, Long> lost) {}

  /** An exchange as it is stored. */
  private record Stored(
      String id, String trace, String coverage, String reason, boolean completed) {}

  Standing standing() throws SQLException {
    Map<String, Long> lost = lost();
    return new Standing(
        stack.database().column("SELECT clock_timestamp()::text").get(0),
        stack.tee().logged(),
        number("SELECT count(*) FROM exchanges"),
        number("SELECT count(*) FROM completions"),
        number("SELECT count(*) FROM waiting_completions"),
        number(
            "SELECT coalesce(sum(value), 0)::bigint FROM metric_totals"
                + " WHERE metric = 'llmtrace_inspections_total'"),
        lost);
  }

  /** Counted as lost, by reason. */
  private Map<String, Long> lost() throws SQLException {
    Map<String, Long> lost = new TreeMap<>();
    for (String row :
        stack
            .database()
            .column(
                "SELECT (labels::jsonb ->> 0) || ' ' || sum(value)::bigint FROM metric_totals"
                    + " WHERE metric = 'llmtrace_events_lost_total' GROUP BY labels")) {
      String[] parts = row.split(" ", 2);
      lost.put(parts[0], Long.valueOf(parts[1]));
    }
    return lost;
  }

  /** Records that were counted as lost since. */
  long lostSince(Standing before) throws SQLException {
    return lostSince(before, lost()).values().stream().mapToLong(Long::longValue).sum();
  }

  private long number(String sql) throws SQLException {
    return Long.parseLong(stack.database().column(sql).get(0));
  }

  /** Whether the record of a trace is stored. */
  boolean stored(String trace) throws SQLException {
    try (Connection connection = stack.database().connect();
        PreparedStatement query =
            connection.prepareStatement(
                "SELECT 1 FROM exchanges WHERE record ->> 'trace_id' = ? LIMIT 1")) {
      query.setString(1, trace);
      try (ResultSet rows = query.executeQuery()) {
        return rows.next();
      }
    }
  }

  /** Completions that were stored since. */
  long completionsSince(Standing before) throws SQLException {
    return number(
            "SELECT (SELECT count(*) FROM completions) + (SELECT count(*) FROM"
                + " waiting_completions)")
        - before.completions()
        - before.unrecorded();
  }

  /** Records that the plugin has not brought to the control plane; 0 or 1 for all that wait. */
  long inSpool() throws IOException, InterruptedException {
    return stack.pluginHealth().path("spool_bytes").asLong() == 0 ? 0 : 1;
  }

  /**
   * What became of requests.
   *
   * @param sent all that was sent since {@code before}, and nothing else was
   */
  Measured of(Standing before, List<Sent> sent, Latency latency, long recoveryMillis)
      throws SQLException, IOException, InterruptedException {
    List<Stored> rows = rows(before.since());
    Standing now = standing();
    int logged = now.logged() - before.logged();
    int answered = (int) sent.stream().filter(one -> one.status() > 0).count();
    Map<ClientError, Integer> errors = new HashMap<>();
    sent.forEach(
        one -> {
          if (one.error() != null) {
            errors.merge(one.error(), 1, Integer::sum);
          }
        });
    List<Stored> completed = rows.stream().filter(Stored::completed).toList();
    int unrecorded = (int) (now.unrecorded() - before.unrecorded());
    Map<String, Long> lost = lostSince(before, now.lost());
    // An inspection without a completion: the answer was lost, or the completion was, and counted.
    int alone = rows.size() - completed.size();
    int incomplete =
        (int)
            Math.max(
                0,
                Math.min(
                    Math.min(alone, logged - completed.size() - unrecorded),
                    lost.values().stream().mapToLong(Long::longValue).sum()));
    int orphans = alone - incomplete;
    Map<String, Integer> coverage = new HashMap<>();
    Map<String, Integer> reasons = new HashMap<>();
    for (Stored row : completed) {
      coverage.merge(row.coverage(), 1, Integer::sum);
      if (!row.coverage().equals("inspected")) {
        reasons.merge(row.reason(), 1, Integer::sum);
      }
    }
    long miscounted =
        Math.abs(now.inspections() - before.inspections() - (now.exchanges() - before.exchanges()));
    return new Measured(
        sent.size(),
        errors,
        latency.before(),
        latency.during(),
        logged,
        Math.max(0, answered - logged),
        new Measured.Exchanges(
            coverage.getOrDefault("inspected", 0),
            coverage.getOrDefault("partial", 0),
            coverage.getOrDefault("uninspected", 0),
            unrecorded,
            incomplete,
            reasons),
        orphans,
        new Measured.Records(
            2L * logged + orphans,
            now.exchanges()
                - before.exchanges()
                + now.completions()
                - before.completions()
                + now.unrecorded()
                - before.unrecorded(),
            inSpool(),
            lost,
            twice(completed) + miscounted),
        missed(sent, completed),
        recoveryMillis);
  }

  private static Map<String, Long> lostSince(Standing before, Map<String, Long> now) {
    Map<String, Long> lost = new HashMap<>();
    now.forEach(
        (reason, count) -> {
          long more = count - before.lost().getOrDefault(reason, 0L);
          if (more != 0) {
            lost.put(reason, more);
          }
        });
    return lost;
  }

  /**
   * Latencies of good requests.
   *
   * @param before 95th percentile without the fault, milliseconds
   * @param during the same with it
   */
  record Latency(double before, double during) {}

  private List<Stored> rows(String since) throws SQLException {
    try (Connection connection = stack.database().connect();
        PreparedStatement query =
            connection.prepareStatement(
                "SELECT e.decision_id, e.record ->> 'trace_id',"
                    + " e.record -> 'receipt' ->> 'coverage', e.record -> 'receipt' ->> 'reason',"
                    + " EXISTS (SELECT FROM completions c WHERE c.decision_id = e.decision_id"
                    + " AND c.day = e.day)"
                    + " FROM exchanges e WHERE e.received_at > CAST(? AS timestamptz)")) {
      query.setString(1, since);
      try (ResultSet found = query.executeQuery()) {
        List<Stored> rows = new ArrayList<>();
        while (found.next()) {
          rows.add(
              new Stored(
                  found.getString(1),
                  found.getString(2),
                  found.getString(3),
                  found.getString(4),
                  found.getBoolean(5)));
        }
        return rows;
      }
    }
  }

  /** Exchanges of which there are two completed records. */
  private static long twice(List<Stored> completed) {
    return completed.stream()
        .collect(Collectors.groupingBy(Stored::trace, Collectors.counting()))
        .values()
        .stream()
        .mapToLong(count -> count - 1)
        .sum();
  }

  /** Attacks that reached the provider although the record says that all of them was read. */
  private static int missed(List<Sent> sent, List<Stored> completed) {
    Map<String, Stored> byTrace =
        completed.stream()
            .collect(Collectors.toMap(Stored::trace, Function.identity(), (a, b) -> a));
    Set<String> passed =
        sent.stream().filter(Sent::passed).map(Sent::trace).collect(Collectors.toSet());
    return (int)
        passed.stream()
            .map(byTrace::get)
            .filter(row -> row != null && row.coverage().equals("inspected"))
            .count();
  }
}
