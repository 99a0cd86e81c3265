package io.llmtrace.controlplane.findings;

import com.fasterxml.jackson.databind.node.ObjectNode;
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
import io.llmtrace.controlplane.http.Revision;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.idempotency.IdempotentPost;
import io.llmtrace.controlplane.query.Fields;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.query.Place;
import io.llmtrace.controlplane.query.Reading;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/findings}: what was seen, and what people make of it. */
@Path("/api/v1/findings")
@Produces("application/json")
public final class FindingsResource {
  private static final List<String> LIST =
      Parameters.names(FindingFilter.NAMES, List.of("fields", "limit", "cursor"));
  private static final int LONGEST_COMMENT = 2_000;

  private final ScopedJdbi jdbi;

  public FindingsResource(ScopedJdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** Newest first unless {@code order=oldest}. */
  @GET
  @Requires(Permission.FINDINGS_READ)
  @Takes(
      query = {
        "decision_id",
        "tenant",
        "route",
        "type",
        "severity",
        "state",
        "origin",
        "detector",
        "rule",
        "zone",
        "q",
        "since",
        "until",
        "order",
        "fields"
      })
  public Page<ObjectNode> list(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters parameters = Parameters.of(uri, LIST);
    FindingFilter filter = FindingFilter.of(caller, Permission.FINDINGS_READ, parameters);
    Fields fields = Fields.of(parameters, FindingRows.SHAPE);
    int most = Page.limit(limit);
    Place behind = Place.of(cursor, filter.order());
    return FindingRows.page(
        new Reading.Apart(jdbi, caller, Permission.FINDINGS_READ), filter, fields, most, behind);
  }

  @GET
  @Path("{id}")
  @Requires(Permission.FINDINGS_READ)
  @Gives(value = ObjectNode.class, headers = "ETag")
  public Response get(@Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    Parameters unused = Parameters.of(uri, List.of());
    return answer(
        jdbi.read(
            caller,
            Permission.FINDINGS_READ,
            handle -> FindingRows.find(handle, caller, Permission.FINDINGS_READ, id)));
  }

  /** Gives a finding a state, with a comment. */
  @PATCH
  @Path("{id}")
  @Requires(Permission.FINDINGS_WRITE)
  @Takes(body = OfChange.class)
  @Gives(value = ObjectNode.class, headers = "ETag")
  public Response change(
      @Context Caller caller,
      @PathParam("id") String id,
      @HeaderParam("If-Match") @Nullable String ifMatch,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    FindingState state = state(body);
    String comment = comment(body);
    body.finish();
    return answer(
        jdbi.write(
            caller,
            Permission.FINDINGS_WRITE,
            handle -> {
              FindingRows.Row before =
                  FindingRows.find(handle, caller, Permission.FINDINGS_WRITE, id);
              new Revision(before.revision()).require(ifMatch);
              FindingStates.change(handle, caller, List.of(before), state, comment);
              FindingRows.Row after =
                  FindingRows.find(handle, caller, Permission.FINDINGS_WRITE, id);
              Audit.append(
                  handle,
                  caller,
                  new Change(
                      "finding.change",
                      before.tenant(),
                      "finding:" + id,
                      said(before),
                      said(after)));
              return after;
            }));
  }

  /** What was said about a finding, newest first. */
  @GET
  @Path("{id}/changes")
  @Requires(Permission.FINDINGS_READ)
  public Page<FindingHistory.FindingNote> changes(
      @Context Caller caller,
      @Context UriInfo uri,
      @PathParam("id") String id,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters unused = Parameters.of(uri, List.of("limit", "cursor"));
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 1);
    long before = behind == null ? Long.MAX_VALUE : behind.number(0);
    return jdbi.read(
        caller,
        Permission.FINDINGS_READ,
        handle -> {
          FindingRows.Row finding = FindingRows.find(handle, caller, Permission.FINDINGS_READ, id);
          return FindingHistory.page(handle, finding, most, before);
        });
  }

  /** Gives many findings a state: those with these ids, or those of a filter. */
  @POST
  @Path("bulk")
  @Requires(Permission.FINDINGS_WRITE)
  @Takes(body = BulkChange.Fields.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(BulkChange.Done.class)
  public Response bulk(
      @Context Caller caller, @Context ContainerRequestContext request, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    FindingState state = state(body);
    String comment = comment(body);
    BulkChange bulk = BulkChange.read(caller, body, state, comment);
    return jdbi.write(
        caller,
        Permission.FINDINGS_WRITE,
        handle -> IdempotentPost.of(request, body).run(handle, () -> bulk.made(handle)));
  }

  /** Fields of a body that gives a finding a state. */
  static final class OfChange implements BodyFields {
    @Override
    public void read(JsonBody body) {
      FindingState unused = state(body);
      String unusedComment = comment(body);
    }
  }

  /** The field {@code state} of a body. */
  public static FindingState state(JsonBody body) {
    String label =
        body.requiredText(
            "state",
            "one of " + String.join(", ", Parameters.words(FindingState.class)),
            text -> FindingState.of(text).isPresent());
    // A wrong one is refused once the whole body was read.
    return FindingState.of(label).orElse(FindingState.OPEN);
  }

  /** The field {@code comment} of a body; empty where it is absent. */
  public static String comment(JsonBody body) {
    String comment =
        body.text(
            "comment",
            "a text of at most " + LONGEST_COMMENT + " characters",
            text -> text.length() <= LONGEST_COMMENT && text.indexOf('\0') < 0);
    return comment == null ? "" : comment;
  }

  static FindingStates.Said said(FindingRows.Row row) {
    return new FindingStates.Said(row.state().label(), row.item().path("comment").asText());
  }

  private static Response answer(FindingRows.Row row) {
    return Response.ok(row.item()).header("ETag", new Revision(row.revision()).tag()).build();
  }
}
