package io.llmtrace.controlplane.findings;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.query.Bounds;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.query.DayWalk;
import io.llmtrace.controlplane.query.Days;
import io.llmtrace.controlplane.query.Fields;
import io.llmtrace.controlplane.query.Order;
import io.llmtrace.controlplane.query.Place;
import io.llmtrace.controlplane.query.Reading;
import io.llmtrace.controlplane.query.Rows;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Reads findings with their states. Stateless. */
public final class FindingRows {
  /** What an item has. */
  public static final Fields.Shape SHAPE =
      new Fields.Shape(
          List.of(
              "id",
              "decision_id",
              "origin",
              "at",
              "tenant",
              "route",
              "type",
              "severity",
              "confidence",
              "zone",
              "pointer",
              "start",
              "end",
              "detector",
              "rule",
              "evidence",
              "state",
              "comment",
              "revision",
              "changed_by",
              "changed_at"),
          Map.of());

  private static final String COLUMNS =
      "f.decision_id, f.origin, f.place, f.at, f.tenant, f.route, f.record::text AS record,"
          + " coalesce(s.state, 'open') AS state, coalesce(s.comment, '') AS comment,"
          + " coalesce(s.revision, 0) AS revision, s.changed_by,"
          + " CAST(extract(epoch FROM s.changed_at) * 1000 AS bigint) AS changed_at";

  private FindingRows() {}

  /**
   * A finding.
   *
   * @param item as lists show it
   */
  public record Row(
      FindingId id,
      String tenant,
      String route,
      FindingState state,
      long revision,
      ObjectNode item) {}

  /**
   * Findings of a filter in its order, and where to go on.
   *
   * @param next null at the end
   */
  record Part(List<Row> rows, @Nullable Place next) {}

  static Page<ObjectNode> page(
      Reading reading, FindingFilter filter, Fields fields, int limit, @Nullable Place behind) {
    Part part = part(reading, filter, limit, behind);
    return new Page<>(
        part.rows().stream().map(row -> fields.of(row.item())).toList(),
        part.next() == null ? null : part.next().cursor(filter.order()).encoded());
  }

  static Part part(Reading reading, FindingFilter filter, int limit, @Nullable Place behind) {
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
                  handle.createQuery(sql(filter, days, behind != null) + " LIMIT :most")) {
                bind(query, filter, bounds, behind);
                return query.bind("most", most).map((row, context) -> row(row)).list();
              }
            });
    if (found.rows().size() > limit) {
      List<Row> rows = new ArrayList<>(found.rows().subList(0, limit));
      return new Part(rows, rows.get(limit - 1).id().asPlace());
    }
    return new Part(found.rows(), found.edge() == null ? null : new Place(found.edge()));
  }

  /** A statement that reads findings of some days in order; to be bound by {@link #bind}. */
  static String sql(FindingFilter filter, Days days, boolean behind) {
    StringBuilder sql = new StringBuilder("SELECT ").append(COLUMNS);
    if (filter.words() == null) {
      sql.append(" FROM findings f");
    } else {
      sql.append(" FROM llmtrace_findings_with(:words, DATE '")
          .append(days.first())
          .append("', DATE '")
          .append(days.last())
          .append("') w JOIN findings f ON f.decision_id = w.decision_id AND f.origin = w.origin")
          .append(" AND f.place = w.place");
    }
    sql.append(" LEFT JOIN finding_states s ON s.decision_id = f.decision_id")
        .append(" AND s.origin = f.origin AND s.place = f.place WHERE ")
        .append(days.sql("f.day"))
        .append(" AND f.decision_id >= :from AND f.decision_id < :before")
        .append(filter.conditions().sql());
    if (behind) {
      // Comparing rows is not leakproof, and so would not use an index behind row-level security.
      String mark = filter.order().behind();
      sql.append(" AND (f.decision_id ")
          .append(mark)
          .append(" :behind OR (f.decision_id = :behind AND (f.origin COLLATE \"C\" ")
          .append(mark)
          .append(" :behind_origin OR (f.origin = :behind_origin AND f.place ")
          .append(mark)
          .append(" :behind_place))))");
    }
    String direction = " " + filter.order().sql();
    return sql.append(" ORDER BY f.decision_id")
        .append(direction)
        .append(", f.origin COLLATE \"C\"")
        .append(direction)
        .append(", f.place")
        .append(direction)
        .toString();
  }

  static void bind(Query query, FindingFilter filter, Bounds bounds, @Nullable Place behind) {
    query
        .bindMap(filter.conditions().binds())
        .bind("from", bounds.from())
        .bind("before", bounds.before());
    if (filter.words() != null) {
      query.bind("words", filter.words());
    }
    if (behind != null) {
      query
          .bind("behind", behind.id())
          .bind("behind_origin", behind.origin())
          .bind("behind_place", behind.place());
    }
  }

  /**
   * Findings by id, of any tenant, as far as they are there: for the service itself, which runs as
   * the owner of the tables.
   */
  public static Map<FindingId, Row> all(Handle handle, Collection<FindingId> ids) {
    Map<FindingId, Row> found = new HashMap<>();
    handle
        .createQuery(
            "SELECT "
                + COLUMNS
                + " FROM findings f LEFT JOIN finding_states s ON s.decision_id = f.decision_id"
                + " AND s.origin = f.origin AND s.place = f.place"
                + " WHERE f.decision_id = ANY(:ids) AND f.day = ANY(CAST(:days AS date[]))")
        .bindArray("ids", String.class, ids.stream().map(FindingId::decisionId).distinct().toList())
        .bindArray(
            "days",
            String.class,
            ids.stream().map(each -> each.day().toString()).distinct().toList())
        .map((row, context) -> row(row))
        .forEach(row -> found.put(row.id(), row));
    return found;
  }

  /**
   * One finding of the caller's tenants.
   *
   * @throws jakarta.ws.rs.WebApplicationException 404
   */
  public static Row find(Handle handle, Caller caller, Permission permission, String id) {
    FindingId known = FindingId.parse(id).orElseThrow(() -> Problem.absent("finding"));
    List<Row> rows = find(handle, caller, permission, List.of(known));
    if (rows.isEmpty()) {
      throw Problem.absent("finding");
    }
    return rows.get(0);
  }

  /** Those of these findings that are there and of the caller's tenants. */
  static List<Row> find(Handle handle, Caller caller, Permission permission, List<FindingId> ids) {
    List<Row> rows = new ArrayList<>();
    for (FindingId id : ids) {
      FindingFilter filter =
          new FindingFilter(
              Conditions.of(caller, permission, "f.tenant")
                  .and("f.origin = :origin AND f.place = :place")
                  .bind("origin", id.origin())
                  .bind("place", id.place()),
              null,
              id.bounds(),
              Order.NEWEST);
      try (Query query = handle.createQuery(sql(filter, id.days(), false))) {
        bind(query, filter, id.bounds(), null);
        query.map((row, context) -> row(row)).findFirst().ifPresent(rows::add);
      }
    }
    return rows;
  }

  static Row row(ResultSet row) throws SQLException {
    FindingId id =
        new FindingId(row.getString("decision_id"), row.getString("origin"), row.getInt("place"));
    String state = row.getString("state");
    ObjectNode item =
        Rows.object(row.getString("record"))
            .put("id", id.toString())
            .put("decision_id", id.decisionId())
            .put("at", row.getLong("at"))
            .put("route", row.getString("route"))
            .put("tenant", row.getString("tenant"))
            .put("origin", id.origin())
            .put("state", state)
            .put("comment", row.getString("comment"))
            .put("revision", row.getLong("revision"));
    String by = row.getString("changed_by");
    if (by != null) {
      item.put("changed_by", by).put("changed_at", row.getLong("changed_at"));
    }
    return new Row(
        id,
        row.getString("tenant"),
        row.getString("route"),
        FindingState.of(state).orElseThrow(),
        row.getLong("revision"),
        item);
  }
}
