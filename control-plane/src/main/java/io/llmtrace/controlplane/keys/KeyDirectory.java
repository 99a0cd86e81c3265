package io.llmtrace.controlplane.keys;

import io.llmtrace.controlplane.access.Authenticator;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Grant;
import io.llmtrace.controlplane.access.Origin;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Role;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.storage.StorageUnavailableException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The valid keys, in memory. No request waits for the database to be let in; {@link #refresh} is
 * asked every second whether anything changed, see {@link KeyWatch}. While the database is away the
 * keys that are known go on working until they expire. Thread-safe.
 */
public final class KeyDirectory implements Authenticator {
  private static final Logger log = LoggerFactory.getLogger(KeyDirectory.class);

  private record Known(
      String id,
      @Nullable String prefix,
      KeyHash hash,
      Role role,
      TenantScope tenants,
      Set<Permission> scopes,
      @Nullable Instant expires,
      String lineage) {}

  private record Snapshot(
      long version,
      Map<String, Known> byPrefix,
      List<Known> ofOldForm,
      Set<String> suspendedTenants) {}

  private final Clock clock;
  private volatile @Nullable Snapshot snapshot;
  private final Map<String, Instant> uses = new ConcurrentHashMap<>();

  public KeyDirectory(Clock clock) {
    this.clock = clock;
  }

  /** Reads the keys again if anything changed since they were read. */
  public void refresh(Jdbi jdbi) {
    Snapshot now = snapshot;
    long version =
        jdbi.withHandle(
            handle ->
                handle
                    .createQuery("SELECT version FROM access_version")
                    .setQueryTimeout(2)
                    .mapTo(Long.class)
                    .one());
    if (now == null || version != now.version()) {
      load(jdbi);
    }
  }

  private synchronized void load(Jdbi jdbi) {
    Snapshot read =
        jdbi.inTransaction(TransactionIsolationLevel.REPEATABLE_READ, KeyDirectory::read);
    Snapshot now = snapshot;
    // Two may read at once: the one who asked first must not win over the other.
    if (now == null || read.version() >= now.version()) {
      snapshot = read;
    }
  }

  private static Snapshot read(Handle handle) {
    long version = handle.createQuery("SELECT version FROM access_version").mapTo(Long.class).one();
    Map<String, Known> byPrefix = new HashMap<>();
    List<Known> ofOldForm = new ArrayList<>();
    handle
        .createQuery(
            "SELECT id, prefix, salt, hash, role, tenants, scopes, expires_at,"
                + " coalesce(lineage, id) AS lineage FROM api_keys"
                + " WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())")
        .setQueryTimeout(10)
        .map((row, context) -> known(row))
        .forEach(
            found ->
                found.ifPresent(
                    key -> {
                      if (key.prefix() == null) {
                        ofOldForm.add(key);
                      } else {
                        byPrefix.put(key.prefix(), key);
                      }
                    }));
    return new Snapshot(
        version,
        byPrefix,
        ofOldForm,
        new HashSet<>(
            handle
                .createQuery("SELECT id FROM tenants WHERE state = 'suspended'")
                .mapTo(String.class)
                .list()));
  }

  /**
   * Empty for a key of a role or with scopes that a newer version made: it is not ours to guess.
   */
  private static Optional<Known> known(ResultSet row) throws SQLException {
    String id = row.getString("id");
    Optional<Role> role = Role.of(row.getString("role"));
    String[] scopeLabels = strings(row, "scopes");
    String[] tenants = strings(row, "tenants");
    List<Permission> scopes =
        scopeLabels == null
            ? List.of()
            : Arrays.stream(scopeLabels).map(Permission::of).flatMap(Optional::stream).toList();
    if (role.isEmpty() || (scopeLabels != null && scopes.size() < scopeLabels.length)) {
      log.warn("Key {} has a role or scope that this version does not know; it is not let in", id);
      return Optional.empty();
    }
    java.sql.Timestamp expires = row.getTimestamp("expires_at");
    return Optional.of(
        new Known(
            id,
            row.getString("prefix"),
            new KeyHash(row.getBytes("salt"), row.getBytes("hash")),
            role.get(),
            tenants == null ? TenantScope.all() : TenantScope.of(List.of(tenants)),
            Set.copyOf(scopes),
            expires == null ? null : expires.toInstant(),
            row.getString("lineage")));
  }

  private static String @Nullable [] strings(ResultSet row, String column) throws SQLException {
    java.sql.Array array = row.getArray(column);
    return array == null ? null : (String[]) array.getArray();
  }

  @Override
  public boolean knows(String token) {
    return KeyToken.isOne(token);
  }

  @Override
  public Optional<Caller> authenticate(String token, Origin origin) {
    Snapshot now = snapshot;
    if (now == null) {
      throw new StorageUnavailableException("starting");
    }
    Known key = find(now, token);
    Instant at = clock.instant();
    if (key == null || (key.expires() != null && !at.isBefore(key.expires()))) {
      return Optional.empty();
    }
    uses.put(key.id(), at);
    return Optional.of(
        new Caller(
            key.id(),
            Caller.Kind.KEY,
            key.lineage(),
            List.of(
                new Grant(
                    key.role(),
                    // What gateways of a suspended tenant report is not to be lost.
                    key.role() == Role.INSTANCE ? key.tenants() : active(now, key.tenants()))),
            key.scopes(),
            origin));
  }

  private static @Nullable Known find(Snapshot now, String token) {
    Optional<String> prefix = KeyToken.prefix(token);
    if (prefix.isPresent()) {
      Known key = now.byPrefix().get(prefix.get());
      boolean matches = (key == null ? KeyHash.NOBODY : key.hash()).matches(token);
      return matches ? key : null;
    }
    Known found = null;
    for (Known key : now.ofOldForm()) {
      if (key.hash().matches(token)) {
        found = key;
      }
    }
    return found;
  }

  /** Takes suspended tenants out of what somebody was granted by name. */
  public TenantScope active(TenantScope granted) {
    Snapshot now = snapshot;
    if (now == null) {
      throw new StorageUnavailableException("starting");
    }
    return active(now, granted);
  }

  private static TenantScope active(Snapshot now, TenantScope granted) {
    if (now.suspendedTenants().isEmpty() || !(granted instanceof TenantScope.Only only)) {
      return granted;
    }
    return TenantScope.of(
        only.tenants().stream()
            .filter(tenant -> !now.suspendedTenants().contains(tenant))
            .toList());
  }

  /** Writes when keys were last used since the last call. */
  void writeUses(Jdbi jdbi) {
    Map<String, Instant> written = new LinkedHashMap<>(uses);
    if (written.isEmpty()) {
      return;
    }
    jdbi.useTransaction(
        handle ->
            handle
                .createUpdate(
                    "INSERT INTO api_key_uses (key_id, last_used_at)"
                        + " SELECT u.id, u.at FROM unnest(:ids, CAST(:times AS timestamptz[]))"
                        + " AS u(id, at) JOIN api_keys USING (id) ORDER BY u.id"
                        + " ON CONFLICT (key_id) DO UPDATE SET last_used_at ="
                        + " greatest(api_key_uses.last_used_at, excluded.last_used_at)")
                .bindArray("ids", String.class, written.keySet())
                .bindArray(
                    "times",
                    String.class,
                    written.values().stream().map(Instant::toString).toList())
                .execute());
    // A use since then is a later one, and stays for the next time.
    written.forEach(uses::remove);
  }
}
