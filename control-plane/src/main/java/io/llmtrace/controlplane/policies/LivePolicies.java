package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.query.Rows;
import io.llmtrace.policies.bundle.Bundle.Role;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.jspecify.annotations.Nullable;

/**
 * What holds of all policies at one moment. Immutable.
 *
 * @param version grows with each change
 * @param policies those of which any version holds
 */
public record LivePolicies(long version, List<Live> policies) {
  /**
   * A policy of which a version holds.
   *
   * @param madeAt when the versions that hold were made, in epoch microseconds
   */
  public record Live(
      String id,
      @Nullable String tenant,
      String name,
      boolean standard,
      Standing standing,
      Map<Integer, Long> madeAt) {
    public Live {
      madeAt = Map.copyOf(madeAt);
    }
  }

  /**
   * A version that an instance is given.
   *
   * @param madeAt epoch microseconds: with it the version is told from another one that got its
   *     number after the database was set back
   */
  public record Chosen(
      String policy,
      @Nullable String tenant,
      String name,
      int version,
      Role role,
      boolean standard,
      long madeAt) {}

  private static final Comparator<Chosen> ORDER =
      Comparator.comparing((Chosen each) -> each.tenant() == null ? "" : each.tenant())
          .thenComparing(Chosen::name)
          .thenComparing(Chosen::role);

  public LivePolicies {
    policies = List.copyOf(policies);
  }

  /** The number of the newest change: one row, asked several times a second. */
  public static long version(Jdbi jdbi) {
    return jdbi.withHandle(LivePolicies::version);
  }

  private static long version(Handle handle) {
    return handle
        .createQuery("SELECT version FROM policy_changes")
        .setQueryTimeout(2)
        .mapTo(Long.class)
        .one();
  }

  /** Reads what holds now. */
  public static LivePolicies read(Jdbi jdbi) {
    return jdbi.inTransaction(
        // One moment, so that the version is that of the rows.
        TransactionIsolationLevel.REPEATABLE_READ,
        handle ->
            new LivePolicies(
                version(handle),
                handle
                    .createQuery(
                        "SELECT p.id, p.tenant, p.name, a.standard, "
                            + Activations.STANDING
                            + ", (SELECT jsonb_object_agg(v.version, CAST(extract(epoch FROM"
                            + " v.created_at) * 1000000 AS bigint)) FROM policy_versions v"
                            + " WHERE v.policy = p.id AND v.version IN (a.active, a.candidate,"
                            + " a.shadow))::text AS made_at"
                            + " FROM policies p JOIN LATERAL (SELECT * FROM policy_activations x"
                            + " WHERE x.policy = p.id ORDER BY x.id DESC LIMIT 1) a ON true"
                            + " WHERE p.archived_at IS NULL AND (a.active IS NOT NULL"
                            + " OR a.candidate IS NOT NULL OR a.shadow IS NOT NULL)"
                            + " ORDER BY p.id")
                    .setQueryTimeout(10)
                    .map(
                        (row, context) ->
                            new Live(
                                row.getString("id"),
                                row.getString("tenant"),
                                row.getString("name"),
                                row.getBoolean("standard"),
                                Activations.standing(row),
                                madeAt(row.getString("made_at"))))
                    .list()));
  }

  private static Map<Integer, Long> madeAt(String json) {
    Map<Integer, Long> made = new HashMap<>();
    Rows.object(json)
        .properties()
        .forEach(each -> made.put(Integer.valueOf(each.getKey()), each.getValue().asLong()));
    return made;
  }

  /**
   * What an instance is given: everybody's policies and those of its tenants, ordered as bundles
   * are.
   */
  public List<Chosen> of(TenantScope tenants, String node, Map<String, String> labels) {
    List<Chosen> chosen = new ArrayList<>();
    for (Live live : policies) {
      String tenant = live.tenant();
      if (tenant != null && !tenants.includes(tenant)) {
        continue;
      }
      Standing standing = live.standing();
      Rollout rollout = standing.rollout();
      Integer decides =
          rollout != null && rollout.reaches(live.id(), node, labels)
              ? standing.candidate()
              : standing.active();
      Integer shadow = standing.shadow();
      if (decides != null) {
        chosen.add(chosen(live, decides, Role.ACTIVE));
      }
      if (shadow != null && !shadow.equals(decides)) {
        chosen.add(chosen(live, shadow, Role.SHADOW));
      }
    }
    chosen.sort(ORDER);
    return List.copyOf(chosen);
  }

  private static Chosen chosen(Live live, int version, Role role) {
    return new Chosen(
        live.id(),
        live.tenant(),
        live.name(),
        version,
        role,
        live.standard(),
        live.madeAt().getOrDefault(version, 0L));
  }
}
