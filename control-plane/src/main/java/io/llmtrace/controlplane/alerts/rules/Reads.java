package io.llmtrace.controlplane.alerts.rules;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** What rules look at that other packages own: one statement each. Stateless. */
final class Reads {
  private static final int MOST_NODES = 10_000;
  private static final int MOST_ANOMALIES = 1_000;
  private static final TypeReference<Map<String, String>> TEXTS = new TypeReference<>() {};
  private static final TypeReference<List<String>> LINES = new TypeReference<>() {};

  private Reads() {}

  /**
   * What is wrong with the bundle of a node, behind {@link Recent.Node#BUNDLE}; null if nothing.
   */
  private static final String BUNDLE =
      "CASE WHEN b.refused IS NOT NULL THEN concat(b.refused_revision, ' is refused: ', b.refused,"
          + " ' ', b.refused_detail) WHEN b.behind_since IS NOT NULL THEN concat(b.wanted_revision,"
          + " ' is not in force, ', b.running_revision, ' is; different since ',"
          + " to_char(b.behind_since AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')) END";

  /** The nodes as they last reported; without what they say of their routes, which is long. */
  static List<Recent.Node> nodes(Handle handle) {
    return handle
        .createQuery(
            "SELECT i.node, i.received_at, CAST(snapshot->'breakers' AS text) AS breakers,"
                + " CAST(snapshot->'problems' AS text) AS problems, "
                + BUNDLE
                + " AS bundle FROM instances i LEFT JOIN LATERAL (SELECT * FROM"
                + " bundle_nodes x WHERE x.node = i.node AND x.seen_at > now() - interval '1 hour'"
                // Of several keys under one name the worst tells.
                + " ORDER BY x.refused IS NULL, x.behind_since, x.seen_at DESC LIMIT 1) b ON true"
                + " WHERE i.received_at > now() - interval '25 hours'"
                + " ORDER BY i.received_at DESC LIMIT :most")
        .bind("most", MOST_NODES)
        .map(
            (row, context) ->
                new Recent.Node(
                    row.getString("node"),
                    time(row, "received_at"),
                    json(row.getString("breakers"), TEXTS, Map.of()),
                    problems(
                        json(row.getString("problems"), LINES, List.of()),
                        row.getString("bundle"))))
        .list();
  }

  /** What a node wrote, and what its requests for bundles tell. */
  private static List<String> problems(List<String> written, @Nullable String bundle) {
    return bundle == null
        ? written
        : Stream.concat(Stream.of(Recent.Node.BUNDLE + bundle), written.stream()).toList();
  }

  /**
   * Anomalies that go on or were told a short time ago. Those that are part of another are not
   * told: the other is.
   */
  static List<Recent.Odd> anomalies(Handle handle, Instant now, Duration window) {
    return handle
        .createQuery(
            "SELECT id, tenant, type, severity, dimension, key, key2, measure, observed,"
                + " expected_limit, ended_at, state FROM anomalies"
                + " WHERE part_of IS NULL AND (ended_at IS NULL OR id >= :since)"
                + " ORDER BY id DESC LIMIT :most")
        // Anomalies that a rule told and that ended meanwhile must be told as over, or are gone.
        .bind("since", Ulid.of(now.minus(window).toEpochMilli(), 0, 0))
        .bind("most", MOST_ANOMALIES)
        .map((row, context) -> odd(row))
        .list();
  }

  private static Recent.Odd odd(ResultSet row) throws SQLException {
    String id = row.getString("id");
    Map<String, String> about = new TreeMap<>();
    switch (row.getString("dimension")) {
      case "agent" -> about.put("agent", row.getString("key"));
      case "model" -> {
        about.put("provider", row.getString("key"));
        about.put("model", row.getString("key2"));
      }
      default -> {}
    }
    String state = row.getString("state");
    return new Recent.Odd(
        id,
        Ulid.time(id),
        row.getString("tenant"),
        row.getString("type"),
        Severity.of(row.getString("severity")),
        about,
        row.getString("measure"),
        row.getDouble("observed"),
        row.getDouble("expected_limit"),
        row.getObject("ended_at") != null,
        state.equals("false_positive") || state.equals("resolved"));
  }

  /**
   * The newest findings of what an observation is about, masked.
   *
   * @param labels of them those that findings have: {@code tenant}, {@code route}, {@code type},
   *     {@code severity}
   * @param since when their exchanges began
   */
  static List<Notice.Sample> samples(Handle handle, Map<String, String> labels, Instant since) {
    StringBuilder sql =
        new StringBuilder(
            "SELECT type, evidence, decision_id FROM findings WHERE day >= CAST(:day AS date)"
                + " AND decision_id >= :since");
    List<String> told =
        labels.keySet().stream()
            .filter(List.of("tenant", "route", "type", "severity")::contains)
            .toList();
    told.forEach(label -> sql.append(" AND ").append(label).append(" = :").append(label));
    var query =
        handle
            .createQuery(sql + " ORDER BY decision_id DESC LIMIT :most")
            .bind("day", LocalDate.ofInstant(since, ZoneOffset.UTC).toString())
            .bind("since", Ulid.of(since.toEpochMilli(), 0, 0))
            .bind("most", Observation.MOST_SAMPLES);
    told.forEach(label -> query.bind(label, labels.get(label)));
    return query
        .map(
            (row, context) ->
                new Notice.Sample(
                    row.getString("type"), row.getString("evidence"), row.getString("decision_id")))
        .list();
  }

  private static Instant time(ResultSet row, String column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  /** What an older or newer node wrote in another shape says nothing here. */
  private static <T> T json(@Nullable String text, TypeReference<T> type, T without) {
    if (text == null || text.equals("null")) {
      return without;
    }
    try {
      return WireJson.mapper().readValue(text, type);
    } catch (JsonProcessingException e) {
      return without;
    }
  }
}
