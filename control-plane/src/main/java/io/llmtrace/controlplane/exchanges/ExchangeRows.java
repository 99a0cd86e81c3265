package io.llmtrace.controlplane.exchanges;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.query.Bounds;
import io.llmtrace.controlplane.query.DayWalk;
import io.llmtrace.controlplane.query.Days;
import io.llmtrace.controlplane.query.Fields;
import io.llmtrace.controlplane.query.Order;
import io.llmtrace.controlplane.query.Place;
import io.llmtrace.controlplane.query.Reading;
import io.llmtrace.controlplane.query.Rows;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Reads exchanges with their completions. Stateless. */
public final class ExchangeRows {
  static final List<String> STATES = List.of("completed", "open", "unobserved");

  private static final List<String> PLAIN =
      List.of(
          "decision_id",
          "at",
          "tenant",
          "route",
          "consumer",
          "agent",
          "provider",
          "model",
          "outcome",
          "node",
          "conversation",
          "state");

  /** What an item has. */
  public static final Fields.Shape SHAPE =
      new Fields.Shape(
          PLAIN,
          Map.of("inspection", InspectionRecord.class, "completion", CompletionRecord.class));

  /** A completion is there, may still come, or comes no more. */
  static final String STATE =
      "CASE WHEN c.decision_id IS NOT NULL THEN 'completed'"
          + " WHEN e.tap AND NOT llmtrace_settled(e.decision_id) THEN 'open'"
          + " ELSE 'unobserved' END";

  private static final String COLUMNS =
      "e.decision_id, e.at, e.tenant, e.route, e.consumer, e.agent, e.provider, e.model, e.outcome,"
          + " e.node, e.conversation, "
          + STATE
          + " AS state";

  private ExchangeRows() {}

  /**
   * A page of exchanges.
   *
   * @param behind where the page before it ended
   */
  public static Page<ObjectNode> page(
      Reading reading, ExchangeFilter filter, Fields fields, int limit, @Nullable Place behind) {
    Order order = filter.order();
    Bounds bounds = behind == null ? filter.bounds() : behind.rest(filter.bounds(), order);
    DayWalk.Found<Row> found =
        DayWalk.walk(
            reading,
            bounds,
            order,
            limit,
            (handle, days, most) -> {
              try (Query query =
                  handle.createQuery(sql(filter, fields, days, behind != null) + " LIMIT :most")) {
                bind(query, filter, bounds, behind);
                return query.bind("most", most).map((row, context) -> row(row, fields)).list();
              }
            });
    List<ObjectNode> items = new ArrayList<>();
    found.rows().stream().limit(limit).forEach(row -> items.add(row.item()));
    String last = found.rows().size() > limit ? found.rows().get(limit - 1).id() : found.edge();
    return new Page<>(items, last == null ? null : new Place(last).cursor(order).encoded());
  }

  /** A statement that reads exchanges of some days in order; to be bound by {@link #bind}. */
  static String sql(ExchangeFilter filter, Fields fields, Days days, boolean behind) {
    StringBuilder sql = new StringBuilder("SELECT ").append(COLUMNS);
    sql.append(fields.want("inspection") ? ", e.record::text AS inspection" : "");
    sql.append(fields.want("completion") ? ", c.record::text AS completion" : "");
    sql.append(" FROM exchanges e LEFT JOIN completions c ON c.decision_id = e.decision_id")
        .append(" AND c.day = e.day AND ")
        .append(days.sql("c.day"))
        .append(" WHERE ")
        .append(days.sql("e.day"))
        .append(" AND e.decision_id >= :from AND e.decision_id < :before")
        .append(filter.conditions().sql());
    if (behind) {
      sql.append(" AND e.decision_id ").append(filter.order().behind()).append(" :behind");
    }
    if (filter.findings() != null) {
      sql.append(" AND EXISTS (SELECT FROM findings f WHERE f.decision_id = e.decision_id AND ")
          .append("f.day = e.day AND ")
          .append(days.sql("f.day"))
          .append(filter.findings())
          .append(')');
    }
    return sql.append(" ORDER BY e.decision_id ").append(filter.order().sql()).toString();
  }

  static void bind(Query query, ExchangeFilter filter, Bounds bounds, @Nullable Place behind) {
    query
        .bindMap(filter.conditions().binds())
        .bind("from", bounds.from())
        .bind("before", bounds.before());
    if (behind != null) {
      query.bind("behind", behind.id());
    }
  }

  /** An item with the id by which it is sorted, which its fields may lack. */
  record Row(String id, ObjectNode item) {}

  static Row row(ResultSet row, Fields fields) throws SQLException {
    ObjectNode item = JsonNodeFactory.instance.objectNode();
    for (String name : PLAIN) {
      if (name.equals("at")) {
        item.put(name, row.getLong(name));
      } else {
        item.put(name, row.getString(name));
      }
    }
    for (String half : List.of("inspection", "completion")) {
      if (fields.want(half)) {
        item.set(half, Rows.json(row.getString(half)));
      }
    }
    return new Row(row.getString("decision_id"), fields.of(item));
  }
}
