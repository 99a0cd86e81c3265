package io.llmtrace.testkit.gateway;

import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.gateway.Upstream.Address;
import io.llmtrace.testkit.gateway.Upstream.Node;
import io.llmtrace.testkit.gateway.Upstream.PassHost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * Routes and consumers in APISIX's standalone shape.
 *
 * @param consumers key of key-auth to consumer name
 */
public record GatewayConfig(List<Route> routes, Map<String, String> consumers) {
  /**
   * One route.
   *
   * @param plugins each plugin's configuration as it stands in the file
   * @param rewrite what proxy-rewrite makes of a path, where the route has it
   */
  public record Route(
      String id,
      List<String> uris,
      List<String> methods,
      Map<String, Map<String, Object>> plugins,
      Optional<PathRewrite> rewrite,
      Upstream upstream) {
    boolean matches(String method, String path) {
      return (methods.isEmpty() || methods.contains(method))
          && uris.stream()
              .anyMatch(
                  u ->
                      u.endsWith("*")
                          ? path.startsWith(u.substring(0, u.length() - 1))
                          : path.equals(u));
    }

    Optional<Map<String, Object>> plugin(String name) {
      return Optional.ofNullable(plugins.get(name));
    }
  }

  /**
   * Reads a route file.
   *
   * @throws IllegalArgumentException when the closing {@code #END} is missing, as APISIX ignores
   *     the file then, or a route lacks its id, uri or upstream node
   */
  public static GatewayConfig load(Path file) throws IOException {
    return parse(Files.readString(file));
  }

  /** See {@link #load}. */
  public static GatewayConfig parse(String yaml) {
    if (!yaml.stripTrailing().endsWith("#END")) {
      throw new IllegalArgumentException("the route file does not end with a line #END");
    }
    Map<?, ?> root = map(new Load(LoadSettings.builder().build()).loadFromString(yaml), "file");
    Map<String, String> consumers = new java.util.HashMap<>();
    for (Object item : list(root.get("consumers"))) {
      Map<?, ?> consumer = map(item, "consumers");
      Object auth = map(consumer.get("plugins"), "consumers.plugins").get("key-auth");
      consumers.put(
          text(map(auth, "key-auth").get("key"), "key-auth.key"),
          text(consumer.get("username"), "consumers.username"));
    }
    List<Route> routes = new ArrayList<>();
    for (Object item : list(root.get("routes"))) {
      routes.add(route(map(item, "routes")));
    }
    return new GatewayConfig(List.copyOf(routes), Map.copyOf(consumers));
  }

  /** The longest prefix wins, an exact uri before any prefix. */
  Optional<Route> match(String method, String path) {
    return routes.stream()
        .filter(r -> r.matches(method, path))
        .max(
            java.util.Comparator.comparingInt(
                r -> r.uris().stream().mapToInt(String::length).max().orElse(0)));
  }

  static List<Entry> conf(Map<String, Object> plugin) {
    List<Entry> out = new ArrayList<>();
    for (Object item : list(plugin.get("conf"))) {
      Map<?, ?> pair = map(item, "conf");
      out.add(
          new Entry(text(pair.get("name"), "conf.name"), text(pair.get("value"), "conf.value")));
    }
    return out;
  }

  private static Route route(Map<?, ?> r) {
    String id = text(r.get("id"), "routes.id");
    List<String> uris = new ArrayList<>();
    if (r.get("uri") != null) {
      uris.add(text(r.get("uri"), id + ".uri"));
    }
    list(r.get("uris")).forEach(u -> uris.add(text(u, id + ".uris")));
    if (uris.isEmpty()) {
      throw new IllegalArgumentException("route " + id + ": uri or uris expected");
    }
    Map<String, Map<String, Object>> plugins = new java.util.LinkedHashMap<>();
    if (r.get("plugins") instanceof Map<?, ?> all) {
      all.forEach(
          (name, conf) -> {
            Map<String, Object> copy = new java.util.LinkedHashMap<>();
            map(conf, id + "." + name).forEach((k, v) -> copy.put(String.valueOf(k), v));
            plugins.put(String.valueOf(name), copy);
          });
    }
    return new Route(
        id,
        uris,
        list(r.get("methods")).stream()
            .map(m -> text(m, "methods").toUpperCase(Locale.ROOT))
            .toList(),
        plugins,
        PathRewrite.of(plugins.get("proxy-rewrite")),
        upstream(map(r.get("upstream"), id + ".upstream"), id));
  }

  private static Upstream upstream(Map<?, ?> u, String id) {
    String scheme = u.get("scheme") instanceof String s ? s : "http";
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new IllegalArgumentException(id + ".scheme: http or https expected, got " + scheme);
    }
    List<Node> nodes = new ArrayList<>();
    if (u.get("nodes") instanceof List<?> many) {
      for (Object item : many) {
        Map<?, ?> node = map(item, id + ".nodes");
        Object port = node.get("port");
        nodes.add(
            new Node(
                new Address(
                    text(node.get("host"), id + ".host"),
                    port == null ? Upstream.standardPort(scheme) : whole(port, id + ".port")),
                whole(node.get("weight"), id + ".weight")));
      }
    } else {
      map(u.get("nodes"), id + ".nodes")
          .forEach(
              (name, weight) ->
                  nodes.add(
                      new Node(
                          address(String.valueOf(name), scheme), whole(weight, id + ".nodes"))));
    }
    if (nodes.isEmpty()) {
      throw new IllegalArgumentException("route " + id + ": at least one node expected");
    }
    PassHost passHost = passHost(u.get("pass_host"), id);
    String host =
        passHost == PassHost.REWRITE ? text(u.get("upstream_host"), id + ".upstream_host") : "";
    Map<?, ?> timeout = u.get("timeout") instanceof Map<?, ?> t ? t : Map.of();
    return new Upstream(
        scheme,
        List.copyOf(nodes),
        passHost,
        host,
        seconds(timeout.get("connect")),
        seconds(timeout.get("read")));
  }

  private static Address address(String node, String scheme) {
    int colon = node.lastIndexOf(':');
    return colon < 0
        ? new Address(node, Upstream.standardPort(scheme))
        : new Address(node.substring(0, colon), whole(node.substring(colon + 1), node));
  }

  private static PassHost passHost(@Nullable Object value, String id) {
    if (value == null) {
      return PassHost.PASS;
    }
    try {
      return PassHost.valueOf(String.valueOf(value).toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          id + ".pass_host: pass, node or rewrite expected, got " + value, e);
    }
  }

  /** APISIX's default for each of an upstream's time-outs is 60 s. */
  private static Duration seconds(@Nullable Object value) {
    return value instanceof Number n
        ? Duration.ofMillis(Math.round(n.doubleValue() * 1000))
        : Duration.ofSeconds(60);
  }

  private static int whole(@Nullable Object value, String where) {
    try {
      return Integer.parseInt(text(value, where));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(where + ": a whole number expected, got " + value, e);
    }
  }

  private static Map<?, ?> map(@Nullable Object value, String where) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw new IllegalArgumentException(where + ": a map expected");
  }

  private static List<?> list(@Nullable Object value) {
    return value instanceof List<?> list ? list : List.of();
  }

  private static String text(@Nullable Object value, String where) {
    if (value == null) {
      throw new IllegalArgumentException(where + ": a value expected");
    }
    return String.valueOf(value);
  }
}
