package io.llmtrace.testkit.gateway;

import io.llmtrace.testkit.a6.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * Routes and consumers in APISIX's standalone shape.
 *
 * @param consumers key of key-auth to consumer name
 */
public record GatewayConfig(List<Route> routes, Map<String, String> consumers) {
  /** One route; {@code plugins} holds each plugin's configuration as it stands in the file. */
  public record Route(
      String id,
      List<String> uris,
      List<String> methods,
      Map<String, Map<String, Object>> plugins,
      String scheme,
      boolean passNodeHost,
      String host,
      int port) {
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
    Map<?, ?> upstream = map(r.get("upstream"), id + ".upstream");
    Object nodes = upstream.get("nodes");
    String node;
    if (nodes instanceof List<?> many && !many.isEmpty()) {
      Map<?, ?> first = map(many.get(0), id + ".nodes");
      node = text(first.get("host"), id + ".host") + ":" + text(first.get("port"), id + ".port");
    } else {
      node = text(map(nodes, id + ".nodes").keySet().iterator().next(), id + ".nodes");
    }
    String scheme = upstream.get("scheme") instanceof String s ? s : "http";
    int colon = node.lastIndexOf(':');
    int port =
        colon < 0
            ? (scheme.equals("https") ? 443 : 80)
            : Integer.parseInt(node.substring(colon + 1));
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
        scheme,
        "node".equals(upstream.get("pass_host")),
        colon < 0 ? node : node.substring(0, colon),
        port);
  }

  private static Map<?, ?> map(@org.jspecify.annotations.Nullable Object value, String where) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw new IllegalArgumentException(where + ": a map expected");
  }

  private static List<?> list(@org.jspecify.annotations.Nullable Object value) {
    return value instanceof List<?> list ? list : List.of();
  }

  private static String text(@org.jspecify.annotations.Nullable Object value, String where) {
    if (value == null) {
      throw new IllegalArgumentException(where + ": a value expected");
    }
    return String.valueOf(value);
  }
}
