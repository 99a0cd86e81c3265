package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.policies.Activations.Kind;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** {@code /api/v1/policies/{id}/rollout} and below: a version that decides on some instances. */
@Path("/api/v1/policies")
@Produces("application/json")
public final class RolloutsResource {
  private final Steps steps;

  public RolloutsResource(Steps steps) {
    this.steps = steps;
  }

  /**
   * Lets a version decide on some instances, or on more: those with all labels, or a part of them.
   */
  @POST
  @Path("{id}/rollout")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = PolicyBodies.OfRollout.class)
  public PolicyView rollOut(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    PolicyBodies.OfRollout.Wanted fields = PolicyBodies.OfRollout.fields(body);
    body.finish();
    return steps.take(
        caller,
        id,
        fields.message(),
        (handle, policy, standing, newest) -> {
          steps.approval().require(handle, caller, policy, fields.version());
          Integer candidate = standing.candidate();
          if (candidate != null && candidate != fields.version()) {
            throw Problem.of(
                409, "version " + candidate + " is being rolled out: finish or cancel that first");
          }
          if (Objects.equals(standing.active(), fields.version())) {
            throw Problem.of(409, "version " + fields.version() + " is active everywhere");
          }
          Standing next = standing.rollingOut(fields.version(), fields.to());
          return next.equals(standing)
              ? null
              : new Steps.Next(Kind.ROLLOUT, next, newest == null ? null : newest.backTo());
        });
  }

  /** Lets the candidate decide everywhere. */
  @POST
  @Path("{id}/rollout/finish")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = PolicyBodies.OfMessage.class)
  public PolicyView finishRollout(
      @Context Caller caller, @PathParam("id") String id, InputStream in) throws IOException {
    return steps.take(
        caller,
        id,
        PolicyBodies.onlyMessage(in),
        (handle, policy, standing, newest) ->
            steps.activated(
                handle,
                caller,
                policy,
                standing,
                newest,
                candidate(standing),
                Kind.ROLLOUT_FINISH));
  }

  /** Takes the candidate back from all instances that have it. */
  @POST
  @Path("{id}/rollout/cancel")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = PolicyBodies.OfMessage.class)
  public PolicyView cancelRollout(
      @Context Caller caller, @PathParam("id") String id, InputStream in) throws IOException {
    return steps.take(
        caller,
        id,
        PolicyBodies.onlyMessage(in),
        (handle, policy, standing, newest) -> {
          int unused = candidate(standing);
          return new Steps.Next(
              Kind.ROLLOUT_CANCEL,
              standing.withoutCandidate(),
              newest == null ? null : newest.backTo());
        });
  }

  private static int candidate(Standing standing) {
    Integer candidate = standing.candidate();
    if (candidate == null) {
      throw Problem.of(409, "no version is being rolled out");
    }
    return candidate;
  }
}
