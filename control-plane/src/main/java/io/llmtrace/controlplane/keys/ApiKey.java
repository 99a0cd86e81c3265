package io.llmtrace.controlplane.keys;

import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Role;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.Revision;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A key as it may be shown: without its secret.
 *
 * @param prefix how the key begins; absent for keys of before prefixes
 * @param tenants for which it holds; {@code *} alone is all of them
 * @param scopes permissions of its role that it is narrowed to; empty narrows nothing
 * @param state {@code active}, {@code expired} or {@code revoked}
 * @param replaces the key that this one was rotated from
 * @param createdMicros epoch microseconds, to sort by
 */
record ApiKey(
    String id,
    String name,
    @Nullable String prefix,
    String role,
    List<String> tenants,
    List<String> scopes,
    String state,
    String createdBy,
    String createdAt,
    @Nullable String expiresAt,
    @Nullable String revokedAt,
    @Nullable String replaces,
    @Nullable String lastUsedAt,
    long revision,
    @com.fasterxml.jackson.annotation.JsonIgnore long createdMicros,
    @com.fasterxml.jackson.annotation.JsonIgnore String lineage) {

  static final String ALL = "*";

  static final String SELECT =
      "SELECT k.id, k.name, k.prefix, k.role, k.tenants, k.scopes, k.created_by, k.created_at,"
          + " k.expires_at, k.revoked_at, k.replaces, k.revision, u.last_used_at,"
          + " coalesce(k.lineage, k.id) AS lineage,"
          + " CAST(extract(epoch FROM k.created_at) * 1000000 AS bigint) AS created_micros,"
          + " CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked'"
          + " WHEN k.expires_at <= now() THEN 'expired' ELSE 'active' END AS state"
          + " FROM api_keys k LEFT JOIN api_key_uses u ON u.key_id = k.id";

  static ApiKey of(ResultSet row) throws SQLException {
    java.sql.Array tenants = row.getArray("tenants");
    return new ApiKey(
        row.getString("id"),
        row.getString("name"),
        row.getString("prefix"),
        row.getString("role"),
        tenants == null ? List.of(ALL) : List.of((String[]) tenants.getArray()),
        List.of((String[]) row.getArray("scopes").getArray()),
        row.getString("state"),
        row.getString("created_by"),
        row.getTimestamp("created_at").toInstant().toString(),
        text(row.getTimestamp("expires_at")),
        text(row.getTimestamp("revoked_at")),
        row.getString("replaces"),
        text(row.getTimestamp("last_used_at")),
        row.getLong("revision"),
        row.getLong("created_micros"),
        row.getString("lineage"));
  }

  private static @Nullable String text(@Nullable Timestamp time) {
    return time == null ? null : time.toInstant().toString();
  }

  Revision tag() {
    return new Revision(revision);
  }

  /** What it may do, as far as this version knows its role and scopes. */
  Set<Permission> permissions() {
    Set<Permission> ofRole = Role.of(role).map(Role::permissions).orElse(Set.of());
    return ofRole.stream()
        .filter(each -> scopes.isEmpty() || scopes.contains(each.label()))
        .collect(Collectors.toUnmodifiableSet());
  }

  TenantScope scope() {
    return tenants.equals(List.of(ALL)) ? TenantScope.all() : TenantScope.of(tenants);
  }

  boolean isActive() {
    return state.equals("active");
  }

  /** Whether it may everything, for good: the last one of these is not taken away. */
  boolean isMaster() {
    return isActive()
        && role.equals(Role.ADMIN.label())
        && scope() instanceof TenantScope.All
        && scopes.isEmpty()
        && expiresAt == null;
  }

  @Nullable Instant expires() {
    return expiresAt == null ? null : Instant.parse(expiresAt);
  }

  /** The tenant of its audit rows. */
  @Nullable String soleTenant() {
    return tenants.size() == 1 && !Arrays.asList(ALL).equals(tenants) ? tenants.get(0) : null;
  }
}
