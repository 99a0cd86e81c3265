package io.llmtrace.controlplane.instances;

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

  private static final String SELECT =
      "SELECT i.snapshot::text AS snapshot,"
          + " CAST(extract(epoch FROM i.received_at) * 1000 AS bigint) AS received_at,"
          + " CAST(extract(epoch FROM now() - i.received_at) * 1000 AS bigint) AS age,"
          + " b.node IS NOT NULL AS asks, b.labels::text AS labels, b.running_revision,"
          + " b.running_digest, b.wanted_revision, b.wanted_digest,"
          + " CAST(extract(epoch FROM now() - b.behind_since) * 1000 AS bigint) AS behind,"
          + " CAST(extract(epoch FROM now() - b.seen_at) * 1000 AS bigint) AS asked,"
          + " b.refused, b.refused_revision, b.refused_detail,"
          + " CAST(extract(epoch FROM b.refused_at) * 1000 AS bigint) AS refused_at"
          + " FROM instances i LEFT JOIN bundle_nodes b ON b.node = i.node WHERE ";

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
    if (row.getBoolean("asks")) {
      item.set("bundle", bundle(row));
    }
    return item.put("received_at", received)
        .put("silent", age > SILENT_MILLIS)
        .put("silent_for_ms", age)
        // The time on the way is in it: a node behind by it is right.
        .put("clock_skew_ms", item.path("at").asLong() - received);
  }

  /**
   * What it was told and said when it last asked for policies; a wanted revision of null is due.
   */
  private static ObjectNode bundle(ResultSet row) throws SQLException {
    ObjectNode bundle = JsonNodeFactory.instance.objectNode();
    bundle
        .put("running_revision", row.getLong("running_revision"))
        .put("running_digest", row.getString("running_digest"))
        .put("wanted_revision", row.getObject("wanted_revision", Long.class))
        .put("wanted_digest", row.getString("wanted_digest"))
        .put("behind_for_ms", row.getObject("behind", Long.class))
        .put("asked_ms_ago", row.getLong("asked"))
        .set("labels", Rows.object(row.getString("labels")));
    String refused = row.getString("refused");
    if (refused != null) {
      bundle
          .putObject("refused")
          .put("reason", refused)
          .put("revision", row.getLong("refused_revision"))
          .put("detail", row.getString("refused_detail"))
          .put("since", row.getLong("refused_at"));
    }
    return bundle;
  }
}
