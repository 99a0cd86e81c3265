package io.llmtrace.controlplane.policies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.BodyFields;
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
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/policies/{id}/activate} and its like: which versions hold, and since when. */
@Path("/api/v1/policies")
@Produces("application/json")
public final class ActivationsResource {
  private static final int MOST_LABELS = 10;

  /** Body with a version. */
  static final class OfVersion implements BodyFields {
    @Override
    public void read(JsonBody body) {
      String unused = version(body) + PoliciesResource.message(body);
    }

    private static int version(JsonBody body) {
      body.required("version", "a version of the policy");
      return (int) body.integer("version", 1, 1, 999_999_999);
    }
  }

  /** Body of a rollout: exactly one of percent and labels. */
  static final class OfRollout implements BodyFields {
    private record Fields(int version, Rollout to, String message) {}

    @Override
    public void read(JsonBody body) {
      Fields unused = fields(body);
    }

    private static Fields fields(JsonBody body) {
      int version = OfVersion.version(body);
      int percent = (int) body.integer("percent", 0, 1, 100);
      ObjectNode labels = body.object("labels");
      if (body.isPresent("percent") == body.isPresent("labels")) {
        body.wrong("percent", "expected it or labels, and not both");
      }
      return new Fields(
          version,
          labels == null ? new Rollout.Part(percent) : new Rollout.Labelled(labels(body, labels)),
          PoliciesResource.message(body));
    }

    private static Map<String, String> labels(JsonBody body, ObjectNode labels) {
      Map<String, String> read = new TreeMap<>();
      labels
          .properties()
          .forEach(
              each -> {
                String value = each.getValue().textValue();
                if (value == null || !Labels.isName(each.getKey()) || !Labels.isValue(value)) {
                  body.wrong("labels", "expected each as " + Labels.EXPECTED);
                } else {
                  read.put(each.getKey(), value);
                }
              });
      if (labels.isEmpty() || labels.size() > MOST_LABELS) {
        body.wrong("labels", "expected 1 to " + MOST_LABELS);
      }
      return read;
    }
  }

  /** Body with nothing but why. */
  static final class OfMessage implements BodyFields {
    @Override
    public void read(JsonBody body) {
      String unused = PoliciesResource.message(body);
    }
  }

  /**
   * A change of what holds, and what held from then on.
   *
   * @param at epoch milliseconds
   * @param kind what was done: activate, roll_back, deactivate, rollout, rollout_cancel,
   *     rollout_finish, shadow, shadow_stop or standard
   */
  record ActivationView(
      long id,
      long at,
      String actor,
      String kind,
      @Nullable Integer active,
      @Nullable Integer candidate,
      PolicyView.@Nullable RolloutView rollout,
      @Nullable Integer shadow,
      boolean standard,
      String message) {
    static ActivationView of(Activation activation) {
      Standing standing = activation.standing();
      return new ActivationView(
          activation.id(),
          activation.at(),
          activation.actor(),
          activation.kind(),
          standing.active(),
          standing.candidate(),
          PolicyView.RolloutView.of(standing.rollout()),
          standing.shadow(),
          activation.standard(),
          activation.message());
    }
  }

  /**
   * What is to hold.
   *
   * @param backTo as {@link Activation#backTo}
   */
  private record Next(Kind kind, Standing standing, @Nullable Long backTo) {}

  /** Says what is to hold from what holds; null where that is what holds. */
  @FunctionalInterface
  private interface Step {
    @Nullable Next next(
        Handle handle, PolicyRow policy, Standing standing, @Nullable Activation newest);
  }

  private final ScopedJdbi jdbi;
  private final Approval approval;
  private final Runnable changed;

  /**
   * @param changed runs after a change was committed
   */
  public ActivationsResource(ScopedJdbi jdbi, Approval approval, Runnable changed) {
    this.jdbi = jdbi;
    this.approval = approval;
    this.changed = changed;
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
  @Takes(body = OfVersion.class)
  public PolicyView activate(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    int version = OfVersion.version(body);
    String message = PoliciesResource.message(body);
    body.finish();
    return step(
        caller,
        id,
        message,
        (handle, policy, standing, newest) ->
            activated(handle, caller, policy, standing, newest, version, Kind.ACTIVATE));
  }

  private @Nullable Next activated(
      Handle handle,
      Caller caller,
      PolicyRow policy,
      Standing standing,
      @Nullable Activation newest,
      int version,
      Kind kind) {
    approval.require(handle, caller, policy, version);
    Standing next = standing.activated(version);
    return next.equals(standing) ? null : new Next(kind, next, pushed(newest));
  }

  /** Where a roll back goes after a change of what is active. */
  private static @Nullable Long pushed(@Nullable Activation newest) {
    return newest == null
        ? null
        : newest.standing().active() != null ? Long.valueOf(newest.id()) : newest.backTo();
  }

  /**
   * Takes back the last step that reached traffic: a rollout under way, or else the active version,
   * for the one that was active before. Whose version that is does not matter.
   */
  @POST
  @Path("{id}/roll-back")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = OfMessage.class)
  public PolicyView rollBack(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    return step(
        caller,
        id,
        onlyMessage(in),
        (handle, policy, standing, newest) -> {
          if (standing.candidate() != null) {
            return new Next(
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
          return new Next(Kind.ROLL_BACK, standing.activated(before), target.backTo());
        });
  }

  /** Lets no version decide any more; a rollout under way ends, a shadow goes on. */
  @POST
  @Path("{id}/deactivate")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = OfMessage.class)
  public PolicyView deactivate(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    return step(
        caller,
        id,
        onlyMessage(in),
        (handle, policy, standing, newest) -> {
          Standing next = standing.deactivated();
          return next.equals(standing) ? null : new Next(Kind.DEACTIVATE, next, pushed(newest));
        });
  }

  /**
   * Lets a version decide on some instances, or on more: those with all labels, or a part of them.
   */
  @POST
  @Path("{id}/rollout")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = OfRollout.class)
  public PolicyView rollOut(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    OfRollout.Fields fields = OfRollout.fields(body);
    body.finish();
    return step(
        caller,
        id,
        fields.message(),
        (handle, policy, standing, newest) -> {
          approval.require(handle, caller, policy, fields.version());
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
              : new Next(Kind.ROLLOUT, next, newest == null ? null : newest.backTo());
        });
  }

  /** Lets the candidate decide everywhere. */
  @POST
  @Path("{id}/rollout/finish")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = OfMessage.class)
  public PolicyView finishRollout(
      @Context Caller caller, @PathParam("id") String id, InputStream in) throws IOException {
    return step(
        caller,
        id,
        onlyMessage(in),
        (handle, policy, standing, newest) ->
            activated(
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
  @Takes(body = OfMessage.class)
  public PolicyView cancelRollout(
      @Context Caller caller, @PathParam("id") String id, InputStream in) throws IOException {
    return step(
        caller,
        id,
        onlyMessage(in),
        (handle, policy, standing, newest) -> {
          int unused = candidate(standing);
          return new Next(
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

  /** Lets a version be evaluated beside the one that decides; what differs is recorded. */
  @POST
  @Path("{id}/shadow")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = OfVersion.class)
  public PolicyView startShadow(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    int version = OfVersion.version(body);
    String message = PoliciesResource.message(body);
    body.finish();
    return step(
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
              : new Next(
                  Kind.SHADOW,
                  standing.withShadow(version),
                  newest == null ? null : newest.backTo());
        });
  }

  /** Ends the shadow. */
  @POST
  @Path("{id}/shadow/stop")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = OfMessage.class)
  public PolicyView stopShadow(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    return step(
        caller,
        id,
        onlyMessage(in),
        (handle, policy, standing, newest) ->
            standing.shadow() == null
                ? null
                : new Next(
                    Kind.SHADOW_STOP,
                    standing.withShadow(null),
                    newest == null ? null : newest.backTo()));
  }

  private static String onlyMessage(InputStream in) throws IOException {
    JsonBody body = JsonBody.read(in);
    String message = PoliciesResource.message(body);
    body.finish();
    return message;
  }

  private PolicyView step(Caller caller, String id, String message, Step step) {
    PolicyView view =
        jdbi.write(
            caller,
            Permission.POLICIES_WRITE,
            handle -> {
              // One at a time: sizes of what holds are added up.
              PolicyStore.lock(handle);
              PolicyRow policy = PolicyStore.held(handle, caller, Permission.POLICIES_WRITE, id);
              Activation newest = Activations.newest(handle, id).orElse(null);
              Standing standing = newest == null ? Standing.NONE : newest.standing();
              Next next = step.next(handle, policy, standing, newest);
              PolicyView before = PolicyView.of(policy, standing, null);
              if (next == null) {
                return before;
              }
              BundleSize size = BundleSize.of(handle, policy.tenant());
              Activations.append(
                  handle, caller, policy, next.kind(), next.standing(), next.backTo(), message);
              // Back is always possible: it is what one does in an emergency.
              if (next.kind() != Kind.ROLL_BACK) {
                BundleSize.of(handle, policy.tenant()).require(size);
              }
              PolicyView after = PolicyView.of(policy, next.standing(), null);
              Audit.append(
                  handle,
                  caller,
                  new Change(
                      "policy." + next.kind().label(),
                      policy.tenant(),
                      "policy:" + id,
                      before,
                      after));
              return after;
            });
    changed.run();
    return view;
  }
}
