package io.llmtrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Upstream.Address;
import io.llmtrace.testkit.gateway.Upstream.Node;
import io.llmtrace.testkit.gateway.Upstream.PassHost;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Route files in APISIX's standalone shape. */
class GatewayConfigTest {
  @Test
  void readsNodesInBothShapesWithTheirDefaults() {
    var upstream =
        upstream(
            "scheme: https, nodes: {\"a.example\": 1, \"b.example:8443\": 2}, timeout: {read: 1.5}");
    assertThat(upstream.nodes())
        .containsExactlyInAnyOrder(
            new Node(new Address("a.example", 443), 1),
            new Node(new Address("b.example", 8443), 2));
    assertThat(upstream.readTimeout()).isEqualTo(Duration.ofMillis(1500));
    assertThat(upstream.connectTimeout()).isEqualTo(Duration.ofSeconds(60));
    assertThat(upstream.passHost()).isEqualTo(PassHost.PASS);
    assertThat(upstream("nodes: [{host: c.example, port: 81, weight: 3}]").nodes())
        .containsExactly(new Node(new Address("c.example", 81), 3));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nodes: {}                                          | at least one node",
        "nodes: [{host: h, port: x, weight: 1}]             | all.port: a whole number",
        "nodes: [{host: h, port: 1}]                        | all.weight: a value",
        "\"pass_host\": other, nodes: {\"h:1\": 1}          | pass, node or rewrite expected",
        "\"pass_host\": rewrite, nodes: {\"h:1\": 1}        | all.upstream_host: a value",
      })
  void saysWhatIsWrongWithAnUpstream(String upstream, String message) {
    assertThatThrownBy(() -> Routes.upstream(upstream))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void refusesAFileWithoutItsEnd() {
    assertThatThrownBy(() -> GatewayConfig.parse("routes: []\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("#END");
  }

  private static io.llmtrace.testkit.gateway.Upstream upstream(String yaml) {
    return Routes.upstream(yaml).routes().get(0).upstream();
  }
}
