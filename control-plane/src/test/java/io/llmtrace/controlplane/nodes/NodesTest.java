package io.llmtrace.controlplane.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.wire.NodeSnapshot.Accounts;
import org.junit.jupiter.api.Test;

/** What a process says that it made against what came. */
class NodesTest {
  @Test
  void booksBalance() {
    assertThat(Nodes.difference(new Accounts(10, 0, 0, 0), 10)).isZero();
    assertThat(Nodes.difference(new Accounts(10, 3, 2, 0), 5)).isZero();
  }

  @Test
  void aRecordThatNobodyHasIsMissing() {
    assertThat(Nodes.difference(new Accounts(10, 0, 0, 0), 9)).isEqualTo(1);
    assertThat(Nodes.difference(new Accounts(10, 4, 0, 4), 5))
        .as("what is on its way hides no loss")
        .isEqualTo(1);
  }

  @Test
  void whatIsOnItsWayMayBeHereAlready() {
    assertThat(Nodes.difference(new Accounts(10, 4, 0, 4), 10)).isZero();
    assertThat(Nodes.difference(new Accounts(10, 4, 0, 4), 6)).isZero();
  }

  @Test
  void whatCameTwiceIsTooMuch() {
    assertThat(Nodes.difference(new Accounts(10, 0, 0, 0), 12)).isEqualTo(-2);
    assertThat(Nodes.difference(new Accounts(10, 4, 0, 4), 11)).isEqualTo(-1);
  }
}
