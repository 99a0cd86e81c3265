package io.llmtrace.controlplane.keys;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.NoFields;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.idempotency.IdempotentPost;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.id.Ulid;
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
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/keys}. A secret is in the answer that makes it, and nowhere else. */
@Path("/api/v1/keys")
@Produces("application/json")
public final class KeysResource {
  private static final Duration DEFAULT_OVERLAP = Duration.ofDays(1);
  private static final Duration LONGEST_OVERLAP = Duration.ofDays(30);

  /** Body of a rotation. */
  static final class Rotation implements BodyFields {
    @Override
    public void read(JsonBody body) {
      Duration unused = overlap(body);
    }

    static Duration overlap(JsonBody body) {
      return Duration.ofSeconds(
          body.integer(
              "overlap_seconds", DEFAULT_OVERLAP.toSeconds(), 0, LONGEST_OVERLAP.toSeconds()));
    }
  }

  private final ScopedJdbi jdbi;
  private final Clock clock;
  private final Runnable changed;
  private final Ulid ids = new Ulid();

  /**
   * @param changed runs after a change was committed, so that it holds here at once
   */
  public KeysResource(ScopedJdbi jdbi, Clock clock, Runnable changed) {
    this.jdbi = jdbi;
    this.clock = clock;
    this.changed = changed;
  }

  /**
   * Lists keys, the newest first.
   *
   * @param role only keys of this role
   * @param tenant only keys that hold for this tenant, or for all with {@code *}
   */
  @GET
  @Requires(Permission.KEYS_READ)
  public Page<ApiKey> list(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor,
      @QueryParam("role") @Nullable String role,
      @QueryParam("tenant") @Nullable String tenant) {
    QueryParameters.only(uri, "limit", "cursor", "role", "tenant");
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 2);
    Map<String, String> filters = new LinkedHashMap<>();
    if (role != null) {
      filters.put("role", role);
    }
    if (tenant != null) {
      filters.put("tenant", tenant);
    }
    List<ApiKey> rows =
        jdbi.read(
            caller,
            Permission.KEYS_READ,
            handle -> KeyStore.list(handle, caller, filters, behind, most));
    return Page.of(
        rows, most, last -> Cursor.after(Long.toString(last.createdMicros()), last.id()));
  }

  /** Shows a key, without its secret. */
  @GET
  @Path("{id}")
  @Requires(Permission.KEYS_READ)
  @Gives(value = ApiKey.class, headers = "ETag")
  public Response get(@Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    QueryParameters.only(uri);
    return shown(
        jdbi.read(
            caller,
            Permission.KEYS_READ,
            handle -> KeyStore.find(handle, caller, Permission.KEYS_READ, id)));
  }

  /** Makes a key. Its secret is in this answer and nowhere else. */
  @POST
  @Requires(Permission.KEYS_WRITE)
  @Takes(body = KeyFields.OfNew.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(
      value = NewKey.class,
      status = 201,
      headers = {"ETag", "Location"})
  public Response create(
      @Context Caller caller, @Context ContainerRequestContext request, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    KeyFields fields = KeyFields.ofNew(body, clock.instant());
    body.finish();
    TenantScope tenants = fields.tenants();
    caller.require(Permission.KEYS_WRITE, tenants);
    mayHandOut(caller, fields.permissions(), tenants);
    Response made =
        jdbi.write(
            caller,
            Permission.KEYS_WRITE,
            handle ->
                IdempotentPost.of(request, body)
                    .run(
                        handle,
                        () -> {
                          areThere(handle, tenants);
                          return made(
                              handle,
                              caller,
                              "key.create",
                              new KeyStore.Draft(
                                  ids.next(),
                                  fields.name(),
                                  fields.role().label(),
                                  tenants,
                                  fields.scopes(),
                                  fields.expires(),
                                  null));
                        }));
    changed.run();
    return made;
  }

  /**
   * Makes a key that is as another one was, which goes on working for {@code overlap_seconds}
   * (default a day, at most 30).
   */
  @POST
  @Path("{id}/rotate")
  @Requires(Permission.KEYS_WRITE)
  @Takes(body = Rotation.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(
      value = NewKey.class,
      status = 201,
      headers = {"ETag", "Location"})
  public Response rotate(
      @Context Caller caller,
      @Context ContainerRequestContext request,
      @PathParam("id") String id,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    Duration overlap = Rotation.overlap(body);
    body.finish();
    Response made =
        jdbi.write(
            caller,
            Permission.KEYS_WRITE,
            handle -> {
              // What is not this caller's is absent, also to a key that was used for it before.
              ApiKey seen = KeyStore.find(handle, caller, Permission.KEYS_WRITE, id);
              mayHandOut(caller, seen.permissions(), seen.scope());
              return IdempotentPost.of(request, body)
                  .run(handle, () -> rotated(handle, caller, id, overlap));
            });
    changed.run();
    return made;
  }

  private IdempotentPost.Made rotated(Handle handle, Caller caller, String id, Duration overlap) {
    ApiKey old = KeyStore.locked(handle, caller, id);
    if (!old.isActive()) {
      throw Problem.of(409, "the key is " + old.state() + "; make a new one");
    }
    Instant end = clock.instant().plus(overlap);
    Instant expires = old.expires();
    handle
        .createUpdate(
            "UPDATE api_keys SET expires_at = :end, revision = revision + 1 WHERE id = :id")
        .bind("end", expires != null && expires.isBefore(end) ? expires : end)
        .bind("id", id)
        .execute();
    return made(
        handle,
        caller,
        "key.rotate",
        new KeyStore.Draft(
            ids.next(),
            old.name(),
            old.role(),
            old.scope(),
            Set.copyOf(old.scopes()),
            expires,
            old));
  }

  private static IdempotentPost.Made made(
      Handle handle, Caller caller, String action, KeyStore.Draft draft) {
    String token = KeyToken.random();
    KeyStore.insert(handle, caller, draft, token);
    ApiKey key = KeyStore.find(handle, caller, Permission.KEYS_WRITE, draft.id());
    Audit.append(
        handle,
        caller,
        new Change(action, key.soleTenant(), "key:" + key.id(), draft.replaces(), key));
    return new IdempotentPost.Made(
        201,
        Map.of("Location", "/api/v1/keys/" + key.id(), "ETag", key.tag().tag()),
        new NewKey(key, token));
  }

  /** Ends a key now; one that is revoked already stays as it is. */
  @POST
  @Path("{id}/revoke")
  @Requires(Permission.KEYS_WRITE)
  @Takes(body = NoFields.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(value = ApiKey.class, headers = "ETag")
  public Response revoke(
      @Context Caller caller,
      @Context ContainerRequestContext request,
      @PathParam("id") String id,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    body.finish();
    Response revoked =
        jdbi.write(
            caller,
            Permission.KEYS_WRITE,
            handle -> {
              ApiKey unused = KeyStore.find(handle, caller, Permission.KEYS_WRITE, id);
              return IdempotentPost.of(request, body)
                  .run(handle, () -> revoked(handle, caller, id));
            });
    changed.run();
    return revoked;
  }

  private static IdempotentPost.Made revoked(Handle handle, Caller caller, String id) {
    ApiKey before = KeyStore.locked(handle, caller, id);
    ApiKey after = before;
    if (before.revokedAt() == null) {
      KeyStore.keepOneMaster(handle, before);
      handle.execute(
          "UPDATE api_keys SET revoked_at = now(), revision = revision + 1 WHERE id = ?", id);
      after = KeyStore.find(handle, caller, Permission.KEYS_WRITE, id);
      audited(handle, caller, "key.revoke", before, after);
    }
    return new IdempotentPost.Made(200, Map.of("ETag", after.tag().tag()), after);
  }

  /** Changes the fields that are sent: name, scopes, expires_at. Null ends narrowing and expiry. */
  @PATCH
  @Path("{id}")
  @Requires(Permission.KEYS_WRITE)
  @Takes(body = KeyFields.OfChange.class)
  @Gives(value = ApiKey.class, headers = "ETag")
  public Response change(
      @Context Caller caller,
      @PathParam("id") String id,
      @HeaderParam("If-Match") @Nullable String ifMatch,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    ApiKey key =
        jdbi.write(
            caller,
            Permission.KEYS_WRITE,
            handle -> {
              ApiKey before = KeyStore.locked(handle, caller, id);
              KeyFields fields = KeyFields.ofChange(body, before, clock.instant());
              body.finish();
              before.tag().require(ifMatch);
              if (!before.isActive()) {
                throw Problem.of(409, "the key is " + before.state() + " and stays so");
              }
              mayHandOut(caller, fields.permissions(), before.scope());
              if (!fields.scopes().isEmpty() || fields.expires() != null) {
                KeyStore.keepOneMaster(handle, before);
              }
              handle
                  .createUpdate(
                      "UPDATE api_keys SET name = :name, scopes = :scopes,"
                          + " expires_at = :expires, revision = revision + 1 WHERE id = :id")
                  .bind("name", fields.name())
                  .bind("scopes", fields.scopes().stream().sorted().toArray(String[]::new))
                  .bind("expires", fields.expires())
                  .bind("id", id)
                  .execute();
              ApiKey after = KeyStore.find(handle, caller, Permission.KEYS_WRITE, id);
              audited(handle, caller, "key.change", before, after);
              return after;
            });
    changed.run();
    return shown(key);
  }

  private static void audited(
      Handle handle, Caller caller, String action, ApiKey before, ApiKey after) {
    Audit.append(
        handle, caller, new Change(action, after.soleTenant(), "key:" + after.id(), before, after));
  }

  private static Response shown(ApiKey key) {
    return Response.ok(key).header("ETag", key.tag().tag()).build();
  }

  /** Nobody makes a key that may more than they may; what instances send is nobody's to read. */
  private static void mayHandOut(Caller caller, Set<Permission> permissions, TenantScope tenants) {
    for (Permission permission : permissions) {
      if (permission != Permission.TELEMETRY_WRITE) {
        caller.require(permission, tenants);
      }
    }
  }

  private static void areThere(Handle handle, TenantScope tenants) {
    if (tenants instanceof TenantScope.Only only) {
      List<String> there =
          handle
              .createQuery("SELECT id FROM tenants WHERE id = ANY(:ids)")
              .bindArray("ids", String.class, only.tenants())
              .mapTo(String.class)
              .list();
      if (there.size() < only.tenants().size()) {
        throw Problem.field("/tenants", "expected tenants that are in /api/v1/tenants");
      }
    }
  }
}
