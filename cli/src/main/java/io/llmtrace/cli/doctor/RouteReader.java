package io.llmtrace.cli.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Reads routes of Apache APISIX 3.x, by its Admin API (versions 2 and 3 of its answers) or from the
 * files of a standalone gateway. Stateless.
 */
final class RouteReader {
  private static final String PREFIX = "/apisix/admin/";
  private static final int PAGE = 500;
  private static final int MOST_PAGES = 20;
  private static final long LARGEST_FILE = 8L << 20;
  private static final String END = "#END";

  /** The routes cannot be read; says why, and what mends it. */
  static final class UnreadableException extends Exception {
    private static final long serialVersionUID = 1L;
    private final String mend;

    UnreadableException(String cause, String mend) {
      super(cause);
      this.mend = mend;
    }

    String mend() {
      return mend;
    }
  }

  private RouteReader() {}

  /** Asks the Admin API. */
  static Routes ask(URI admin, String key, Duration patience)
      throws UnreadableException, InterruptedException {
    List<JsonNode> routes = list(admin, key, patience, "routes");
    Map<String, JsonNode> services = byId(list(admin, key, patience, "services"));
    Map<String, JsonNode> configs = byId(list(admin, key, patience, "plugin_configs"));
    Map<String, JsonNode> upstreams = byId(list(admin, key, patience, "upstreams"));
    List<JsonNode> rules = list(admin, key, patience, "global_rules");
    Set<String> enabled = new LinkedHashSet<>();
    JsonNode names = get(admin, key, patience, "plugins/list");
    names.forEach(name -> enabled.add(name.asText()));
    return new Routes(whole(routes, services, configs, upstreams, rules), enabled, null);
  }

  private static List<JsonNode> list(URI admin, String key, Duration patience, String kind)
      throws UnreadableException, InterruptedException {
    List<JsonNode> all = new ArrayList<>();
    for (int page = 1; page <= MOST_PAGES; page++) {
      JsonNode answer = get(admin, key, patience, kind + "?page=" + page + "&page_size=" + PAGE);
      // Version 2 has all in one answer; an empty list is an empty object of Lua.
      JsonNode items = answer.has("list") ? answer.path("list") : answer.at("/node/nodes");
      items.forEach(item -> all.add(item.path("value")));
      if (!answer.has("list") || all.size() >= answer.path("total").asInt(0) || items.isEmpty()) {
        break;
      }
    }
    return all;
  }

  private static JsonNode get(URI admin, String key, Duration patience, String path)
      throws UnreadableException, InterruptedException {
    URI uri = Peer.at(admin, PREFIX + path);
    Peer.Answer answer;
    try {
      answer = Peer.get(uri, Map.of("X-API-KEY", key), patience);
    } catch (Peer.SilentException e) {
      throw new UnreadableException(
          "The gateway's Admin API " + admin + " " + e.getMessage(),
          "curl -v "
              + admin
              + "/apisix/admin/routes   # and mend --admin, or deployment.admin.admin_listen");
    }
    if (answer.status() == 401 || answer.status() == 403) {
      throw new UnreadableException(
          "The gateway's Admin API " + admin + " refuses the key (status " + answer.status() + ")",
          "grep -A3 admin_key conf/config.yaml   # and write that key into --admin-key-file; a 403"
              + " may mean that deployment.admin.allow_admin lacks this address");
    }
    if (answer.status() != 200 || !answer.json().isContainerNode()) {
      throw new UnreadableException(
          uri + " answered " + answer.status() + " as no Admin API of APISIX does",
          "curl -v "
              + uri
              + "   # and mend --admin: the Admin API listens on port 9180 by default");
    }
    return answer.json();
  }

  /**
   * Reads {@code apisix.yaml}, and {@code config.yaml} beside it where there is one.
   *
   * @throws IOException where a file cannot be read
   */
  static Routes read(Path file) throws UnreadableException, IOException {
    JsonNode all = yaml(file);
    if (!Files.readString(file, StandardCharsets.UTF_8).stripTrailing().endsWith(END)) {
      throw new UnreadableException(
          file + " does not end with a line " + END + ", without which the gateway ignores it",
          "echo '" + END + "' >> " + file);
    }
    Path beside = file.resolveSibling("config.yaml");
    Set<String> enabled = new LinkedHashSet<>();
    String socket = null;
    if (Files.isRegularFile(beside)) {
      JsonNode config = yaml(beside);
      config.path("plugins").forEach(name -> enabled.add(name.asText()));
      socket = config.path("ext-plugin").path("path_for_test").textValue();
    }
    return new Routes(
        whole(
            items(all, "routes"),
            byId(items(all, "services")),
            byId(items(all, "plugin_configs")),
            byId(items(all, "upstreams")),
            items(all, "global_rules")),
        enabled,
        socket);
  }

  private static JsonNode yaml(Path file) throws UnreadableException, IOException {
    if (!Files.isRegularFile(file) || Files.size(file) > LARGEST_FILE) {
      throw new UnreadableException(
          file + " is no file of at most " + (LARGEST_FILE >> 20) + " MiB",
          "name the gateway's conf/apisix.yaml as --routes");
    }
    try {
      Object loaded =
          new Load(LoadSettings.builder().setMaxAliasesForCollections(50).build())
              .loadFromString(Files.readString(file, StandardCharsets.UTF_8));
      return WireJson.mapper().valueToTree(loaded);
    } catch (YamlEngineException e) {
      throw new UnreadableException(
          file + " is no YAML: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
          "edit " + file);
    }
  }

  private static List<JsonNode> items(JsonNode all, String kind) {
    List<JsonNode> items = new ArrayList<>();
    all.path(kind).forEach(items::add);
    return items;
  }

  private static Map<String, JsonNode> byId(List<JsonNode> items) {
    Map<String, JsonNode> byId = new HashMap<>();
    items.forEach(item -> byId.put(item.path("id").asText(), item));
    return byId;
  }

  private static List<Routes.Route> whole(
      List<JsonNode> routes,
      Map<String, JsonNode> services,
      Map<String, JsonNode> configs,
      Map<String, JsonNode> upstreams,
      List<JsonNode> rules) {
    List<Routes.Route> whole = new ArrayList<>();
    for (JsonNode route : routes) {
      if (route.path("status").asInt(1) == 0) {
        continue;
      }
      JsonNode service = services.get(route.path("service_id").asText());
      ObjectNode plugins = WireJson.mapper().createObjectNode();
      // The later wins: a route's own settings are stronger than what it takes from elsewhere.
      rules.forEach(rule -> merge(plugins, rule));
      merge(plugins, service);
      merge(plugins, configs.get(route.path("plugin_config_id").asText()));
      merge(plugins, route);
      List<String> paths = new ArrayList<>();
      route.path("uris").forEach(uri -> paths.add(uri.asText()));
      if (route.hasNonNull("uri")) {
        paths.add(route.path("uri").asText());
      }
      whole.add(
          new Routes.Route(
              route.path("id").asText(),
              paths,
              new ArrayList<>(hosts(route, service, upstreams)),
              plugins));
    }
    return whole;
  }

  private static void merge(ObjectNode into, @Nullable JsonNode from) {
    if (from != null && from.path("plugins") instanceof ObjectNode plugins) {
      plugins
          .properties()
          .forEach(
              each -> {
                // Switched off by _meta is as if it were not there.
                if (!each.getValue().at("/_meta/disable").asBoolean()) {
                  into.set(each.getKey(), each.getValue());
                }
              });
    }
  }

  private static Set<String> hosts(
      JsonNode route, @Nullable JsonNode service, Map<String, JsonNode> upstreams) {
    Set<String> hosts = new HashSet<>();
    for (JsonNode owner : service == null ? List.of(route) : List.of(route, service)) {
      JsonNode named = upstreams.get(owner.path("upstream_id").asText());
      for (JsonNode upstream :
          named == null
              ? List.of(owner.path("upstream"))
              : List.of(owner.path("upstream"), named)) {
        JsonNode nodes = upstream.path("nodes");
        if (nodes.isObject()) {
          nodes.fieldNames().forEachRemaining(name -> hosts.add(name.replaceFirst(":\\d+$", "")));
        } else {
          nodes.forEach(node -> hosts.add(node.path("host").asText()));
        }
      }
    }
    return hosts;
  }
}
