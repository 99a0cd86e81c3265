package io.llmtrace.testkit;

import io.llmtrace.testkit.gateway.GatewayConfig;

/** Route files of one route for everything. */
final class Routes {
  private Routes() {}

  /** A route without plugins. */
  static GatewayConfig plain(int port) {
    return upstream("nodes: {\"127.0.0.1:" + port + "\": 1}");
  }

  /** A route without plugins; the upstream as one line of YAML inside braces. */
  static GatewayConfig upstream(String upstream) {
    return GatewayConfig.parse(
        """
        routes:
          - id: all
            uri: /*
            upstream: {%s}
        #END
        """
            .formatted(upstream));
  }

  /** A route with one of the ext-plugins. */
  static GatewayConfig plugin(String plugin, boolean degrade, int port) {
    return with(
        "%s: {allow_degradation: %s, conf: [{name: llmtrace, value: '{}'}]}"
            .formatted(plugin, degrade),
        port);
  }

  /** A route with plugins, as one line of YAML inside braces. */
  static GatewayConfig with(String plugins, int port) {
    return with("all", plugins, port);
  }

  /** A route with plugins, and a consumer. */
  static GatewayConfig with(String id, String plugins, int port) {
    return GatewayConfig.parse(
        """
        consumers:
          - username: team_a
            plugins: {key-auth: {key: example-consumer-key}}
        routes:
          - id: %s
            uri: /*
            plugins: {%s}
            upstream: {nodes: {"127.0.0.1:%d": 1}}
        #END
        """
            .formatted(id, plugins, port));
  }
}
