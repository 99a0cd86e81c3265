package io.llmtrace.controlplane.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.NodeSnapshot;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What one replica knows of nodes that report to another. */
@ExtendWith(TestStorage.Extension.class)
class NodesOfReplicasTest {
  private final TestStorage database;

  NodesOfReplicasTest(TestStorage database) {
    this.database = database;
  }

  private static void report(Nodes to, long at, NodeSnapshot.Accounts accounts) throws Exception {
    NodeSnapshot snapshot =
        new NodeSnapshot(
            "gw-1", "boot", at, "1", 1, Map.of(), 0, Map.of(), 0, 0, List.of(), List.of(),
            accounts);
    to.accept(snapshot, WireJson.mapper().writeValueAsString(snapshot));
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
}
