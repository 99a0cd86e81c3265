package io.llmtrace.controlplane.settings;

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
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.controlplane.http.Revision;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.controlplane.storage.StorableJson;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/settings}. */
@Path("/api/v1/settings")
@Produces("application/json")
public final class SettingsResource {
  /** Body of a change: an object with values by key, {@code null} for none of its own. */
  static final class OfChange implements BodyFields {
    @Override
    public void read(JsonBody body) {
      ObjectNode unused = body.object("values");
      body.required("values", "an object with values by key");
    }
  }

  private final ScopedJdbi jdbi;
  private final Settings settings;
  private final Runnable changed;

  /**
   * @param changed runs after a change was committed, so that it holds here at once
   */
  public SettingsResource(ScopedJdbi jdbi, Settings settings, Runnable changed) {
    this.jdbi = jdbi;
    this.settings = settings;
    this.changed = changed;
  }

  /** Shows what holds for the installation, and for tenants without values of their own. */
  @GET
  @Requires(Permission.SETTINGS_READ)
  @Gives(value = SettingsView.class, headers = "ETag")
  public Response installation(@Context Caller caller, @Context UriInfo uri) {
    QueryParameters.only(uri);
    return answer(jdbi.read(caller, Permission.SETTINGS_READ, handle -> installation(handle)));
  }

  /** Shows what holds for a tenant. */
  @GET
  @Path("tenants/{id}")
  @Requires(Permission.SETTINGS_READ)
  @Gives(value = SettingsView.class, headers = "ETag")
  public Response tenant(@Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    QueryParameters.only(uri);
    return answer(
        jdbi.read(
            caller,
            Permission.SETTINGS_READ,
            handle -> tenant(handle, caller, Permission.SETTINGS_READ, id)));
  }

  /** Changes the installation's values that are sent; {@code null} takes one back. */
  @PATCH
  @Requires(value = Permission.SETTINGS_WRITE, reach = Reach.INSTALLATION)
  @Takes(body = OfChange.class)
  @Gives(value = SettingsView.class, headers = "ETag")
  public Response changeInstallation(
      @Context Caller caller, @HeaderParam("If-Match") @Nullable String ifMatch, InputStream in)
      throws IOException {
    ObjectNode values = values(in, Setting.Scope.INSTALLATION);
    mayChange(caller, values, TenantScope.all());
    SettingsView view =
        jdbi.write(
            caller,
            Permission.SETTINGS_WRITE,
            handle -> {
              Settings.Stored stored = Settings.stored(handle, " FOR UPDATE");
              new Revision(stored.revision()).require(ifMatch);
              JsonNode merged = merged(stored.values(), values);
              handle
                  .createUpdate(
                      "UPDATE settings SET \"values\" = CAST(:values AS jsonb),"
                          + " revision = revision + 1")
                  .bind("values", StorableJson.of(merged.toString()))
                  .execute();
              Audit.append(
                  handle,
                  caller,
                  new Change("settings.change", null, "settings", stored.values(), merged));
              return installation(handle);
            });
    changed.run();
    return answer(view);
  }

  /** Changes a tenant's values that are sent; {@code null} takes one back. */
  @PATCH
  @Path("tenants/{id}")
  @Requires(Permission.SETTINGS_WRITE)
  @Takes(body = OfChange.class)
  @Gives(value = SettingsView.class, headers = "ETag")
  public Response changeTenant(
      @Context Caller caller,
      @PathParam("id") String id,
      @HeaderParam("If-Match") @Nullable String ifMatch,
      InputStream in)
      throws IOException {
    ObjectNode values = values(in, Setting.Scope.TENANT);
    SettingsView view =
        jdbi.write(
            caller,
            Permission.SETTINGS_WRITE,
            handle -> {
              Permission permission = Permission.SETTINGS_WRITE;
              Settings.Stored stored = own(handle, caller, permission, id, " FOR UPDATE");
              mayChange(caller, values, TenantScope.of(id));
              new Revision(stored.revision()).require(ifMatch);
              JsonNode merged = merged(stored.values(), values);
              handle
                  .createUpdate(
                      "UPDATE tenants SET settings = CAST(:values AS jsonb),"
                          + " revision = revision + 1 WHERE id = :id")
                  .bind("values", StorableJson.of(merged.toString()))
                  .bind("id", id)
                  .execute();
              Audit.append(
                  handle,
                  caller,
                  new Change("settings.change", id, "tenant:" + id, stored.values(), merged));
              return tenant(handle, caller, permission, id);
            });
    changed.run();
    return answer(view);
  }

  private ObjectNode values(InputStream in, Setting.Scope scope) throws IOException {
    JsonBody body = JsonBody.read(in);
    body.required("values", "an object with values by key");
    ObjectNode values = body.object("values");
    if (values != null) {
      values
          .properties()
          .forEach(
              each ->
                  settings
                      .problem(each.getKey(), each.getValue(), scope)
                      .ifPresent(problem -> body.wrong("values/" + shown(each.getKey()), problem)));
    }
    body.finish();
    if (values == null) {
      throw Problem.of(400, "values: expected an object");
    }
    return values;
  }

  /** Some settings bind those who may change settings, and are not theirs to change. */
  private void mayChange(Caller caller, ObjectNode values, TenantScope tenants) {
    values
        .fieldNames()
        .forEachRemaining(
            key -> {
              Permission needed = settings.permission(key);
              if (!caller.may(needed, tenants)) {
                throw Problem.of(
                    403,
                    key
                        + ": "
                        + needed.label()
                        + (tenants instanceof TenantScope.All
                            ? " is needed for all tenants"
                            : " is needed for this tenant"));
              }
            });
  }

  private static String shown(String key) {
    return key.length() > 80 ? key.substring(0, 80) + "…" : key;
  }

  private static JsonNode merged(JsonNode before, ObjectNode changes) {
    ObjectNode merged = before.deepCopy();
    changes
        .properties()
        .forEach(
            each -> {
              if (each.getValue().isNull()) {
                merged.remove(each.getKey());
              } else {
                merged.set(each.getKey(), each.getValue());
              }
            });
    return merged;
  }

  private SettingsView installation(Handle handle) {
    Settings.Stored stored = Settings.stored(handle, "");
    return SettingsView.of(settings, null, null, stored.values(), stored.revision());
  }

  private SettingsView tenant(Handle handle, Caller caller, Permission permission, String id) {
    Settings.Stored own = own(handle, caller, permission, id, "");
    return SettingsView.of(
        settings, id, own.values(), Settings.stored(handle, "").values(), own.revision());
  }

  /** A tenant's values; they are of its own revision, because they are part of it. */
  private static Settings.Stored own(
      Handle handle, Caller caller, Permission permission, String id, String lock) {
    if (!TenantId.isOne(id)) {
      throw Problem.absent("tenant");
    }
    Map<String, Object> binds = new LinkedHashMap<>();
    String sql =
        "SELECT settings::text AS s, revision FROM tenants WHERE id = :id"
            + Conditions.of(caller, permission, "id").into(binds)
            + lock;
    return handle
        .createQuery(sql)
        .bindMap(binds)
        .bind("id", id)
        .map(
            (row, context) ->
                new Settings.Stored(Settings.json(row.getString("s")), row.getLong("revision")))
        .findOne()
        .orElseThrow(() -> Problem.absent("tenant"));
  }

  private static Response answer(SettingsView view) {
    return Response.ok(view).header("ETag", new Revision(view.revision()).tag()).build();
  }
}
