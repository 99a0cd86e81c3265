package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.language.Policy;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Rows of policies and of their versions. Stateless. */
final class PolicyStore {
  private static final String COLUMNS =
      "SELECT p.id, p.tenant, p.name, p.standard, p.newest, p.revision,"
          + " CAST(extract(epoch FROM p.created_at) * 1000 AS bigint) AS created_at,"
          + " p.archived_at IS NOT NULL AS archived";

  private static final String SELECT = COLUMNS + " FROM policies p";

  private static final String VERSION =
      "SELECT v.version, v.author, v.author_person, v.message,"
          + " CAST(extract(epoch FROM v.created_at) * 1000 AS bigint) AS created_at,"
          + " v.approved_by, v.approved_person,"
          + " CAST(extract(epoch FROM v.approved_at) * 1000 AS bigint) AS approved_at,"
          + " v.source FROM policy_versions v WHERE v.policy = :policy";

  /** A policy with what holds of it. */
  record Found(PolicyRow row, Standing standing) {}

  /**
   * A version with who is behind it.
   *
   * @param approver null where nobody approved it
   */
  record Version(VersionView view, String person, @Nullable String approver, String source) {}

  private PolicyStore() {}

  /** The same for somebody whose key was rotated. */
  static String person(Caller caller) {
    return (caller.kind() == Caller.Kind.KEY ? "key:" : "oidc:") + caller.lineage();
  }

  static PolicyRow row(ResultSet row) throws SQLException {
    return new PolicyRow(
        row.getString("id"),
        row.getString("tenant"),
        row.getString("name"),
        row.getBoolean("standard"),
        row.getInt("newest"),
        row.getLong("revision"),
        row.getLong("created_at"),
        row.getBoolean("archived"));
  }

  /**
   * A policy that a caller may see, or change: what holds for everybody is seen by all, and changed
   * by callers of all tenants.
   *
   * @param lock end of the statement
   * @throws jakarta.ws.rs.WebApplicationException 404
   */
  static PolicyRow find(
      Handle handle, Caller caller, Permission permission, String id, String lock) {
    if (!Ulid.isValid(id)) {
      throw Problem.absent("policy");
    }
    return bound(
            handle.createQuery(
                SELECT + " WHERE p.id = :id" + tenants(caller, permission, "p.tenant") + lock),
            caller,
            permission)
        .bind("id", id)
        .map((row, context) -> row(row))
        .findOne()
        .orElseThrow(() -> Problem.absent("policy"));
  }

  /** The same, to be changed: held to the end of the transaction, and not archived. */
  static PolicyRow held(Handle handle, Caller caller, Permission permission, String id) {
    PolicyRow row = find(handle, caller, permission, id, " FOR UPDATE");
    if (row.archived()) {
      throw Problem.of(409, "the policy is archived");
    }
    return row;
  }

  /** The end of a {@code WHERE} that bounds rows to what a caller may see or change. */
  static String tenants(Caller caller, Permission permission, String column) {
    if (!(caller.tenants(permission) instanceof TenantScope.Only)) {
      return "";
    }
    return permission == Permission.POLICIES_READ
        ? " AND (" + column + " IS NULL OR " + column + " = ANY(:own))"
        : " AND " + column + " = ANY(:own)";
  }

  static Query bound(Query query, Caller caller, Permission permission) {
    if (caller.tenants(permission) instanceof TenantScope.Only only) {
      query.bindArray("own", String.class, only.tenants());
    }
    return query;
  }

  /**
   * Policies by name.
   *
   * @param conditions of more
   */
  static List<Found> list(
      Handle handle,
      Caller caller,
      String conditions,
      java.util.function.UnaryOperator<Query> more) {
    return more.apply(
            bound(
                handle.createQuery(
                    COLUMNS
                        + ", "
                        + Activations.STANDING
                        + " FROM policies p LEFT JOIN LATERAL (SELECT * FROM policy_activations x WHERE x.policy = p.id"
                        + " ORDER BY x.id DESC LIMIT 1) a ON true WHERE true"
                        + tenants(caller, Permission.POLICIES_READ, "p.tenant")
                        + conditions
                        + " ORDER BY p.name, p.id LIMIT :most"),
                caller,
                Permission.POLICIES_READ))
        .map((row, context) -> new Found(row(row), Activations.standing(row)))
        .list();
  }

  static Standing standing(Handle handle, String policy) {
    return Activations.newest(handle, policy)
        .map(Activations.Activation::standing)
        .orElse(Standing.NONE);
  }

  /** Policies are made, named and made the standard by one at a time. */
  static void lock(Handle handle) {
    handle.execute("SELECT pg_advisory_xact_lock(hashtextextended('llmtrace.policies', 0))");
  }

  /** Refuses a name that its tenant has, and a second standard of a tenant. */
  static void alone(
      Handle handle, String id, @Nullable String tenant, String name, boolean standard) {
    handle
        .createQuery(
            "SELECT name, standard FROM policies WHERE id <> :id AND archived_at IS NULL"
                + " AND tenant IS NOT DISTINCT FROM :tenant AND (name = :name OR (standard AND"
                + " :standard)) LIMIT 1")
        .bind("id", id)
        .bind("tenant", tenant)
        .bind("name", name)
        .bind("standard", standard)
        .map((row, context) -> row.getString("name"))
        .findOne()
        .ifPresent(
            other -> {
              throw Problem.of(
                  409,
                  other.equals(name)
                      ? "there is a policy of this name, " + name
                      : "the standard policy is " + other + "; take that from it first");
            });
  }

  static void insert(
      Handle handle, String id, @Nullable String tenant, String name, boolean standard) {
    handle
        .createUpdate(
            "INSERT INTO policies (id, tenant, name, standard) VALUES (:id, :tenant, :name,"
                + " :standard)")
        .bind("id", id)
        .bind("tenant", tenant)
        .bind("name", name)
        .bind("standard", standard)
        .execute();
  }

  static void insertVersion(
      Handle handle,
      Caller caller,
      String policy,
      @Nullable String tenant,
      int version,
      PolicyText text,
      String message) {
    handle
        .createUpdate(
            "INSERT INTO policy_versions (policy, version, tenant, source, compiled, message,"
                + " author, author_person) VALUES (:policy, :version, :tenant, :source, :compiled,"
                + " :message, :author, :person)")
        .bind("policy", policy)
        .bind("version", version)
        .bind("tenant", tenant)
        .bind("source", StorableJson.text(text.source()))
        .bind("compiled", CompiledPolicies.json(text.policy()))
        .bind("message", message)
        .bind("author", caller.actor())
        .bind("person", person(caller))
        .execute();
  }

  /** A version, if there is one. */
  static Optional<Version> version(Handle handle, String policy, int version) {
    return handle
        .createQuery(VERSION + " AND v.version = :version")
        .bind("policy", policy)
        .bind("version", version)
        .map((row, context) -> version(row))
        .findOne();
  }

  /** Versions, the newest first. */
  static List<Version> versions(Handle handle, String policy, long below, int most) {
    return handle
        .createQuery(VERSION + " AND v.version < :below ORDER BY v.version DESC LIMIT :most")
        .bind("policy", policy)
        .bind("below", below)
        .bind("most", most)
        .map((row, context) -> version(row))
        .list();
  }

  private static Version version(ResultSet row) throws SQLException {
    return new Version(
        new VersionView(
            row.getInt("version"),
            row.getString("author"),
            row.getString("message"),
            row.getLong("created_at"),
            row.getString("approved_by"),
            row.getObject("approved_at", Long.class),
            null),
        row.getString("author_person"),
        row.getString("approved_person"),
        row.getString("source"));
  }

  static Policy compiled(Handle handle, String policy, int version) {
    return handle
        .createQuery(
            "SELECT compiled FROM policy_versions WHERE policy = :policy AND version = :version")
        .bind("policy", policy)
        .bind("version", version)
        .map((row, context) -> CompiledPolicies.of(row.getString("compiled")))
        .one();
  }
}
