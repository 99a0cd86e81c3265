package io.llmtrace.controlplane.tenants;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Reach;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantId;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.idempotency.IdempotentPost;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.settings.Settings;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.controlplane.storage.StorableJson;
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
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/tenants}. */
@Path("/api/v1/tenants")
@Produces("application/json")
public final class TenantsResource {
  private static final String SELECT =
      "SELECT id, name, state, settings::text AS settings, revision, created_at FROM tenants";
  private static final int LONGEST_NAME = 200;
  private static final int MOST_SETTINGS = 16 << 10;
  private static final List<String> STATES = List.of("active", "suspended");

  /** Body of a new tenant. */
  static final class OfNew implements BodyFields {
    private record NewTenant(String id, @Nullable String name, @Nullable ObjectNode settings) {}

    @Override
    public void read(JsonBody body) {
      NewTenant unused = fields(body);
    }

    private static NewTenant fields(JsonBody body) {
      return new NewTenant(
          body.requiredText("id", TenantId.EXPECTED, TenantId::isOne),
          TenantsResource.name(body),
          TenantsResource.settings(body));
    }
  }

  /** Body of a change. */
  static final class OfChange implements BodyFields {
    private record ChangedTenant(
        @Nullable String name, @Nullable ObjectNode settings, @Nullable String state) {}

    @Override
    public void read(JsonBody body) {
      ChangedTenant unused = fields(body);
    }

    private static ChangedTenant fields(JsonBody body) {
      return new ChangedTenant(
          TenantsResource.name(body), TenantsResource.settings(body), body.choice("state", STATES));
    }
  }

  private final ScopedJdbi jdbi;
  private final Settings settings;
  private final Runnable changed;

  /**
   * @param changed runs after a change was committed, so that it holds here at once
   */
  public TenantsResource(ScopedJdbi jdbi, Settings settings, Runnable changed) {
    this.jdbi = jdbi;
    this.settings = settings;
    this.changed = changed;
  }

  /** Lists tenants by id. */
  @GET
  @Requires(Permission.TENANTS_READ)
  public Page<Tenant> list(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    QueryParameters.only(uri, "limit", "cursor");
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 1);
    Map<String, Object> binds = new LinkedHashMap<>();
    String sql =
        SELECT
            + " WHERE id COLLATE \"C\" > :behind"
            + Conditions.of(caller, Permission.TENANTS_READ, "id").into(binds)
            + " ORDER BY id COLLATE \"C\" LIMIT :most";
    binds.put("behind", behind == null ? "" : behind.keys().get(0));
    binds.put("most", most + 1);
    List<Tenant> rows =
        jdbi.read(
            caller,
            Permission.TENANTS_READ,
            handle ->
                handle
                    .createQuery(sql)
                    .bindMap(binds)
                    .map((row, context) -> Tenant.of(row))
                    .list());
    return Page.of(rows, most, last -> Cursor.after(last.id()));
  }

  /** Shows a tenant. */
  @GET
  @Path("{id}")
  @Requires(Permission.TENANTS_READ)
  @Gives(value = Tenant.class, headers = "ETag")
  public Response get(@Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    QueryParameters.only(uri);
    Tenant tenant =
        jdbi.read(
            caller,
            Permission.TENANTS_READ,
            handle -> find(handle, caller, Permission.TENANTS_READ, id, ""));
    return Response.ok(tenant).header("ETag", tenant.tag().tag()).build();
  }

  /** Names a tenant; exchanges may have carried its name before. */
  @POST
  @Requires(value = Permission.TENANTS_WRITE, reach = Reach.INSTALLATION)
  @Takes(body = OfNew.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(
      value = Tenant.class,
      status = 201,
      headers = {"ETag", "Location"})
  public Response create(
      @Context Caller caller, @Context ContainerRequestContext request, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    OfNew.NewTenant fields = OfNew.fields(body);
    check(body, fields.settings());
    body.finish();
    String id = fields.id();
    Response made =
        jdbi.write(
            caller,
            Permission.TENANTS_WRITE,
            handle ->
                IdempotentPost.of(request, body)
                    .run(handle, () -> made(handle, caller, id, fields.name(), fields.settings())));
    changed.run();
    return made;
  }

  private static IdempotentPost.Made made(
      Handle handle, Caller caller, String id, @Nullable String name, @Nullable JsonNode settings) {
    int inserted =
        handle
            .createUpdate(
                "INSERT INTO tenants (id, name, settings)"
                    + " VALUES (:id, :name, CAST(:settings AS jsonb)) ON CONFLICT DO NOTHING")
            .bind("id", id)
            .bind("name", name == null ? id : name)
            .bind("settings", settings == null ? "{}" : StorableJson.of(settings.toString()))
            .execute();
    if (inserted == 0) {
      throw Problem.of(409, "id: there is a tenant of this id");
    }
    Tenant tenant = find(handle, caller, Permission.TENANTS_WRITE, id, "");
    Audit.append(handle, caller, new Change("tenant.create", id, "tenant:" + id, null, tenant));
    return new IdempotentPost.Made(
        201,
        Map.of(
            "Location",
            "/api/v1/tenants/" + URLEncoder.encode(id, StandardCharsets.UTF_8),
            "ETag",
            tenant.tag().tag()),
        tenant);
  }

  /** Changes the fields that are sent. */
  @PATCH
  @Path("{id}")
  @Requires(Permission.TENANTS_WRITE)
  @Takes(body = OfChange.class)
  @Gives(value = Tenant.class, headers = "ETag")
  public Response change(
      @Context Caller caller,
      @PathParam("id") String id,
      @HeaderParam("If-Match") @Nullable String ifMatch,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    OfChange.ChangedTenant fields = OfChange.fields(body);
    check(body, fields.settings());
    body.finish();
    String name = fields.name();
    JsonNode settings = fields.settings();
    String state = fields.state();
    if (state != null) {
      // Whoever is suspended may not end it.
      caller.require(Permission.TENANTS_WRITE, TenantScope.all());
    }
    Tenant tenant =
        jdbi.write(
            caller,
            Permission.TENANTS_WRITE,
            handle -> {
              Tenant before = find(handle, caller, Permission.TENANTS_WRITE, id, " FOR UPDATE");
              before.tag().require(ifMatch);
              handle
                  .createUpdate(
                      "UPDATE tenants SET name = coalesce(:name, name),"
                          + " state = coalesce(:state, state),"
                          + " settings = coalesce(CAST(:settings AS jsonb), settings),"
                          + " revision = revision + 1 WHERE id = :id")
                  .bind("name", name)
                  .bind("state", state)
                  .bind("settings", settings == null ? null : StorableJson.of(settings.toString()))
                  .bind("id", id)
                  .execute();
              Tenant after = find(handle, caller, Permission.TENANTS_WRITE, id, "");
              Audit.append(
                  handle, caller, new Change("tenant.change", id, "tenant:" + id, before, after));
              return after;
            });
    changed.run();
    return Response.ok(tenant).header("ETag", tenant.tag().tag()).build();
  }

  private static @Nullable String name(JsonBody body) {
    return body.text(
        "name",
        "a text of 1 to " + LONGEST_NAME + " characters",
        text ->
            !text.isBlank()
                && text.length() <= LONGEST_NAME
                && text.chars().noneMatch(Character::isISOControl));
  }

  private static @Nullable ObjectNode settings(JsonBody body) {
    ObjectNode settings = body.object("settings");
    if (settings != null && settings.toString().length() > MOST_SETTINGS) {
      body.wrong("settings", "expected at most " + MOST_SETTINGS + " characters");
    }
    return settings;
  }

  /** What a setting is, says who has it: here as at {@code /api/v1/settings}. */
  private void check(JsonBody body, @Nullable ObjectNode sent) {
    if (sent != null) {
      sent.properties()
          .forEach(
              each ->
                  settings
                      .wrong(each.getKey(), each.getValue())
                      .ifPresent(problem -> body.wrong("settings/" + each.getKey(), problem)));
    }
  }

  private static Tenant find(
      Handle handle, Caller caller, Permission permission, String id, String lock) {
    Map<String, Object> binds = new LinkedHashMap<>();
    String sql =
        SELECT + " WHERE id = :id" + Conditions.of(caller, permission, "id").into(binds) + lock;
    Optional<Tenant> found =
        TenantId.isOne(id)
            ? handle
                .createQuery(sql)
                .bindMap(binds)
                .bind("id", id)
                .map((row, context) -> Tenant.of(row))
                .findOne()
            : Optional.empty();
    return found.orElseThrow(() -> Problem.absent("tenant"));
  }
}
