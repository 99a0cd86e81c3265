package io.llmtrace.controlplane.nodes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.access.ScopeText;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.NodeSnapshot;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What one replica knows of nodes that report to another. */
@ExtendWith(TestStorage.Extension.class)
class NodesOfReplicasTest {
  private final TestStorage database;

  NodesOfReplicasTest(TestStorage database) {
    this.database = database;
  }

  @BeforeEach
  void none() {
    database.jdbi().useHandle(h -> h.execute("DELETE FROM instances"));
  }

  private static void report(Nodes to, long at, NodeSnapshot.Accounts accounts) throws Exception {
    NodeSnapshot snapshot =
        new NodeSnapshot(
            "gw-1", "boot", at, "1", 1, Map.of(), 0, Map.of(), 0, 0, List.of(), List.of(),
            accounts);
    to.accept(TenantScope.all(), snapshot, WireJson.mapper().writeValueAsString(snapshot));
  }

  private static boolean silent(Nodes nodes) {
    assertThat(nodes.all()).hasSize(1);
    return nodes.all().get(0).silent();
  }

  @Test
  void aNodeThatReportsToAnotherReplicaIsNotSilent() throws Exception {
    Nodes one = new Nodes(database::jdbi);
    Nodes other = new Nodes(database::jdbi);
    long at = System.currentTimeMillis();
    report(one, at, new NodeSnapshot.Accounts(3, 0, 0, 0));
    assertThat(one.differences()).as("nothing came of three records").hasSize(1);
    // The balancer sends its next reports to the other replica, and then none.
    report(other, at + 1, new NodeSnapshot.Accounts(0, 0, 0, 0));
    one.load(database.jdbi());
    assertThat(silent(one)).isFalse();
    assertThat(one.all().get(0).snapshot().at()).isEqualTo(at + 1);
    assertThat(one.differences()).as("of before, and no longer its to tell").isEmpty();
    assertThat(other.differences()).hasSize(1);

    Nodes late = new Nodes(database::jdbi);
    database
        .jdbi()
        .useHandle(h -> h.execute("UPDATE instances SET received_at = now() - interval '1 min'"));
    late.load(database.jdbi());
    assertThat(silent(late)).as("nobody has heard of it for a minute").isTrue();
    report(one, at + 2, null);
    late.load(database.jdbi());
    assertThat(silent(late)).isFalse();
  }

  private static void report(Nodes to, TenantScope scope, String node, long at) throws Exception {
    NodeSnapshot snapshot =
        new NodeSnapshot(
            node, "boot", at, "1", 1, Map.of(), 0, Map.of(), 0, 0, List.of(), List.of());
    to.accept(scope, snapshot, WireJson.mapper().writeValueAsString(snapshot));
  }

  @Test
  void aKeyForSomeTenantsDoesNotSpeakForAnInstanceOfOthers() throws Exception {
    TenantScope some = ScopeText.read("[\"a\"]");
    Nodes one = new Nodes(database::jdbi);
    report(one, TenantScope.all(), "gw-1", 1);
    Nodes other = new Nodes(database::jdbi);
    other.load(database.jdbi());
    for (Nodes replica : List.of(one, other)) {
      assertThatThrownBy(() -> report(replica, some, "gw-1", 9))
          .hasMessageContaining("gw-1 is the name of an instance whose key is for other tenants");
    }
    assertThat(other.all().get(0).snapshot().at()).isEqualTo(1);
    report(one, some, "gw-2", 5);
    assertThatThrownBy(() -> report(one, ScopeText.read("[\"b\"]"), "gw-2", 9))
        .hasMessageContaining("gw-2");
    report(one, ScopeText.read("[\"a\",\"b\"]"), "gw-2", 6);

    // One that has been silent for long gives its name away, one that was taken away is forgotten.
    silence("20 minutes");
    Nodes later = new Nodes(database::jdbi);
    later.load(database.jdbi());
    report(later, some, "gw-1", 9);
    silence("25 hours");
    Nodes last = new Nodes(database::jdbi);
    last.load(database.jdbi());
    assertThat(last.all()).isEmpty();
  }

  private void silence(String time) {
    database
        .jdbi()
        .useHandle(
            h -> h.execute("UPDATE instances SET received_at = now() - interval '" + time + "'"));
  }

  @Test
  void theClockOfANodeHidesNothing() throws Exception {
    Nodes one = new Nodes(database::jdbi);
    report(one, TenantScope.all(), "gw-1", Long.MAX_VALUE);
    report(one, TenantScope.all(), "gw-1", 5);
    assertThat(one.all().get(0).snapshot().at()).isEqualTo(5);
    Nodes late = new Nodes(database::jdbi);
    late.load(database.jdbi());
    assertThat(late.all().get(0).snapshot().at()).isEqualTo(5);
  }

  @Test
  void namesWithoutEndAreRefused() throws Exception {
    Nodes one = new Nodes(database::jdbi);
    TenantScope some = ScopeText.read("[\"a\"]");
    database
        .jdbi()
        .useHandle(
            h ->
                h.execute(
                    "INSERT INTO instances (node, received_at, snapshot, scope) SELECT 'n' || i,"
                        + " now(), jsonb_build_object('node', 'n' || i, 'boot_id', 'b', 'at', 1,"
                        + " 'version', '1', 'started_at', 1, 'breakers', '{}'::jsonb,"
                        + " 'active_connections', 0, 'models', '{}'::jsonb, 'bundle_revision', 0,"
                        + " 'spool_bytes', 0, 'routes', '[]'::jsonb, 'problems', '[]'::jsonb),"
                        + " '[\"a\"]' FROM generate_series(1, 2000) i"));
    one.load(database.jdbi());
    assertThatThrownBy(() -> report(one, some, "one-more", 1))
        .hasMessageContaining("2000 names with keys for these tenants");
    report(one, some, "n7", 2);
    report(one, TenantScope.all(), "one-more", 1);
  }
}
