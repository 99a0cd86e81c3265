package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.language.Defaults;
import io.llmtrace.policies.language.Match;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.policy.Mode;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.util.List;
import java.util.Map;

/** Policies that are put where the service finds them. */
public final class StoredPolicies {
  private final TestControlPlane plane;
  private final Ulid ids = new Ulid();

  public StoredPolicies(TestControlPlane plane) {
    this.plane = plane;
  }

  /**
   * A policy with some versions, of which none holds.
   *
   * @param tenant null for everybody's
   * @return its id
   */
  public String put(String tenant, String name, int versions) throws Exception {
    return put(tenant, name, versions, "");
  }

  /**
   * The same with a longer text.
   *
   * @param more follows the description of each version
   */
  public String put(String tenant, String name, int versions, String more) throws Exception {
    String id = ids.next();
    sql(
        "INSERT INTO policies (id, tenant, name, newest) VALUES (?, ?, ?, ?)",
        id,
        tenant,
        name,
        versions);
    for (int version = 1; version <= versions; version++) {
      sql(
          "INSERT INTO policy_versions (policy, version, tenant, source, compiled, message, author,"
              + " author_person) VALUES (?, ?, ?, ?, ?, 'of a test', 'key:test', 'key:test')",
          id,
          version,
          tenant,
          "kind: Policy # " + version,
          CompiledPolicies.json(policy(name, "version " + version + more)));
    }
    return id;
  }

  /** What holds of a policy from now on. */
  public void stand(String id, Integer active, Integer candidate, String rollout, Integer shadow)
      throws Exception {
    sql(
        "INSERT INTO policy_activations (policy, tenant, actor, kind, active, candidate, rollout,"
            + " shadow, standard) SELECT id, tenant, 'key:test', 'activate', ?, ?,"
            + " CAST(? AS jsonb), ?, standard FROM policies WHERE id = ?",
        active,
        candidate,
        rollout,
        shadow,
        id);
  }

  private static Policy policy(String name, String description) {
    return new Policy(
        name,
        new Policy.Metadata(description, "", Map.of()),
        Mode.OBSERVE,
        Match.ALL,
        Defaults.ON,
        null,
        Map.of(),
        null,
        null,
        Map.of(),
        null,
        null,
        List.of(),
        Map.of(),
        List.of(),
        List.of(),
        List.of());
  }

  private void sql(String sql, Object... values) throws Exception {
    try (Connection connection = DriverManager.getConnection(plane.url());
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      statement.execute();
    }
  }
}
