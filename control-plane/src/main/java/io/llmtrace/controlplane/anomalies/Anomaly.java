package io.llmtrace.controlplane.anomalies;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.llmtrace.controlplane.findings.FindingStates;
import io.llmtrace.controlplane.http.Revision;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * An episode of use that was out of the ordinary, or a model that was not used before.
 *
 * @param id when it was told is in it, as in every ULID
 * @param type of finding, such as {@code cost_spike}
 * @param dimension what it is about: {@code tenant}, {@code agent} or {@code model}
 * @param agent by name, where it is about one
 * @param provider of the model, where it is about one
 * @param model by name, where it is about one
 * @param measure {@code cost_usd}, {@code tokens} or {@code requests} an hour; {@code error_share}
 *     of requests; {@code finding_share}, findings to an exchange; {@code first_use} of a model
 * @param startedAt start of its first hour, epoch milliseconds
 * @param lastAt end of its last hour so far, epoch milliseconds
 * @param endedAt that end, once calm hours have followed; absent while it goes on
 * @param hours that were too much
 * @param excess of these above what was expected: US dollars, tokens, requests, errors or findings
 * @param peakAt start of the hour that was furthest above, epoch milliseconds
 * @param observed in that hour
 * @param expected of that hour
 * @param score of that hour: 0 is as expected, 1 is the limit
 * @param baseline what was compared with
 * @param partOf the tenant's anomaly of the same measure and time, where there is one
 * @param state {@code open}, {@code acknowledged}, {@code false_positive} or {@code resolved}
 * @param revision of state and comment
 * @param changedAt epoch milliseconds
 */
public record Anomaly(
    String id,
    String tenant,
    String type,
    String severity,
    String dimension,
    @Nullable String agent,
    @Nullable String provider,
    @Nullable String model,
    String measure,
    long startedAt,
    long lastAt,
    @Nullable Long endedAt,
    int hours,
    double excess,
    long peakAt,
    double observed,
    Expectation expected,
    double score,
    BaselineShown baseline,
    @Nullable String partOf,
    String state,
    String comment,
    long revision,
    @Nullable String changedBy,
    @Nullable Long changedAt) {

  /**
   * What an hour was compared with.
   *
   * @param season {@code week}: the same hours of the week; {@code day}: the same hours of the day;
   *     {@code none}: one level for all hours
   * @param days of history that were looked at
   * @param level of the last two weeks to the others, which what is expected is multiplied by
   * @param deviation robust standard deviation of that hour, with the weight of its tail
   * @param sensitivity as it was configured
   */
  public record BaselineShown(
      String season, int days, double level, double deviation, String sensitivity) {}

  static final String COLUMNS =
      "id, tenant, type, severity, dimension, key, key2, measure, started_at, last_at, ended_at,"
          + " hours, excess, peak_at, observed, expected_low, expected_mid, expected_high,"
          + " expected_limit, score, baseline->>'season' AS season,"
          + " CAST(baseline->>'days' AS int) AS days,"
          + " CAST(baseline->>'level' AS double precision) AS level,"
          + " CAST(baseline->>'deviation' AS double precision) AS deviation,"
          + " baseline->>'sensitivity' AS sensitivity, part_of, state, comment, revision,"
          + " changed_by, changed_at";

  static Anomaly of(ResultSet row) throws SQLException {
    String dimension = row.getString("dimension");
    return new Anomaly(
        row.getString("id"),
        row.getString("tenant"),
        row.getString("type"),
        row.getString("severity"),
        dimension,
        dimension.equals("agent") ? row.getString("key") : null,
        dimension.equals("model") ? row.getString("key") : null,
        dimension.equals("model") ? row.getString("key2") : null,
        row.getString("measure"),
        millis(row, "started_at"),
        millis(row, "last_at"),
        row.getTimestamp("ended_at") == null ? null : (Long) millis(row, "ended_at"),
        row.getInt("hours"),
        row.getDouble("excess"),
        millis(row, "peak_at"),
        row.getDouble("observed"),
        new Expectation(
            row.getDouble("expected_low"),
            row.getDouble("expected_mid"),
            row.getDouble("expected_high"),
            row.getDouble("expected_limit")),
        row.getDouble("score"),
        new BaselineShown(
            row.getString("season"),
            row.getInt("days"),
            row.getDouble("level"),
            row.getDouble("deviation"),
            row.getString("sensitivity")),
        row.getString("part_of"),
        row.getString("state"),
        row.getString("comment"),
        row.getLong("revision"),
        row.getString("changed_by"),
        row.getTimestamp("changed_at") == null ? null : (Long) millis(row, "changed_at"));
  }

  private static long millis(ResultSet row, String column) throws SQLException {
    return row.getTimestamp(column).getTime();
  }

  @JsonIgnore
  Revision tag() {
    return new Revision(revision);
  }

  @JsonIgnore
  FindingStates.Said said() {
    return new FindingStates.Said(state, comment);
  }
}
