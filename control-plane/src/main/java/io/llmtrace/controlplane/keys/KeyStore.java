package io.llmtrace.controlplane.keys;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Problem;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes rows of {@code api_keys} for a caller, within the caller's tenants. Stateless.
 */
final class KeyStore {
  /**
   * A key to be stored.
   *
   * @param replaces the key it is rotated from
   */
  record Draft(
      String id,
      String name,
      String role,
      TenantScope tenants,
      Set<String> scopes,
      @Nullable Instant expires,
      @Nullable ApiKey replaces) {}

  private KeyStore() {}

  /** Newest first; one row more than {@code limit} if there is one. */
  static List<ApiKey> list(
      Handle handle,
      Caller caller,
      Map<String, String> filters,
      @Nullable Cursor behind,
      int limit) {
    Map<String, Object> binds = new LinkedHashMap<>();
    StringBuilder sql =
        new StringBuilder(ApiKey.SELECT)
            .append(" WHERE true")
            .append(own(caller, Permission.KEYS_READ, binds));
    if (filters.containsKey("role")) {
      sql.append(" AND k.role = :role");
    }
    if (filters.containsKey("tenant")) {
      sql.append(" AND :tenant = ANY(k.tenants)");
    }
    binds.putAll(filters);
    if (behind != null) {
      sql.append(
          " AND (CAST(extract(epoch FROM k.created_at) * 1000000 AS bigint), k.id)"
              + " < (:micros, :behind)");
      binds.put("micros", behind.number(0));
      binds.put("behind", behind.keys().get(1));
    }
    sql.append(" ORDER BY created_micros DESC, k.id DESC LIMIT :most");
    binds.put("most", limit + 1);
    return handle
        .createQuery(sql.toString())
        .bindMap(binds)
        .map((row, context) -> ApiKey.of(row))
        .list();
  }

  /**
   * One key.
   *
   * @throws jakarta.ws.rs.WebApplicationException 404 where there is none for this caller
   */
  static ApiKey find(Handle handle, Caller caller, Permission permission, String id) {
    Map<String, Object> binds = new LinkedHashMap<>();
    String sql = ApiKey.SELECT + " WHERE k.id = :id" + own(caller, permission, binds);
    Optional<ApiKey> found =
        id.indexOf('\0') >= 0
            ? Optional.empty()
            : handle
                .createQuery(sql)
                .bindMap(binds)
                .bind("id", id)
                .map((row, context) -> ApiKey.of(row))
                .findOne();
    return found.orElseThrow(() -> Problem.absent("key"));
  }

  /** As {@link #find}, and nobody else changes it before the transaction's end. */
  static ApiKey locked(Handle handle, Caller caller, String id) {
    ApiKey unlocked = find(handle, caller, Permission.KEYS_WRITE, id);
    handle
        .createQuery("SELECT id FROM api_keys WHERE id = :id FOR UPDATE")
        .bind("id", unlocked.id())
        .mapTo(String.class)
        .one();
    return find(handle, caller, Permission.KEYS_WRITE, id);
  }

  private static String own(Caller caller, Permission permission, Map<String, Object> binds) {
    if (caller.tenants(permission) instanceof TenantScope.Only only) {
      binds.put("own", only.tenants().toArray(new String[0]));
      return " AND k.tenants <> '{}' AND k.tenants <@ CAST(:own AS text[])";
    }
    return "";
  }

  static void insert(Handle handle, Caller caller, Draft draft, String token) {
    byte[] salt = KeyToken.salt();
    handle
        .createUpdate(
            "INSERT INTO api_keys (id, name, role, prefix, salt, hash, tenants, scopes,"
                + " expires_at, created_by, replaces, lineage) VALUES (:id, :name, :role, :prefix,"
                + " :salt, :hash, :tenants, :scopes, :expires, :by, :replaces, :lineage)")
        .bind("id", draft.id())
        .bind("name", draft.name())
        .bind("role", draft.role())
        .bind("prefix", KeyToken.prefix(token).orElseThrow())
        .bind("salt", salt)
        .bind("hash", KeyToken.hash(salt, token))
        .bind(
            "tenants",
            draft.tenants() instanceof TenantScope.Only only
                ? only.tenants().stream().sorted().toArray(String[]::new)
                : null)
        .bind("scopes", draft.scopes().stream().sorted().toArray(String[]::new))
        .bind("expires", draft.expires())
        .bind("by", caller.actor())
        .bind("replaces", draft.replaces() == null ? null : draft.replaces().id())
        .bind("lineage", draft.replaces() == null ? draft.id() : draft.replaces().lineage())
        .execute();
  }

  /**
   * Refuses to end the last key that may everything for good.
   *
   * @throws jakarta.ws.rs.WebApplicationException 409
   */
  static void keepOneMaster(Handle handle, ApiKey key) {
    if (!key.isMaster()) {
      return;
    }
    // Two that each end the other's last one would both find one left.
    handle.execute("SELECT pg_advisory_xact_lock(7366003)");
    boolean another =
        handle
            .createQuery(
                "SELECT EXISTS (SELECT 1 FROM api_keys WHERE id <> :id AND role = 'admin'"
                    + " AND tenants IS NULL AND scopes = '{}' AND expires_at IS NULL"
                    + " AND revoked_at IS NULL)")
            .bind("id", key.id())
            .mapTo(Boolean.class)
            .one();
    if (!another) {
      throw Problem.of(
          409, "this is the last key of an admin for all tenants without an end; make another");
    }
  }
}
