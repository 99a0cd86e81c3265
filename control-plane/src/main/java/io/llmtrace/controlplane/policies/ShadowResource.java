package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/policies/{id}/shadow/report}: what a candidate would have decided. */
@Path("/api/v1/policies/{id}/shadow/report")
@Produces("application/json")
public final class ShadowResource {
  private static final int EXAMPLES = 50;

  /**
   * What a candidate would have done, beside what the active version did in enforce mode.
   *
   * @param version of the candidate; absent where none was ever evaluated
   * @param exchanges all that both decided about
   * @param different those of them that the two decide differently
   */
  record ShadowReport(
      String policy,
      @Nullable Integer version,
      long exchanges,
      long different,
      List<ShadowCell> decisions,
      List<ShadowDifference> examples) {}

  /**
   * Exchanges that were decided alike.
   *
   * @param active what the active version does
   * @param candidate what the candidate would do
   */
  record ShadowCell(String active, String candidate, long exchanges) {}

  /**
   * An exchange that the two decide differently, without anything of its content.
   *
   * @param rule of the candidate
   */
  record ShadowDifference(
      String decisionId,
      String tenant,
      String active,
      String candidate,
      String rule,
      List<String> findingTypes) {}

  private final ScopedJdbi jdbi;

  public ShadowResource(ScopedJdbi jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Compares a candidate's decisions with the active version's, over the exchanges that both saw.
   *
   * @param version of the candidate; without, the one that is or was last evaluated
   */
  @GET
  @Requires(Permission.POLICIES_READ)
  public ShadowReport report(
      @Context Caller caller,
      @Context UriInfo uri,
      @PathParam("id") String id,
      @QueryParam("version") @Nullable String version,
      @QueryParam("since") @Nullable String since,
      @QueryParam("until") @Nullable String until) {
    QueryParameters.only(uri, "version", "since", "until");
    Parameters parameters = Parameters.of(uri, List.of("version", "since", "until"));
    String wanted = parameters.matching("version", "[1-9][0-9]{0,8}", "a version of the policy");
    Instant from = parameters.time("since");
    Instant to = parameters.time("until");
    return jdbi.read(
        caller,
        Permission.POLICIES_READ,
        handle -> {
          PolicyRow policy = PolicyStore.find(handle, caller, Permission.POLICIES_READ, id, "");
          Integer candidate =
              wanted == null ? last(handle, policy) : Integer.valueOf(Integer.parseInt(wanted));
          return candidate == null
              ? new ShadowReport(policy.name(), null, 0, 0, List.of(), List.of())
              : report(handle, caller, policy, candidate, from, to);
        });
  }

  private static @Nullable Integer last(Handle handle, PolicyRow policy) {
    return handle
        .createQuery(
            "SELECT shadow FROM policy_activations WHERE policy = :policy AND shadow IS NOT NULL"
                + " ORDER BY id DESC LIMIT 1")
        .bind("policy", policy.id())
        .mapTo(Integer.class)
        .findOne()
        .orElse(null);
  }

  private static ShadowReport report(
      Handle handle,
      Caller caller,
      PolicyRow policy,
      int version,
      @Nullable Instant from,
      @Nullable Instant to) {
    List<ShadowCell> cells =
        bound(
                handle.createQuery(
                    "SELECT s.active, s.candidate, sum(s.exchanges)::bigint AS exchanges"
                        + " FROM policy_shadow_sums s WHERE s.hour >= :from AND s.hour < :to"
                        + of(caller, policy)
                        + " GROUP BY s.active, s.candidate ORDER BY s.active, s.candidate"),
                caller,
                policy,
                version)
            .bind("from", from == null ? 0 : Math.floorDiv(from.getEpochSecond(), 3600) * 3600)
            .bind("to", to == null ? Long.MAX_VALUE : to.getEpochSecond())
            .map(
                (row, context) ->
                    new ShadowCell(
                        row.getString("active"),
                        row.getString("candidate"),
                        row.getLong("exchanges")))
            .list();
    List<ShadowDifference> examples =
        bound(
                handle.createQuery(
                    "SELECT s.decision_id, s.tenant, s.active, s.candidate, s.rule,"
                        + " ARRAY(SELECT DISTINCT f.type FROM findings f"
                        + " WHERE f.decision_id = s.decision_id"
                        + " AND f.day = llmtrace_ulid_day(s.decision_id) ORDER BY 1) AS types"
                        + " FROM policy_shadow_examples s WHERE true"
                        + of(caller, policy)
                        + " ORDER BY s.decision_id DESC LIMIT "
                        + EXAMPLES),
                caller,
                policy,
                version)
            .map((row, context) -> difference(row))
            .list();
    return new ShadowReport(
        policy.name(),
        version,
        cells.stream().mapToLong(ShadowCell::exchanges).sum(),
        cells.stream()
            .filter(each -> !each.active().equals(each.candidate()))
            .mapToLong(ShadowCell::exchanges)
            .sum(),
        cells,
        examples);
  }

  /** Records name a policy by its name; a tenant's own hides everybody's of the same name. */
  private static String of(Caller caller, PolicyRow policy) {
    return " AND s.policy = :name AND s.version = :version"
        + (policy.tenant() == null
            ? " AND NOT EXISTS (SELECT FROM policies o WHERE o.tenant = s.tenant"
                + " AND o.name = s.policy AND o.archived_at IS NULL)"
            : " AND s.tenant = :tenant")
        + (caller.tenants(Permission.POLICIES_READ) instanceof TenantScope.Only
            ? " AND s.tenant = ANY(:own)"
            : "");
  }

  private static Query bound(Query query, Caller caller, PolicyRow policy, int version) {
    String tenant = policy.tenant();
    if (tenant != null) {
      query.bind("tenant", tenant);
    }
    return PolicyStore.bound(query, caller, Permission.POLICIES_READ)
        .bind("name", policy.name())
        .bind("version", version);
  }

  private static ShadowDifference difference(ResultSet row) throws SQLException {
    Array types = row.getArray("types");
    return new ShadowDifference(
        row.getString("decision_id"),
        row.getString("tenant"),
        row.getString("active"),
        row.getString("candidate"),
        row.getString("rule"),
        List.of((String[]) types.getArray()));
  }
}
