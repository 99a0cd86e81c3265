package io.llmtrace.controlplane.query;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Reach;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.nodes.Nodes;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.wire.Ulid;
import io.llmtrace.policies.wire.WireJson;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** What was stored, for people and programs. */
@Path("/api/v1")
@Produces("application/json")
public final class QueryResource {
  private static final int MOST = 500;
  private static final String EXCHANGES =
      "SELECT i.decision_id AS id, jsonb_build_object('decision_id', i.decision_id,"
          + " 'inspection', i.record, 'completion', c.record, 'state',"
          + " CASE WHEN c.decision_id IS NOT NULL THEN 'completed'"
          + " WHEN i.tap AND s.decision_id IS NULL THEN 'open' ELSE 'unobserved' END)::text AS row"
          + " FROM exchanges i"
          + " LEFT JOIN completions c ON c.decision_id = i.decision_id AND c.day = i.day"
          + " LEFT JOIN settled_late s ON s.decision_id = i.decision_id";
  private static final String FINDING_ID = "i.decision_id || '.' || i.origin || '.' || i.place";
  private static final String FINDINGS =
      "SELECT "
          + FINDING_ID
          + " AS id, (i.record || jsonb_build_object('id', "
          + FINDING_ID
          + ", 'decision_id',"
          + " i.decision_id, 'at', i.at, 'route', i.route, 'tenant', i.tenant, 'origin',"
          + " i.origin))::text AS row"
          + " FROM findings i";

  private final ScopedJdbi jdbi;
  private final Nodes nodes;

  public QueryResource(ScopedJdbi jdbi, Nodes nodes) {
    this.jdbi = jdbi;
    this.nodes = nodes;
  }

  @GET
  @Requires(Permission.EXCHANGES_READ)
  @Path("exchanges/{id}")
  public Map<String, Object> exchange(@Context Caller caller, @PathParam("id") String id) {
    Map<String, Object> binds = new LinkedHashMap<>(Map.of("id", id, "day", day(id)));
    String own = own(caller, Permission.EXCHANGES_READ, binds);
    List<Row> rows =
        jdbi.read(
            caller,
            Permission.EXCHANGES_READ,
            handle ->
                rows(
                    handle
                        .createQuery(
                            EXCHANGES
                                + " WHERE i.decision_id = :id AND i.day = CAST(:day AS date)"
                                + own)
                        .bindMap(binds)));
    if (rows.isEmpty()) {
      throw Problem.absent("exchange");
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    rows.get(0).json().properties().forEach(e -> answer.put(e.getKey(), e.getValue()));
    List<JsonNode> findings = new ArrayList<>();
    add(findings, "request", rows.get(0).json().path("inspection"));
    add(findings, "answer", rows.get(0).json().path("completion"));
    answer.put("findings", findings);
    return answer;
  }

  private static void add(List<JsonNode> findings, String origin, JsonNode half) {
    half.path("findings")
        .forEach(each -> findings.add(((ObjectNode) each.deepCopy()).put("origin", origin)));
  }

  @GET
  @Requires(Permission.EXCHANGES_READ)
  @Path("exchanges")
  public Map<String, Object> exchanges(@Context Caller caller, @Context UriInfo uri) {
    return page(
        caller,
        Permission.EXCHANGES_READ,
        EXCHANGES,
        "i.decision_id",
        Set.of("route", "tenant", "decision_id"),
        uri);
  }

  @GET
  @Requires(Permission.FINDINGS_READ)
  @Path("findings")
  public Map<String, Object> findings(@Context Caller caller, @Context UriInfo uri) {
    return page(
        caller,
        Permission.FINDINGS_READ,
        FINDINGS,
        FINDING_ID,
        Set.of("type", "severity", "route", "tenant", "decision_id", "origin"),
        uri);
  }

  @GET
  @Requires(value = Permission.INSTANCES_READ, reach = Reach.INSTALLATION)
  @Path("instances")
  public Map<String, Object> instances() {
    return Map.of("items", nodes.all());
  }

  /** Bounds a query to the caller's tenants: a condition and its binding. */
  private static String own(Caller caller, Permission permission, Map<String, Object> binds) {
    if (caller.tenants(permission) instanceof TenantScope.Only only) {
      binds.put("own", only.tenants().toArray(new String[0]));
      return " AND i.tenant = ANY(:own)";
    }
    return "";
  }

  private Map<String, Object> page(
      Caller caller,
      Permission permission,
      String select,
      String id,
      Set<String> filters,
      UriInfo uri) {
    StringBuilder sql =
        new StringBuilder(select).append(" WHERE (").append(id).append(") COLLATE \"C\" < :cursor");
    Map<String, Object> binds = new LinkedHashMap<>();
    sql.append(own(caller, permission, binds));
    uri.getQueryParameters()
        .forEach(
            (name, values) -> {
              if (filters.contains(name)) {
                sql.append(" AND i.").append(name).append(" = :").append(name);
                binds.put(name, values.get(0));
              } else if (name.equals("since")) {
                sql.append(" AND i.at >= :since");
                binds.put(name, number(name, values.get(0), 0, Long.MAX_VALUE));
              } else if (!name.equals("limit") && !name.equals("cursor")) {
                throw Problem.of(400, name + ": unknown parameter");
              }
            });
    @Nullable String wanted = uri.getQueryParameters().getFirst("limit");
    @Nullable String cursor = uri.getQueryParameters().getFirst("cursor");
    int limit = wanted == null ? 100 : (int) number("limit", wanted, 1, MOST);
    // Beyond every id.
    binds.put("cursor", cursor == null ? "~" : cursor);
    binds.put("limit", limit);
    sql.append(" ORDER BY (").append(id).append(") COLLATE \"C\" DESC LIMIT :limit");
    List<Row> rows =
        jdbi.read(
            caller, permission, handle -> rows(handle.createQuery(sql.toString()).bindMap(binds)));
    List<JsonNode> items = new ArrayList<>();
    rows.forEach(row -> items.add(row.json()));
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("items", items);
    if (rows.size() == limit) {
      answer.put("next", rows.get(rows.size() - 1).id());
    }
    return answer;
  }

  /** The day that an id tells; of one that is none, a day without exchanges. */
  private static String day(String id) {
    return Ulid.isValid(id)
        ? Ulid.time(id).atZone(ZoneOffset.UTC).toLocalDate().toString()
        : "1970-01-01";
  }

  private static long number(String name, String text, long least, long most) {
    try {
      long value = Long.parseLong(text);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw Problem.of(400, name + ": expected a number, was \"" + e.getMessage() + "\"");
    }
    throw Problem.of(400, name + ": expected a number from " + least + " to " + most);
  }

  private record Row(String id, JsonNode json) {}

  private static List<Row> rows(Query query) {
    return query
        .map(
            (row, context) -> {
              try {
                return new Row(
                    row.getString("id"), WireJson.mapper().readTree(row.getString("row")));
              } catch (JsonProcessingException e) {
                throw new IllegalStateException("a stored row is no JSON", e);
              }
            })
        .list();
  }
}
