package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.policies.Activations.Activation;
import io.llmtrace.controlplane.policies.Activations.Kind;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/policies/{id}/activate} and its like: which versions hold, and since when. */
@Path("/api/v1/policies")
@Produces("application/json")
public final class ActivationsResource {
  private final ScopedJdbi jdbi;
  private final Steps steps;

  public ActivationsResource(ScopedJdbi jdbi, Steps steps) {
    this.jdbi = jdbi;
    this.steps = steps;
  }

  /**
   * Lists what was done, the newest first; each entry says what held from then on.
   *
   * @param at a time: then the first entry is what held at it
   */
  @GET
  @Path("{id}/activations")
  @Requires(Permission.POLICIES_READ)
  public Page<ActivationView> activations(
      @Context Caller caller,
      @Context UriInfo uri,
      @PathParam("id") String id,
      @QueryParam("at") @Nullable String at,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters parameters = Parameters.of(uri, List.of("at", "limit", "cursor"));
    Instant moment = parameters.time("at");
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 1);
    List<ActivationView> rows =
        jdbi.read(
            caller,
            Permission.POLICIES_READ,
            handle -> {
              PolicyRow policy = PolicyStore.find(handle, caller, Permission.POLICIES_READ, id, "");
              return handle
                  .createQuery(
                      "SELECT "
                          + Activations.COLUMNS
                          + " FROM policy_activations a WHERE a.policy = :policy AND a.id < :below"
                          + (moment == null ? "" : " AND a.at <= to_timestamp(:at / 1000.0)")
                          + " ORDER BY a.id DESC LIMIT :most")
                  .bind("policy", policy.id())
                  .bind("below", behind == null ? Long.MAX_VALUE : behind.number(0))
                  .bindMap(moment == null ? Map.of() : Map.of("at", moment.toEpochMilli()))
                  .bind("most", most + 1)
                  .map((row, context) -> ActivationView.of(Activations.of(row)))
                  .list();
            });
    return Page.of(rows, most, last -> Cursor.after(Long.toString(last.id())));
  }

  /** Lets a version decide on all instances; a rollout under way ends. */
  @POST
  @Path("{id}/activate")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = PolicyBodies.OfVersion.class)
  public PolicyView activate(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    int version = PolicyBodies.OfVersion.version(body);
    String message = PolicyBodies.message(body);
    body.finish();
    return steps.take(
        caller,
        id,
        message,
        (handle, policy, standing, newest) ->
            steps.activated(handle, caller, policy, standing, newest, version, Kind.ACTIVATE));
  }

  /**
   * Takes back the last step that reached traffic: a rollout under way, or else the active version,
   * for the one that was active before. Whose version that is does not matter.
   */
  @POST
  @Path("{id}/roll-back")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = PolicyBodies.OfMessage.class)
  public PolicyView rollBack(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    return steps.take(
        caller,
        id,
        PolicyBodies.onlyMessage(in),
        (handle, policy, standing, newest) -> {
          if (standing.candidate() != null) {
            return new Steps.Next(
                Kind.ROLL_BACK,
                standing.withoutCandidate(),
                newest == null ? null : newest.backTo());
          }
          Long back = newest == null ? null : newest.backTo();
          Activation target = back == null ? null : Activations.find(handle, back).orElse(null);
          Integer before = target == null ? null : target.standing().active();
          if (target == null || before == null) {
            throw Problem.of(
                409, "no other version was active before: deactivate the policy instead");
          }
          return new Steps.Next(Kind.ROLL_BACK, standing.activated(before), target.backTo());
        });
  }

  /** Lets no version decide any more; a rollout under way ends, a shadow goes on. */
  @POST
  @Path("{id}/deactivate")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = PolicyBodies.OfMessage.class)
  public PolicyView deactivate(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    return steps.take(
        caller,
        id,
        PolicyBodies.onlyMessage(in),
        (handle, policy, standing, newest) -> {
          Standing next = standing.deactivated();
          return next.equals(standing)
              ? null
              : new Steps.Next(Kind.DEACTIVATE, next, Steps.pushed(newest));
        });
  }

  /** Lets a version be evaluated beside the one that decides; what differs is recorded. */
  @POST
  @Path("{id}/shadow")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = PolicyBodies.OfVersion.class)
  public PolicyView startShadow(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    int version = PolicyBodies.OfVersion.version(body);
    String message = PolicyBodies.message(body);
    body.finish();
    return steps.take(
        caller,
        id,
        message,
        (handle, policy, standing, newest) -> {
          PolicyStore.Version unused = Approval.of(handle, policy, version);
          if (Objects.equals(standing.active(), version)) {
            throw Problem.of(
                409, "version " + version + " is active: it has nothing to differ from");
          }
          return Objects.equals(standing.shadow(), version)
              ? null
              : new Steps.Next(
                  Kind.SHADOW,
                  standing.withShadow(version),
                  newest == null ? null : newest.backTo());
        });
  }

  /** Ends the shadow. */
  @POST
  @Path("{id}/shadow/stop")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = PolicyBodies.OfMessage.class)
  public PolicyView stopShadow(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    return steps.take(
        caller,
        id,
        PolicyBodies.onlyMessage(in),
        (handle, policy, standing, newest) ->
            standing.shadow() == null
                ? null
                : new Steps.Next(
                    Kind.SHADOW_STOP,
                    standing.withShadow(null),
                    newest == null ? null : newest.backTo()));
  }
}
