package io.llmtrace.controlplane.conversations;

import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.query.Bounds;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.query.DayWalk;
import io.llmtrace.controlplane.query.Days;
import io.llmtrace.controlplane.query.Order;
import io.llmtrace.controlplane.query.Place;
import io.llmtrace.controlplane.query.Reading;
import io.llmtrace.policies.detect.Severity;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Reads conversations. Stateless. */
final class ConversationRows {
  private ConversationRows() {}

  private record First(String id, String decisionId) {}

  /**
   * Conversations by their first exchange, which stays the same however they go on.
   *
   * @param own the tenants of the caller, as conditions on exchanges {@code e}
   * @param wanted conditions on first exchanges {@code e}, those of {@code own} included
   */
  static Page<Conversation> page(
      Reading reading,
      Conditions own,
      Conditions wanted,
      Bounds bounds,
      Order order,
      int limit,
      @Nullable Place behind) {
    Bounds rest = behind == null ? bounds : behind.rest(bounds, order);
    DayWalk.Found<First> found =
        DayWalk.walk(
            reading,
            rest,
            order,
            limit,
            (handle, days, most) ->
                firsts(handle, wanted, bounds, rest, order, behind, days, most));
    List<First> firsts = new ArrayList<>(found.rows());
    if (firsts.size() > limit) {
      firsts = firsts.subList(0, limit);
    }
    List<String> listed = firsts.stream().map(First::id).toList();
    Map<String, Conversation> whole = reading.run(handle -> sums(handle, own, bounds, listed));
    List<Conversation> items = new ArrayList<>();
    for (First first : firsts) {
      Conversation conversation = whole.get(first.id());
      if (conversation != null) {
        items.add(conversation);
      }
    }
    String last = found.rows().size() > limit ? firsts.get(limit - 1).decisionId() : found.edge();
    return new Page<>(items, last == null ? null : new Place(last).cursor(order).encoded());
  }

  private static List<First> firsts(
      Handle handle,
      Conditions wanted,
      Bounds bounds,
      Bounds rest,
      Order order,
      @Nullable Place behind,
      Days days,
      int most) {
    Days before = new Days(bounds.days().first(), days.last());
    String sql =
        "SELECT e.conversation, e.decision_id FROM exchanges e WHERE "
            + days.sql("e.day")
            + " AND e.decision_id >= :from AND e.decision_id < :before AND e.conversation <> ''"
            + wanted.sql()
            + (behind == null ? "" : " AND e.decision_id " + order.behind() + " :behind")
            + " AND NOT EXISTS (SELECT FROM exchanges p WHERE "
            + before.sql("p.day")
            + " AND p.conversation = e.conversation AND p.conversation <> ''"
            + " AND p.tenant = e.tenant AND p.decision_id >= :first"
            + " AND p.decision_id < e.decision_id) ORDER BY e.decision_id "
            + order.sql()
            + " LIMIT :most";
    try (Query query = handle.createQuery(sql)) {
      query
          .bindMap(wanted.binds())
          .bind("from", rest.from())
          .bind("before", rest.before())
          .bind("first", bounds.from())
          .bind("most", most);
      if (behind != null) {
        query.bind("behind", behind.id());
      }
      return query
          .map(
              (row, context) ->
                  new First(row.getString("conversation"), row.getString("decision_id")))
          .list();
    }
  }

  /** Conversations by id, of the exchanges in a stretch. */
  static Map<String, Conversation> sums(
      Handle handle, Conditions own, Bounds bounds, List<String> ids) {
    if (ids.isEmpty()) {
      return Map.of();
    }
    Days days = bounds.days();
    String some =
        days.sql("e.day")
            + " AND e.decision_id >= :from AND e.decision_id < :before"
            + " AND e.conversation = ANY(:ids) AND e.conversation <> ''"
            + own.sql();
    Map<String, List<Seen>> seen = new HashMap<>();
    try (Query query =
        handle.createQuery(
            "SELECT e.conversation, f.severity, count(*) AS n FROM exchanges e JOIN findings f ON "
                + days.sql("f.day")
                + " AND f.day = e.day AND f.decision_id = e.decision_id WHERE "
                + some
                + " GROUP BY 1, 2")) {
      bind(query, own, bounds, ids)
          .map(
              (row, context) ->
                  new Seen(
                      row.getString("conversation"),
                      Severity.of(row.getString("severity")),
                      row.getLong("n")))
          .forEach(
              one -> seen.computeIfAbsent(one.conversation(), c -> new ArrayList<>()).add(one));
    }
    Map<String, Conversation> conversations = new HashMap<>();
    try (Query query =
        handle.createQuery(
            "SELECT e.conversation, e.tenant, count(*) AS requests,"
                + " (array_agg(e.route ORDER BY e.decision_id))[1] AS route,"
                + " (array_agg(e.consumer ORDER BY e.decision_id))[1] AS consumer,"
                + " (array_agg(e.agent ORDER BY e.decision_id))[1] AS agent,"
                + " min(e.decision_id) AS first_id, max(e.decision_id) AS last_id,"
                + " min(e.at) AS first_at, max(e.at) AS last_at,"
                + " coalesce(sum(CAST(c.record->>'cost_usd' AS numeric)), 0) AS cost,"
                + " count(*) - count(c.cost_usd) AS cost_unknown"
                + " FROM exchanges e LEFT JOIN completions c ON "
                + days.sql("c.day")
                + " AND c.day = e.day AND c.decision_id = e.decision_id WHERE "
                + some
                + " GROUP BY 1, 2")) {
      bind(query, own, bounds, ids)
          .map((row, context) -> conversation(row, seen))
          .forEach(one -> conversations.put(one.id(), one));
    }
    return conversations;
  }

  private record Seen(String conversation, Severity severity, long count) {}

  private static Query bind(Query query, Conditions own, Bounds bounds, List<String> ids) {
    return query
        .bindMap(own.binds())
        .bind("from", bounds.from())
        .bind("before", bounds.before())
        .bindArray("ids", String.class, ids);
  }

  private static Conversation conversation(ResultSet row, Map<String, List<Seen>> seen)
      throws SQLException {
    String id = row.getString("conversation");
    long findings = 0;
    Severity worst = null;
    for (Seen one : seen.getOrDefault(id, List.of())) {
      findings += one.count();
      worst = worst == null || one.severity().atLeast(worst) ? one.severity() : worst;
    }
    BigDecimal cost = row.getBigDecimal("cost");
    return new Conversation(
        id,
        row.getString("tenant"),
        row.getString("route"),
        row.getString("consumer"),
        row.getString("agent"),
        row.getString("first_id"),
        row.getString("last_id"),
        row.getLong("first_at"),
        row.getLong("last_at"),
        row.getLong("requests"),
        findings,
        worst == null ? null : worst.label(),
        cost.signum() == 0 ? BigDecimal.ZERO : cost.stripTrailingZeros(),
        row.getLong("cost_unknown"),
        null);
  }
}
