package io.llmtrace.controlplane.anomalies;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.findings.FindingState;
import io.llmtrace.controlplane.findings.FindingsResource;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.id.Ulid;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/anomalies}: use that is out of the ordinary, and what people make of it. */
@Path("/api/v1/anomalies")
@Produces("application/json")
public final class AnomaliesResource {
  private static final List<String> LIST =
      Parameters.names(AnomalyFilter.NAMES, List.of("limit", "cursor"));

  private final ScopedJdbi jdbi;

  public AnomaliesResource(ScopedJdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** Newest first. {@code since} and {@code until} are about when it began. */
  @GET
  @Requires(Permission.FINDINGS_READ)
  @Takes(
      query = {
        "tenant",
        "type",
        "severity",
        "dimension",
        "measure",
        "agent",
        "provider",
        "model",
        "state",
        "running",
        "since",
        "until"
      })
  public Page<Anomaly> list(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters parameters = Parameters.of(uri, LIST);
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 1);
    if (behind != null && !Ulid.isValid(behind.keys().get(0))) {
      throw Problem.of(400, "cursor: expected what a page gave as \"next\"");
    }
    Conditions conditions =
        AnomalyFilter.conditions(caller, Permission.FINDINGS_READ, parameters)
            .when("id < :behind", "behind", behind == null ? null : behind.keys().get(0));
    List<Anomaly> rows =
        jdbi.read(
            caller,
            Permission.FINDINGS_READ,
            handle ->
                select(handle, conditions, " ORDER BY id DESC LIMIT :most")
                    .bind("most", most + 1)
                    .map((row, context) -> Anomaly.of(row))
                    .list());
    return Page.of(rows, most, last -> Cursor.after(last.id()));
  }

  @GET
  @Path("{id}")
  @Requires(Permission.FINDINGS_READ)
  @Gives(value = Anomaly.class, headers = "ETag")
  public Response get(@Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    Parameters unused = Parameters.of(uri, List.of());
    return answer(
        jdbi.read(
            caller,
            Permission.FINDINGS_READ,
            handle -> find(handle, caller, Permission.FINDINGS_READ, id, "")));
  }

  /**
   * Gives an anomaly a state, with a comment. What is called {@code false_positive} raises the
   * limit of its series: no more than it is told again for the weeks that are looked back.
   */
  @PATCH
  @Path("{id}")
  @Requires(Permission.FINDINGS_WRITE)
  @Takes(body = OfChange.class)
  @Gives(value = Anomaly.class, headers = "ETag")
  public Response change(
      @Context Caller caller,
      @PathParam("id") String id,
      @HeaderParam("If-Match") @Nullable String ifMatch,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    FindingState state = FindingsResource.state(body);
    String comment = FindingsResource.comment(body);
    body.finish();
    return answer(
        jdbi.write(
            caller,
            Permission.FINDINGS_WRITE,
            handle -> {
              Anomaly before = find(handle, caller, Permission.FINDINGS_WRITE, id, " FOR UPDATE");
              before.tag().require(ifMatch);
              write(handle, caller, before, state, comment);
              Anomaly after = find(handle, caller, Permission.FINDINGS_WRITE, id, "");
              Audit.append(
                  handle,
                  caller,
                  new Change(
                      "anomaly.change",
                      before.tenant(),
                      "anomaly:" + id,
                      before.said(),
                      after.said()));
              return after;
            }));
  }

  private static void write(
      Handle handle, Caller caller, Anomaly before, FindingState state, String comment) {
    for (String sql :
        List.of(
            "UPDATE anomalies SET state = :state, comment = :comment, revision = :revision,"
                + " changed_by = :actor, changed_at = now() WHERE id = :id AND tenant = :tenant",
            "INSERT INTO anomaly_changes (anomaly_id, revision, tenant, state, comment, changed_by)"
                + " VALUES (:id, :revision, :tenant, :state, :comment, :actor)")) {
      handle
          .createUpdate(sql)
          .bind("id", before.id())
          .bind("tenant", before.tenant())
          .bind("state", state.label())
          .bind("comment", comment)
          .bind("revision", before.revision() + 1)
          .bind("actor", caller.actor())
          .execute();
    }
  }

  /** Fields of a body that gives an anomaly a state. */
  static final class OfChange implements BodyFields {
    @Override
    public void read(JsonBody body) {
      FindingState unused = FindingsResource.state(body);
      String unusedComment = FindingsResource.comment(body);
    }
  }

  /**
   * One change.
   *
   * @param revision that it made, from 1
   * @param changedAt epoch milliseconds
   */
  public record AnomalyNote(
      long revision, String state, String comment, String changedBy, long changedAt) {}

  /** What was said about an anomaly, newest first. */
  @GET
  @Path("{id}/changes")
  @Requires(Permission.FINDINGS_READ)
  public Page<AnomalyNote> changes(
      @Context Caller caller,
      @Context UriInfo uri,
      @PathParam("id") String id,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters unused = Parameters.of(uri, List.of("limit", "cursor"));
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 1);
    long before = behind == null ? Long.MAX_VALUE : behind.number(0);
    List<AnomalyNote> rows =
        jdbi.read(
            caller,
            Permission.FINDINGS_READ,
            handle -> {
              Anomaly of = find(handle, caller, Permission.FINDINGS_READ, id, "");
              return handle
                  .createQuery(
                      "SELECT revision, state, comment, changed_by, changed_at FROM anomaly_changes"
                          + " WHERE anomaly_id = :id AND tenant = :tenant AND revision < :before"
                          + " ORDER BY revision DESC LIMIT :most")
                  .bind("id", of.id())
                  .bind("tenant", of.tenant())
                  .bind("before", before)
                  .bind("most", most + 1)
                  .map(
                      (row, context) ->
                          new AnomalyNote(
                              row.getLong("revision"),
                              row.getString("state"),
                              row.getString("comment"),
                              row.getString("changed_by"),
                              row.getTimestamp("changed_at").getTime()))
                  .list();
            });
    return Page.of(rows, most, last -> Cursor.after(Long.toString(last.revision())));
  }

  private static Anomaly find(
      Handle handle, Caller caller, Permission permission, String id, String lock) {
    if (!Ulid.isValid(id)) {
      throw Problem.absent("anomaly");
    }
    Conditions conditions =
        Conditions.of(caller, permission, "tenant").and("id = :id").bind("id", id);
    return select(handle, conditions, lock)
        .map((row, context) -> Anomaly.of(row))
        .findOne()
        .orElseThrow(() -> Problem.absent("anomaly"));
  }

  static Query select(Handle handle, Conditions conditions, String end) {
    return handle
        .createQuery(
            "SELECT " + Anomaly.COLUMNS + " FROM anomalies WHERE true" + conditions.sql() + end)
        .bindMap(conditions.binds());
  }

  private static Response answer(Anomaly anomaly) {
    return Response.ok(anomaly).header("ETag", anomaly.tag().tag()).build();
  }
}
