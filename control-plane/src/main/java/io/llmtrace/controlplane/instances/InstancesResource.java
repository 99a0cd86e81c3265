package io.llmtrace.controlplane.instances;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Reach;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.query.Rows;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/instances}: the plugins, each as it last reported. */
@Path("/api/v1/instances")
@Produces("application/json")
public final class InstancesResource {
  /** Three reports of five seconds missed. */
  private static final long SILENT_MILLIS = 15_000;

  /** Keys for different tenants under one name that are shown. */
  private static final int MOST_KEYS = 20;

  private static final String SELECT =
      "SELECT i.snapshot::text AS snapshot,"
          + " CAST(extract(epoch FROM i.received_at) * 1000 AS bigint) AS received_at,"
          + " CAST(extract(epoch FROM now() - i.received_at) * 1000 AS bigint) AS age,"
          + " (SELECT json_agg(json_build_object("
          + "'tenants', CASE WHEN b.scope = '*' THEN CAST('[\"*\"]' AS json)"
          + " ELSE CAST(b.scope AS json) END,"
          + " 'running_revision', b.running_revision, 'running_digest', b.running_digest,"
          + " 'wanted_revision', b.wanted_revision, 'wanted_digest', b.wanted_digest,"
          + " 'behind_for_ms',"
          + " CAST(extract(epoch FROM now() - b.behind_since) * 1000 AS bigint),"
          + " 'asked_ms_ago', CAST(extract(epoch FROM now() - b.seen_at) * 1000 AS bigint),"
          + " 'labels', b.labels, 'refused', CASE WHEN b.refused IS NOT NULL THEN"
          + " json_build_object('reason', b.refused, 'revision', b.refused_revision,"
          + " 'detail', b.refused_detail, 'since',"
          + " CAST(extract(epoch FROM b.refused_at) * 1000 AS bigint)) END)"
          + " ORDER BY b.seen_at DESC) FROM (SELECT * FROM bundle_nodes x WHERE x.node = i.node"
          + " ORDER BY x.seen_at DESC LIMIT "
          + MOST_KEYS
          + ") b)::text AS bundles"
          + " FROM instances i WHERE ";

  private final ScopedJdbi jdbi;

  public InstancesResource(ScopedJdbi jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * By name.
   *
   * @param silent only those that do, or only those that do not report any more
   */
  @GET
  @Requires(value = Permission.INSTANCES_READ, reach = Reach.INSTALLATION)
  public Page<ObjectNode> list(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("silent") @Nullable String silent,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters parameters = Parameters.of(uri, List.of("silent", "limit", "cursor"));
    Boolean wanted = parameters.yesOrNo("silent");
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 1);
    List<ObjectNode> rows =
        jdbi.read(
            caller,
            Permission.INSTANCES_READ,
            handle ->
                handle
                    .createQuery(
                        SELECT
                            + "i.node COLLATE \"C\" > :behind"
                            + (wanted == null
                                ? ""
                                : " AND (i.received_at < now() - interval '"
                                    + SILENT_MILLIS
                                    + " milliseconds') = "
                                    + wanted)
                            + " ORDER BY i.node COLLATE \"C\" LIMIT :most")
                    .bind("behind", behind == null ? "" : behind.keys().get(0))
                    .bind("most", most + 1)
                    .map((row, context) -> item(row))
                    .list());
    return Page.of(rows, most, last -> Cursor.after(last.path("node").asText()));
  }

  @GET
  @Path("{node}")
  @Requires(value = Permission.INSTANCES_READ, reach = Reach.INSTALLATION)
  public ObjectNode get(
      @Context Caller caller, @Context UriInfo uri, @PathParam("node") String node) {
    Parameters unused = Parameters.of(uri, List.of());
    if (node.indexOf('\0') >= 0) {
      throw Problem.absent("instance");
    }
    return jdbi.read(
        caller,
        Permission.INSTANCES_READ,
        handle ->
            handle
                .createQuery(SELECT + "i.node = :node")
                .bind("node", node)
                .map((row, context) -> item(row))
                .findOne()
                .orElseThrow(() -> Problem.absent("instance")));
  }

  /** What the node reported, and what can be told from when it came. */
  private static ObjectNode item(ResultSet row) throws SQLException {
    ObjectNode item = Rows.object(row.getString("snapshot"));
    long received = row.getLong("received_at");
    long age = Math.max(0, row.getLong("age"));
    bundles(item, row.getString("bundles"));
    return item.put("received_at", received)
        .put("silent", age > SILENT_MILLIS)
        .put("silent_for_ms", age)
        // The time on the way is in it: a node behind by it is right.
        .put("clock_skew_ms", item.path("at").asLong() - received);
  }

  /**
   * What it was told and said when it last asked for policies, and what others of its name did
   * whose keys are for other tenants; a wanted revision of null is due.
   */
  private static void bundles(ObjectNode item, @Nullable String asked) {
    if (asked == null) {
      return;
    }
    ArrayNode others = JsonNodeFactory.instance.arrayNode();
    for (JsonNode each : Rows.json(asked)) {
      ObjectNode bundle = (ObjectNode) each;
      if (!bundle.hasNonNull("refused")) {
        bundle.remove("refused");
      }
      if (item.has("bundle")) {
        others.add(bundle);
      } else {
        item.set("bundle", bundle);
      }
    }
    if (!others.isEmpty()) {
      item.set("other_bundles", others);
    }
  }
}
