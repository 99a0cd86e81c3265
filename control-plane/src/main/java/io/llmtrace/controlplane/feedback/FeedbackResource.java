package io.llmtrace.controlplane.feedback;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.query.Bounds;
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
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/feedback}: proposals of exceptions, and cases for signature packs. */
@Path("/api/v1/feedback")
@Produces("application/json")
public final class FeedbackResource {
  private static final List<String> EQUALS =
      List.of("tenant", "route", "rule", "detector", "finding_id");
  private static final List<String> LIST =
      Parameters.names(
          EQUALS, List.of("verdict", "kind", "state", "since", "until", "limit", "cursor"));

  private final ScopedJdbi jdbi;

  public FeedbackResource(ScopedJdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** Newest first. */
  @GET
  @Requires(Permission.FINDINGS_READ)
  @Takes(
      query = {
        "tenant",
        "route",
        "rule",
        "detector",
        "finding_id",
        "verdict",
        "kind",
        "state",
        "since",
        "until"
      })
  public Page<Feedback> list(
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
    Bounds bounds = Bounds.between(parameters.time("since"), parameters.time("until"));
    Conditions conditions =
        Conditions.of(caller, Permission.FINDINGS_READ, "tenant")
            .and("id >= :from AND id < :before")
            .bind("from", bounds.from())
            .bind("before", bounds.before())
            .when("verdict = :verdict", "verdict", parameters.word("verdict", Feedback.VERDICTS))
            .when("kind = :kind", "kind", parameters.word("kind", Feedback.KINDS))
            .when("state = :state", "state", parameters.word("state", Feedback.STATES))
            .when("id < :behind", "behind", behind == null ? null : behind.keys().get(0));
    for (String column : EQUALS) {
      conditions.when(column + " = :" + column, column, parameters.text(column));
    }
    List<Feedback> rows =
        jdbi.read(
            caller,
            Permission.FINDINGS_READ,
            handle ->
                handle
                    .createQuery(
                        "SELECT "
                            + Feedback.COLUMNS
                            + " FROM feedback WHERE true"
                            + conditions.sql()
                            + " ORDER BY id DESC LIMIT :most")
                    .bindMap(conditions.binds())
                    .bind("most", most + 1)
                    .map((row, context) -> Feedback.of(row))
                    .list());
    return Page.of(rows, most, last -> Cursor.after(last.id()));
  }

  @GET
  @Path("{id}")
  @Requires(Permission.FINDINGS_READ)
  @Gives(value = Feedback.class, headers = "ETag")
  public Response get(@Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    Parameters unused = Parameters.of(uri, List.of());
    return answer(find(caller, id));
  }

  /** Says whether a proposal was taken. */
  @PATCH
  @Path("{id}")
  @Requires(Permission.FINDINGS_WRITE)
  @Takes(body = OfChange.class)
  @Gives(value = Feedback.class, headers = "ETag")
  public Response change(
      @Context Caller caller,
      @PathParam("id") String id,
      @HeaderParam("If-Match") @Nullable String ifMatch,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    String state = state(body);
    body.finish();
    return answer(
        jdbi.write(
            caller,
            Permission.FINDINGS_WRITE,
            handle -> {
              Feedback before =
                  FeedbackStore.find(handle, caller, Permission.FINDINGS_WRITE, id, " FOR UPDATE");
              before.tag().require(ifMatch);
              FeedbackStore.settle(handle, caller, id, state);
              Feedback after =
                  FeedbackStore.find(handle, caller, Permission.FINDINGS_WRITE, id, "");
              Audit.append(
                  handle,
                  caller,
                  new Change(
                      "feedback.change",
                      before.tenant(),
                      "feedback:" + id,
                      before.noted(),
                      after.noted()));
              return after;
            }));
  }

  /** Fields of a body that settles a proposal. */
  static final class OfChange implements BodyFields {
    @Override
    public void read(JsonBody body) {
      String unused = state(body);
    }
  }

  private static String state(JsonBody body) {
    return body.requiredText(
        "state", "one of " + String.join(", ", Feedback.STATES), Feedback.STATES::contains);
  }

  /** The case as YAML of a signature pack. */
  @GET
  @Path("{id}/pack-case")
  @Produces("application/yaml")
  @Requires(Permission.FINDINGS_READ)
  public String packCase(@Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    Parameters unused = Parameters.of(uri, List.of());
    Feedback feedback = find(caller, id);
    if (!feedback.kind().equals(Feedback.PACK_CASE)) {
      throw Problem.of(409, "this feedback proposes an exception, and so has no case");
    }
    return PackCase.yaml(feedback);
  }

  private Feedback find(Caller caller, String id) {
    return jdbi.read(
        caller,
        Permission.FINDINGS_READ,
        handle -> FeedbackStore.find(handle, caller, Permission.FINDINGS_READ, id, ""));
  }

  private static Response answer(Feedback feedback) {
    return Response.ok(feedback).header("ETag", feedback.tag().tag()).build();
  }
}
