package io.llmtrace.controlplane.alerts.people;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.alerts.incidents.AlertDesk;
import io.llmtrace.controlplane.alerts.incidents.Incident;
import io.llmtrace.controlplane.alerts.incidents.IncidentState;
import io.llmtrace.controlplane.alerts.incidents.IncidentStore;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.exchanges.ExchangeFilter;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.idempotency.IdempotentPost;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import jakarta.ws.rs.GET;
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
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/alerts/incidents}: what goes on and went on, and what people do about it. */
@Path("/api/v1/alerts/incidents")
@Produces("application/json")
public final class IncidentsResource {
  private static final List<String> LIST =
      List.of("tenant", "rule", "severity", "state", "since", "until", "limit", "cursor");

  private final ScopedJdbi jdbi;
  private final AlertDesk desk;

  public IncidentsResource(ScopedJdbi jdbi, AlertDesk desk) {
    this.jdbi = jdbi;
    this.desk = desk;
  }

  /**
   * Newest first. Those that are pending, which may come to nothing, are listed only where the
   * query asks for that state. {@code since} and {@code until} are about when they began.
   */
  @GET
  @Requires(Permission.ALERTS_READ)
  @Takes(query = {"tenant", "rule", "severity", "state", "since", "until"})
  public Page<IncidentView> incidents(
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
    Severity severity = parameters.choice("severity", Severity.class);
    IncidentState state = parameters.choice("state", IncidentState.class);
    Conditions conditions =
        Conditions.of(caller, Permission.ALERTS_READ, "tenant")
            .when("tenant = :tenant", "tenant", parameters.text("tenant"))
            .when("rule = :rule", "rule", parameters.text("rule"))
            .when(
                "severity = ANY(:severities)",
                "severities",
                severity == null ? null : ExchangeFilter.atLeast(severity))
            .when("state = :state", "state", state == null ? null : state.label())
            .when("since >= :since", "since", time(parameters.time("since")))
            .when("since < :until", "until", time(parameters.time("until")))
            .when("id < :behind", "behind", behind == null ? null : behind.keys().get(0));
    if (state == null) {
      conditions.and("state <> 'pending'");
    }
    List<IncidentView> rows =
        jdbi.read(
            caller,
            Permission.ALERTS_READ,
            handle ->
                handle
                    .createQuery(
                        "SELECT "
                            + IncidentStore.COLUMNS
                            + " FROM alert_incidents WHERE true"
                            + conditions.sql()
                            + " ORDER BY id DESC LIMIT :most")
                    .bindMap(conditions.binds())
                    .bind("most", most + 1)
                    .map((row, context) -> IncidentView.of(IncidentStore.of(row)))
                    .list());
    return Page.of(rows, most, last -> Cursor.after(last.id()));
  }

  private static @Nullable Object time(@Nullable Instant moment) {
    return moment == null ? null : moment.atOffset(ZoneOffset.UTC);
  }

  @GET
  @Path("{id}")
  @Requires(Permission.ALERTS_READ)
  @Gives(value = IncidentView.class, headers = "ETag")
  public Response incident(
      @Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    Parameters unused = Parameters.of(uri, List.of());
    IncidentView view =
        IncidentView.of(
            jdbi.read(
                caller,
                Permission.ALERTS_READ,
                handle -> Reading.incident(handle, caller, Permission.ALERTS_READ, id, "")));
    return Response.ok(view).header("ETag", view.tag().tag()).build();
  }

  /**
   * Something that happened to an incident.
   *
   * @param at epoch milliseconds
   * @param kind such as {@code firing}, {@code reminder}, {@code acknowledged}, {@code resolved}
   * @param number of the notice that told it; absent where nobody was told
   * @param by who did it; absent where it came by itself
   * @param channels that were told
   */
  public record IncidentEvent(
      long id,
      long at,
      String kind,
      @Nullable Long number,
      @Nullable String by,
      @Nullable String comment,
      List<String> channels) {}

  /** What happened to an incident, newest first. */
  @GET
  @Path("{id}/events")
  @Requires(Permission.ALERTS_READ)
  public Page<IncidentEvent> events(
      @Context Caller caller,
      @Context UriInfo uri,
      @PathParam("id") String id,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters unused = Parameters.of(uri, List.of("limit", "cursor"));
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 1);
    long before = behind == null ? Long.MAX_VALUE : behind.number(0);
    List<IncidentEvent> rows =
        jdbi.read(
            caller,
            Permission.ALERTS_READ,
            handle -> {
              Incident of = Reading.incident(handle, caller, Permission.ALERTS_READ, id, "");
              return handle
                  .createQuery(
                      "SELECT id, at, kind, number, by, comment, channels FROM alert_events"
                          + " WHERE incident = :id AND id < :before ORDER BY id DESC LIMIT :most")
                  .bind("id", of.id())
                  .bind("before", before)
                  .bind("most", most + 1)
                  .map(
                      (row, context) ->
                          new IncidentEvent(
                              row.getLong("id"),
                              row.getTimestamp("at").getTime(),
                              row.getString("kind"),
                              row.getObject("number", Long.class),
                              row.getString("by"),
                              row.getString("comment"),
                              List.of((String[]) row.getArray("channels").getArray())))
                  .list();
            });
    return Page.of(rows, most, last -> Cursor.after(Long.toString(last.id())));
  }

  /** Fields of a body that may say something. */
  static final class OfAct implements BodyFields {
    @Override
    public void read(JsonBody body) {
      String unused = Reading.comment(body);
    }
  }

  /** Fields of a body that says something. */
  static final class OfComment implements BodyFields {
    @Override
    public void read(JsonBody body) {
      String unused = Reading.requiredComment(body);
    }
  }

  /** Takes an incident: its channels are told, reminders and escalation stop. */
  @POST
  @Path("{id}/acknowledge")
  @Requires(Permission.ALERTS_WRITE)
  @Takes(body = OfAct.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(IncidentView.class)
  public Response acknowledge(
      @Context Caller caller,
      @Context ContainerRequestContext request,
      @PathParam("id") String id,
      InputStream in)
      throws IOException {
    return act(caller, request, in, id, AlertDesk.Act.ACKNOWLEDGE, Reading::comment);
  }

  /** Ends an incident. It does not begin again before its rule was clear. */
  @POST
  @Path("{id}/resolve")
  @Requires(Permission.ALERTS_WRITE)
  @Takes(body = OfAct.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(IncidentView.class)
  public Response resolve(
      @Context Caller caller,
      @Context ContainerRequestContext request,
      @PathParam("id") String id,
      InputStream in)
      throws IOException {
    return act(caller, request, in, id, AlertDesk.Act.RESOLVE, Reading::comment);
  }

  /** Says something to those who were told of an incident. */
  @POST
  @Path("{id}/comment")
  @Requires(Permission.ALERTS_WRITE)
  @Takes(body = OfComment.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(IncidentView.class)
  public Response comment(
      @Context Caller caller,
      @Context ContainerRequestContext request,
      @PathParam("id") String id,
      InputStream in)
      throws IOException {
    return act(caller, request, in, id, AlertDesk.Act.COMMENT, Reading::requiredComment);
  }

  private Response act(
      Caller caller,
      ContainerRequestContext request,
      InputStream in,
      String id,
      AlertDesk.Act act,
      Function<JsonBody, @Nullable String> said)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    String comment = said.apply(body);
    body.finish();
    return jdbi.write(
        caller,
        Permission.ALERTS_WRITE,
        handle -> {
          // What is not this caller's is absent, also to a key that was used for it before.
          Incident before =
              Reading.incident(handle, caller, Permission.ALERTS_WRITE, id, " FOR UPDATE");
          return IdempotentPost.of(request, body)
              .run(
                  handle,
                  () -> {
                    if (before.state() == IncidentState.PENDING) {
                      throw Problem.of(409, "it is pending: it may come to nothing by itself");
                    }
                    IncidentView after =
                        IncidentView.of(desk.act(handle, before, act, caller.actor(), comment));
                    Audit.append(
                        handle,
                        caller,
                        new Change(
                            "incident." + act.label(),
                            before.tenant(),
                            "incident:" + id,
                            IncidentView.of(before).audited(),
                            after.audited()));
                    return new IdempotentPost.Made(200, Map.of(), after);
                  });
        });
  }
}
