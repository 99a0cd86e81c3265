package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Revision;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.idempotency.IdempotentPost;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.id.Ulid;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
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
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/policies}: what instances decide by. */
@Path("/api/v1/policies")
@Produces("application/json")
public final class PoliciesResource {
  private static final int MOST = 10_000;

  private final ScopedJdbi jdbi;
  private final Clock clock;
  private final Approval approval;
  private final Runnable changed;
  private final Ulid ids = new Ulid();

  /**
   * @param changed runs after a change of what holds was committed
   */
  public PoliciesResource(ScopedJdbi jdbi, Clock clock, Approval approval, Runnable changed) {
    this.jdbi = jdbi;
    this.clock = clock;
    this.approval = approval;
    this.changed = changed;
  }

  private LocalDate today() {
    return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
  }

  /**
   * Lists policies by name, everybody's too.
   *
   * @param name exactly
   * @param archived true for those that are archived
   */
  @GET
  @Requires(Permission.POLICIES_READ)
  public Page<PolicyView> list(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("tenant") @Nullable String tenant,
      @QueryParam("name") @Nullable String name,
      @QueryParam("archived") @Nullable String archived,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters parameters =
        Parameters.of(uri, List.of("tenant", "name", "archived", "limit", "cursor"));
    String wantedTenant = parameters.text("tenant");
    String wantedName = parameters.text("name");
    boolean gone = Boolean.TRUE.equals(parameters.yesOrNo("archived"));
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 2);
    List<PolicyStore.Found> found =
        jdbi.read(
            caller,
            Permission.POLICIES_READ,
            handle ->
                PolicyStore.list(
                    handle,
                    caller,
                    " AND (p.archived_at IS NOT NULL) = :gone AND (p.name, p.id) > (:name, :id)"
                        + (wantedTenant == null ? "" : " AND p.tenant = :wantedTenant")
                        + (wantedName == null ? "" : " AND p.name = :wantedName"),
                    query -> {
                      if (wantedTenant != null) {
                        query.bind("wantedTenant", wantedTenant);
                      }
                      if (wantedName != null) {
                        query.bind("wantedName", wantedName);
                      }
                      return query
                          .bind("gone", gone)
                          .bind("name", behind == null ? "" : behind.keys().get(0))
                          .bind("id", behind == null ? "" : behind.keys().get(1))
                          .bind("most", most + 1);
                    }));
    return Page.of(
        found.stream().map(each -> PolicyView.of(each.row(), each.standing(), null)).toList(),
        most,
        last -> Cursor.after(last.name(), last.id()));
  }

  /**
   * Stores a policy with its first version. It decides nothing until a version is activated.
   *
   * <p>{@code tenant} is whose it is, everybody's where it is absent; {@code standard} makes it the
   * layer of all routes of its tenant.
   */
  @POST
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = PolicyBodies.OfNew.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(
      value = PolicyView.class,
      status = 201,
      headers = {"ETag", "Location"})
  public Response create(
      @Context Caller caller, @Context ContainerRequestContext request, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in, PolicyText.LARGEST_BODY);
    PolicyBodies.OfNew.Fields fields = PolicyBodies.OfNew.fields(body);
    body.finish();
    caller.require(
        Permission.POLICIES_WRITE,
        fields.tenant() == null ? TenantScope.all() : TenantScope.of(fields.tenant()));
    PolicyText text = PolicyText.required(fields.source(), today());
    return jdbi.write(
        caller,
        Permission.POLICIES_WRITE,
        handle ->
            IdempotentPost.of(request, body).run(handle, () -> made(handle, caller, fields, text)));
  }

  private IdempotentPost.Made made(
      Handle handle, Caller caller, PolicyBodies.OfNew.Fields fields, PolicyText text) {
    String id = ids.next();
    String name = text.policy().name();
    PolicyStore.lock(handle);
    int count =
        handle
            .createQuery("SELECT count(*) FROM policies WHERE archived_at IS NULL")
            .mapTo(Integer.class)
            .one();
    if (count >= MOST) {
      throw Problem.of(409, "expected at most " + MOST + " policies");
    }
    PolicyStore.alone(handle, id, fields.tenant(), name, fields.standard());
    PolicyStore.insert(handle, id, fields.tenant(), name, fields.standard());
    PolicyStore.insertVersion(handle, caller, id, fields.tenant(), 1, text, fields.message());
    PolicyView view = view(handle, caller, Permission.POLICIES_WRITE, id);
    Audit.append(
        handle,
        caller,
        new Change("policy.create", fields.tenant(), "policy:" + id, null, view.withoutSource()));
    return new IdempotentPost.Made(
        201, Map.of("Location", "/api/v1/policies/" + id, "ETag", tag(view)), view);
  }

  /** Shows a policy with the source of its newest version. */
  @GET
  @Path("{id}")
  @Requires(Permission.POLICIES_READ)
  @Gives(value = PolicyView.class, headers = "ETag")
  public Response get(@Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    Parameters unused = Parameters.of(uri, List.of());
    PolicyView view =
        jdbi.read(
            caller,
            Permission.POLICIES_READ,
            handle -> view(handle, caller, Permission.POLICIES_READ, id));
    return answer(view);
  }

  /**
   * Stores a new version; those before stay as they are, and so does what is active. The name in
   * the source stays.
   */
  @PUT
  @Path("{id}")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = PolicyBodies.OfEdit.class)
  @Gives(value = PolicyView.class, headers = "ETag")
  public Response edit(
      @Context Caller caller,
      @PathParam("id") String id,
      @HeaderParam("If-Match") @Nullable String ifMatch,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in, PolicyText.LARGEST_BODY);
    String source = PolicyText.source(body);
    String message = PolicyBodies.message(body);
    body.finish();
    PolicyText text = PolicyText.required(source, today());
    PolicyView edited =
        jdbi.write(
            caller,
            Permission.POLICIES_WRITE,
            handle -> {
              PolicyRow before = PolicyStore.held(handle, caller, Permission.POLICIES_WRITE, id);
              new Revision(before.revision()).require(ifMatch);
              if (!text.policy().name().equals(before.name())) {
                throw Problem.field(
                    "/source",
                    "metadata.name: expected " + before.name() + ", which cannot be changed");
              }
              int version = before.newest() + 1;
              PolicyStore.insertVersion(
                  handle, caller, id, before.tenant(), version, text, message);
              handle
                  .createUpdate(
                      "UPDATE policies SET newest = :version, revision = revision + 1"
                          + " WHERE id = :id")
                  .bind("version", version)
                  .bind("id", id)
                  .execute();
              PolicyView after = view(handle, caller, Permission.POLICIES_WRITE, id);
              audited(handle, caller, "policy.edit", before, after);
              return after;
            });
    return answer(edited);
  }

  /**
   * Makes a policy the standard of its tenant, or no longer; it holds at once where it is active.
   */
  @PATCH
  @Path("{id}")
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = PolicyBodies.OfChange.class)
  @Gives(value = PolicyView.class, headers = "ETag")
  public Response change(
      @Context Caller caller,
      @PathParam("id") String id,
      @HeaderParam("If-Match") @Nullable String ifMatch,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    boolean standard = PolicyBodies.OfChange.standard(body);
    body.finish();
    PolicyView view =
        jdbi.write(
            caller,
            Permission.POLICIES_WRITE,
            handle -> {
              PolicyStore.lock(handle);
              PolicyRow before = PolicyStore.held(handle, caller, Permission.POLICIES_WRITE, id);
              new Revision(before.revision()).require(ifMatch);
              if (before.standard() != standard) {
                change(handle, caller, before, standard);
              }
              PolicyView after = view(handle, caller, Permission.POLICIES_WRITE, id);
              audited(handle, caller, "policy.change", before, after);
              return after;
            });
    changed.run();
    return answer(view);
  }

  private void change(Handle handle, Caller caller, PolicyRow before, boolean standard) {
    PolicyStore.alone(handle, before.id(), before.tenant(), before.name(), standard);
    handle
        .createUpdate(
            "UPDATE policies SET standard = :standard, revision = revision + 1 WHERE id = :id")
        .bind("standard", standard)
        .bind("id", before.id())
        .execute();
    PolicyRow after = PolicyStore.held(handle, caller, Permission.POLICIES_WRITE, before.id());
    Activations.newest(handle, before.id())
        .ifPresent(
            newest -> {
              // From here on it decides about other exchanges, as if it were activated.
              Integer active = newest.standing().active();
              if (active != null) {
                approval.require(handle, caller, after, active);
              }
              Activations.append(
                  handle,
                  caller,
                  after,
                  Activations.Kind.STANDARD,
                  newest.standing(),
                  newest.backTo(),
                  "");
            });
  }

  /** Archives a policy of which no version holds; its history stays, its name is free. */
  @DELETE
  @Path("{id}")
  @Requires(Permission.POLICIES_WRITE)
  @Gives(value = Void.class, status = 204)
  public Response archive(
      @Context Caller caller,
      @PathParam("id") String id,
      @HeaderParam("If-Match") @Nullable String ifMatch) {
    jdbi.write(
        caller,
        Permission.POLICIES_WRITE,
        handle -> {
          PolicyRow before = PolicyStore.held(handle, caller, Permission.POLICIES_WRITE, id);
          new Revision(before.revision()).require(ifMatch);
          if (!PolicyStore.standing(handle, id).isNothing()) {
            throw Problem.of(
                409, "a version of it holds: deactivate it, and stop its rollout and shadow first");
          }
          handle
              .createUpdate(
                  "UPDATE policies SET archived_at = now(), standard = false,"
                      + " revision = revision + 1 WHERE id = :id")
              .bind("id", id)
              .execute();
          audited(
              handle,
              caller,
              "policy.archive",
              before,
              view(handle, caller, Permission.POLICIES_WRITE, id));
          return before;
        });
    return Response.noContent().build();
  }

  private static PolicyView view(Handle handle, Caller caller, Permission permission, String id) {
    PolicyRow row = PolicyStore.find(handle, caller, permission, id, "");
    return PolicyView.of(
        row,
        PolicyStore.standing(handle, id),
        PolicyStore.version(handle, id, row.newest())
            .map(PolicyStore.Version::source)
            .orElse(null));
  }

  /** Sources stay out of the audit: versions keep them, and never change. */
  private static void audited(
      Handle handle, Caller caller, String action, PolicyRow before, PolicyView after) {
    Audit.append(
        handle,
        caller,
        new Change(
            action, before.tenant(), "policy:" + before.id(), before, after.withoutSource()));
  }

  private static Response answer(PolicyView view) {
    return Response.ok(view).header("ETag", tag(view)).build();
  }

  private static String tag(PolicyView view) {
    return new Revision(view.revision()).tag();
  }
}
