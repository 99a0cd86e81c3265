package io.llmtrace.controlplane;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.Set;

/**
 * Puts exchanges and findings into the database of a test as ingest would, on any day: they are on
 * hold, so that none is dropped for its age.
 */
public final class StoredRows {
  private final TestControlPlane plane;
  private final Set<LocalDate> days = new HashSet<>();

  public StoredRows(TestControlPlane plane) {
    this.plane = plane;
  }

  /**
   * An exchange.
   *
   * @param fields of its columns, as the inside of a JSON object; the rest has a default
   */
  public StoredRows exchange(String id, String tenant, String route, String fields)
      throws Exception {
    ObjectNode given = (ObjectNode) WireJson.mapper().readTree("{" + fields + "}");
    ObjectNode record = WireJson.mapper().createObjectNode();
    record.put("kind", "inspection").put("decision_id", id).put("tenant", tenant);
    record.put("route", route).put("tap", given.path("tap").asBoolean(true));
    record.putObject("decision").put("action", given.path("action").asText("allow"));
    record.putArray("findings");
    String day = day(id);
    plane.sql(
        """
        INSERT INTO exchanges (decision_id, day, retention, at, node, tenant, route, consumer, agent,
          provider, model, dialect, outcome, findings, tap, conversation, record)
        VALUES ('%s', '%s', 'hold', %d, 'n', '%s', '%s', '%s', '%s', '%s', '%s', 'openai_chat',
          '%s', 0, %s, '%s', '%s')
        """
            .formatted(
                id,
                day,
                Ulid.time(id).toEpochMilli(),
                tenant,
                quoted(route),
                quoted(given.path("consumer").asText("")),
                given.path("agent").asText(""),
                given.path("provider").asText("openai"),
                given.path("model").asText("m"),
                given.path("outcome").asText("allow"),
                given.path("tap").asBoolean(true),
                given.path("conversation").asText(""),
                quoted(record.toString())));
    return this;
  }

  /** How an exchange ended. */
  public StoredRows completion(String id, String tenant, int status, double latency, String cost)
      throws Exception {
    plane.sql(
        """
        INSERT INTO completions (decision_id, day, retention, at, node, tenant, status, latency_ms,
          cost_usd, record)
        VALUES ('%s', '%s', 'hold', 1, 'n', '%s', %d, %s, %s,
          '{"status": %4$d, "latency_ms": %5$s, "cost_usd": %6$s, "usage": {"prompt_tokens": 3}}')
        """
            .formatted(id, day(id), tenant, status, latency, cost));
    return this;
  }

  /** A finding of an exchange. */
  public StoredRows finding(
      String id,
      String tenant,
      String origin,
      int place,
      String type,
      String severity,
      String evidence)
      throws Exception {
    ObjectNode record = WireJson.mapper().createObjectNode();
    record.put("type", type).put("severity", severity).put("confidence", 0.9).put("zone", "user");
    record.put("pointer", "/messages/0").put("start", 0).put("end", 3);
    record.put("detector", "signatures:override").put("rule", "pi-001").put("evidence", evidence);
    plane.sql(
        """
        INSERT INTO findings (decision_id, day, retention, origin, place, at, tenant, route, type,
          severity, confidence, evidence, record)
        VALUES ('%s', '%s', 'hold', '%s', %d, %d, '%s', 'route', '%s', '%s', 0.9, '%s', '%s')
        """
            .formatted(
                id,
                day(id),
                origin,
                place,
                Ulid.time(id).toEpochMilli(),
                tenant,
                type,
                severity,
                quoted(evidence),
                quoted(record.toString())));
    return this;
  }

  private static String quoted(String text) {
    return text.replace("'", "''");
  }

  /** The day of an id, with its partitions. */
  public String day(String id) throws Exception {
    LocalDate day = Ulid.time(id).atZone(ZoneOffset.UTC).toLocalDate();
    if (days.add(day)) {
      plane.sql("SELECT llmtrace_partition('hold', '" + day + "')");
    }
    return day.toString();
  }
}
