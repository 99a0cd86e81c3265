package io.llmtrace.testkit.gateway;

import java.time.Duration;
import java.util.List;

/**
 * Where a route's requests go.
 *
 * @param scheme http or https
 * @param nodes at least one
 * @param passHost which Host header the upstream sees
 * @param host the Host header for {@link PassHost#REWRITE}
 */
public record Upstream(
    String scheme,
    List<Node> nodes,
    PassHost passHost,
    String host,
    Duration connectTimeout,
    Duration readTimeout) {
  /** The Host header of the request to the upstream. */
  public enum PassHost {
    /** The client's. */
    PASS,
    /** The node's own name. */
    NODE,
    /** A fixed one. */
    REWRITE
  }

  public record Address(String host, int port) {}

  public record Node(Address address, int weight) {}

  /** The n-th node in turn, each as often as it weighs; one of weight 0 gets nothing. */
  Address node(int turn) {
    int all = nodes.stream().mapToInt(Node::weight).sum();
    int at = Math.floorMod(turn, Math.max(1, all));
    for (Node node : nodes) {
      at -= node.weight();
      if (at < 0) {
        return node.address();
      }
    }
    return nodes.get(0).address();
  }

  /** The Host header, where the client sent {@code clientHost}. */
  String host(String clientHost, Address node) {
    return switch (passHost) {
      case PASS -> clientHost;
      case REWRITE -> host;
      case NODE -> {
        String name = node.host().contains(":") ? '[' + node.host() + ']' : node.host();
        yield node.port() == standardPort(scheme) ? name : name + ":" + node.port();
      }
    };
  }

  /** The name that a certificate must be for: the Host header's, as APISIX asks for it by SNI. */
  String serverName(String clientHost, Address node) {
    String host = host(clientHost, node);
    if (host.startsWith("[")) {
      return host.substring(1, Math.max(1, host.indexOf(']')));
    }
    int colon = host.indexOf(':');
    return colon < 0 ? host : host.substring(0, colon);
  }

  boolean secure() {
    return scheme.equals("https");
  }

  static int standardPort(String scheme) {
    return scheme.equals("https") ? 443 : 80;
  }
}
