package io.llmtrace.controlplane.anomalies;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.controlplane.anomalies.Baseline.Basis;
import io.llmtrace.controlplane.statistics.HourlySums;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.json.WireJson;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jspecify.annotations.Nullable;

/** Rows of anomalies, as the job reads and writes them. Stateless. */
public final class AnomalyStore {
  private static final int HOUR_SECONDS = 3_600;

  /** What a row is about. */
  record Series(String dimension, HourlySums.Key key, String measure) {}

  /**
   * A row that is there.
   *
   * @param first hour, since the epoch
   * @param last hour so far
   */
  record Known(String id, long first, long last, boolean ended) {
    /** Whether an episode of the same series is this one: not more than a calm of hours away. */
    boolean is(Episode episode, int calm) {
      return episode.first() <= last + calm && episode.last() >= first - calm;
    }
  }

  /**
   * A row to be.
   *
   * @param partOf the row that it belongs to, or null
   */
  record New(
      String id,
      Series series,
      FindingType type,
      Severity severity,
      Episode episode,
      String sensitivity,
      @Nullable String partOf) {}

  private AnomalyStore() {}

  /** Rows that go on, or that had an hour since a time. */
  static Map<Series, List<Known>> known(Handle handle, Instant since) {
    Map<Series, List<Known>> known = new HashMap<>();
    handle
        .createQuery(
            "SELECT id, tenant, dimension, key, key2, measure, started_at, last_at, ended_at"
                + " FROM anomalies WHERE last_at >= :since OR ended_at IS NULL ORDER BY id")
        .bind("since", since.atOffset(ZoneOffset.UTC))
        .map(
            (row, context) ->
                Map.entry(
                    new Series(
                        row.getString("dimension"),
                        new HourlySums.Key(
                            row.getString("tenant"), row.getString("key"), row.getString("key2")),
                        row.getString("measure")),
                    new Known(
                        row.getString("id"),
                        hour(row.getObject("started_at", OffsetDateTime.class)),
                        hour(row.getObject("last_at", OffsetDateTime.class)) - 1,
                        row.getObject("ended_at") != null)))
        .forEach(
            entry ->
                known
                    .computeIfAbsent(entry.getKey(), k -> new ArrayList<>())
                    .add(entry.getValue()));
    return known;
  }

  /** The most that people called a false alarm since a time, by series. */
  static Map<Series, Double> falseAlarms(Handle handle, Instant since) {
    Map<Series, Double> most = new HashMap<>();
    handle
        .createQuery(
            "SELECT tenant, dimension, key, key2, measure, max(observed) AS most FROM anomalies"
                + " WHERE state = 'false_positive' AND last_at >= :since"
                + " GROUP BY tenant, dimension, key, key2, measure")
        .bind("since", since.atOffset(ZoneOffset.UTC))
        .map(
            (row, context) ->
                Map.entry(
                    new Series(
                        row.getString("dimension"),
                        new HourlySums.Key(
                            row.getString("tenant"), row.getString("key"), row.getString("key2")),
                        row.getString("measure")),
                    row.getDouble("most")))
        .forEach(entry -> most.put(entry.getKey(), entry.getValue()));
    return most;
  }

  /** False where the row is there already. */
  static boolean insert(Handle handle, New row) {
    var update =
        handle.createUpdate(
            "INSERT INTO anomalies (id, tenant, type, severity, dimension, key, key2, measure,"
                + " started_at, last_at, ended_at, hours, excess, peak_at, observed, expected_low,"
                + " expected_mid, expected_high, expected_limit, score, baseline, part_of)"
                + " VALUES (:id, :tenant, :type, :severity, :dimension, :key, :key2, :measure,"
                + " :started, :last, :ended, :hours, :excess, :peak, :observed, :low, :mid, :high,"
                + " :limit, :score, CAST(:baseline AS jsonb), :part) ON CONFLICT DO NOTHING");
    HourlySums.Key key = row.series().key();
    bind(update, row.episode(), row.severity(), row.sensitivity())
        .bind("id", row.id())
        .bind("tenant", key.tenant())
        .bind("type", row.type().label())
        .bind("dimension", row.series().dimension())
        .bind("key", key.key())
        .bind("key2", key.key2())
        .bind("measure", row.series().measure())
        .bind("part", row.partOf());
    return update.execute() == 1;
  }

  /**
   * Writes what an episode is by now. Its beginning stays, or moves back; its peak stays until a
   * higher one comes.
   */
  static void update(
      Handle handle, String id, Episode episode, Severity severity, String sensitivity) {
    var update =
        handle.createUpdate(
            "UPDATE anomalies SET started_at = least(started_at, :started),"
                + " last_at = greatest(last_at, :last), ended_at = CASE WHEN"
                + " CAST(:ended AS timestamptz) IS NULL THEN NULL"
                + " ELSE greatest(last_at, CAST(:ended AS timestamptz)) END,"
                + " hours = greatest(hours, :hours), excess = greatest(excess, :excess),"
                + " severity = CASE WHEN :score >= score THEN :severity ELSE severity END,"
                + " peak_at = CASE WHEN :score >= score THEN :peak ELSE peak_at END,"
                + " observed = CASE WHEN :score >= score THEN :observed ELSE observed END,"
                + " expected_low = CASE WHEN :score >= score THEN :low ELSE expected_low END,"
                + " expected_mid = CASE WHEN :score >= score THEN :mid ELSE expected_mid END,"
                + " expected_high = CASE WHEN :score >= score THEN :high ELSE expected_high END,"
                + " expected_limit = CASE WHEN :score >= score THEN :limit ELSE expected_limit END,"
                + " baseline = CASE WHEN :score >= score THEN CAST(:baseline AS jsonb)"
                + " ELSE baseline END, score = greatest(score, :score) WHERE id = :id");
    bind(update, episode, severity, sensitivity).bind("id", id);
    update.execute();
  }

  private static <T extends SqlStatement<T>> T bind(
      T statement, Episode episode, Severity severity, String sensitivity) {
    Expectation expected = episode.expected();
    return statement
        .bind("severity", severity.label())
        .bind("started", time(episode.first()))
        .bind("last", time(episode.last() + 1))
        .bind("ended", episode.over() ? time(episode.last() + 1) : null)
        .bind("hours", episode.hours())
        .bind("excess", episode.excess())
        .bind("peak", time(episode.peak()))
        .bind("observed", episode.observed())
        .bind("low", expected.low())
        .bind("mid", expected.mid())
        .bind("high", expected.high())
        .bind("limit", expected.limit())
        // Where nothing was expected at all a score is endless, which JSON has no word for.
        .bind("score", Math.min(episode.score(), 1e6))
        .bind("baseline", json(episode.basis(), sensitivity));
  }

  private static String json(Basis basis, String sensitivity) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("season", basis.season());
    shown.put("days", basis.days());
    shown.put("level", basis.level());
    shown.put("deviation", basis.deviation());
    shown.put("sensitivity", sensitivity);
    try {
      return WireJson.mapper().writeValueAsString(shown);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a baseline is numbers by name", e);
    }
  }

  /** Ends rows that go on and of which nothing was seen any more. */
  static void end(Handle handle, List<String> ids) {
    handle
        .createUpdate(
            "UPDATE anomalies SET ended_at = last_at WHERE ended_at IS NULL AND id = ANY(:ids)")
        .bindArray("ids", String.class, ids)
        .execute();
  }

  /**
   * Gives an agent another name, in a transaction of the caller; an episode that both names have
   * stays once. Waits for the job, which may have read the name before.
   *
   * @return rows that had the name
   */
  public static int rename(Handle handle, String tenant, String from, String to) {
    handle.execute("SELECT pg_advisory_xact_lock(?)", AnomalyJob.TURN);
    int renamed =
        handle.execute(
            "UPDATE anomalies a SET key = ? WHERE dimension = 'agent' AND tenant = ? AND key = ?"
                + " AND NOT EXISTS (SELECT FROM anomalies o WHERE o.dimension = 'agent'"
                + " AND o.tenant = a.tenant AND o.key = ? AND o.key2 = a.key2"
                + " AND o.measure = a.measure AND o.started_at = a.started_at)",
            to,
            tenant,
            from,
            to);
    return renamed
        + handle.execute(
            "DELETE FROM anomalies WHERE dimension = 'agent' AND tenant = ? AND key = ?",
            tenant,
            from);
  }

  static OffsetDateTime time(long hour) {
    return Instant.ofEpochSecond(hour * HOUR_SECONDS).atOffset(ZoneOffset.UTC);
  }

  static long hour(OffsetDateTime time) {
    return Math.floorDiv(time.toEpochSecond(), (long) HOUR_SECONDS);
  }
}
