package io.llmtrace.cli.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.remote.RefusedException;
import io.llmtrace.cli.remote.RefusedException.Exit;
import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.config.OnUninspectable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is to be changed on a route, as a merge patch (RFC 7396) of its plugins. Only our own entry
 * of {@code ext-plugin-post-req} and a logger to our own tap are ours; all else of a route, and all
 * other entries beside ours, are never in a patch. Stateless.
 *
 * <p>Which plugins were added, and not only changed, stands in a label of the route, so that they
 * can be taken off by anybody and from anywhere: there is no file that could be lost.
 */
final class RouteChange {
  static final String LABEL = "llmtrace-added";
  static final String INSPECTS = "ext-plugin-post-req";
  static final String LOGS = "http-logger";
  private static final String SEPARATOR = "+";

  private RouteChange() {}

  /**
   * What is wanted on a route.
   *
   * @param settings what is to be set of our settings; what else is there is kept
   * @param degrades whether traffic passes while the plugin is away, or null to keep what is there
   * @param tap where the gateway's logger sends answers, or null for no answers
   */
  record Wanted(ObjectNode settings, @Nullable Boolean degrades, @Nullable Tap tap) {}

  /**
   * The plugin's tap.
   *
   * @param uri such as {@code http://127.0.0.1:9464/tap}
   * @param authorization the header that opens it; a secret
   */
  record Tap(String uri, String authorization) {
    @Override
    public String toString() {
      return uri;
    }
  }

  /**
   * The patch that puts us on a route; empty where nothing is to be changed.
   *
   * @throws RefusedException if the route has what would have to be replaced
   */
  static ObjectNode enable(ObjectNode route, Wanted wanted) throws RefusedException {
    ObjectNode patch = WireJson.mapper().createObjectNode();
    List<String> added = added(route);
    JsonNode inspects = route.at("/plugins/" + INSPECTS);
    ObjectNode plugins = WireJson.mapper().createObjectNode();
    ObjectNode inspecting = inspecting(inspects, wanted);
    if (!inspecting.isEmpty()) {
      plugins.set(INSPECTS, inspecting);
      add(added, inspects, INSPECTS);
    }
    Tap tap = wanted.tap();
    JsonNode logs = route.at("/plugins/" + LOGS);
    if (tap != null) {
      ObjectNode logging = logging(logs, tap);
      if (!logging.isEmpty()) {
        plugins.set(LOGS, logging);
        add(added, logs, LOGS);
      }
    }
    if (!plugins.isEmpty()) {
      patch.set("plugins", plugins);
    }
    String label = String.join(SEPARATOR, added);
    if (!label.isEmpty() && !route.at("/labels/" + LABEL).asText("").equals(label)) {
      patch.putObject("labels").put(LABEL, label);
    }
    return patch;
  }

  /**
   * Refuses a change that would silently end what the route has from elsewhere: of one plugin the
   * gateway runs the route's own and no other.
   *
   * @param patch what {@link #enable} wants
   * @param shared what the route takes plugins from, or a missing node
   * @param name of that, such as {@code service s1}
   */
  static void keepsInherited(ObjectNode route, ObjectNode patch, JsonNode shared, String name)
      throws RefusedException {
    for (String plugin : List.of(INSPECTS, LOGS)) {
      if (patch.path("plugins").has(plugin)
          && route.at("/plugins/" + plugin).isMissingNode()
          && shared.path("plugins").has(plugin)) {
        throw new RefusedException(
            Exit.REFUSED,
            "the route has "
                + plugin
                + " from its "
                + name
                + ", and one of its own would replace that. Add the settings there"
                + " (--standalone prints them), or give the route a copy of what it has there"
                + " first");
      }
    }
  }

  /**
   * The plugins that are wanted and that somebody has switched off on the route, which the gateway
   * then does not run, whatever else is set.
   */
  static List<String> switchedOff(ObjectNode route, Wanted wanted) {
    List<String> off = new ArrayList<>();
    for (String plugin : wanted.tap() == null ? List.of(INSPECTS) : List.of(INSPECTS, LOGS)) {
      if (route.at("/plugins/" + plugin + "/_meta/disable").asBoolean()) {
        off.add(plugin);
      }
    }
    return off;
  }

  /** Adds to a patch that plugins are switched on again; all else of {@code _meta} stays. */
  static void switchOn(List<String> plugins, ObjectNode patch) {
    for (String plugin : plugins) {
      patch
          .withObject("/plugins")
          .withObject("/" + plugin)
          .withObject("/_meta")
          .put("disable", false);
    }
  }

  private static void add(List<String> added, JsonNode before, String plugin) {
    if (before.isMissingNode() && !added.contains(plugin)) {
      added.add(plugin);
    }
  }

  private static ObjectNode inspecting(JsonNode before, Wanted wanted) throws RefusedException {
    ObjectNode change = WireJson.mapper().createObjectNode();
    Boolean degrades = wanted.degrades();
    if (degrades == null && before.isMissingNode()) {
      degrades = true;
    }
    if (degrades != null
        && (before.path("allow_degradation").isMissingNode()
            || before.path("allow_degradation").booleanValue() != degrades)) {
      change.put("allow_degradation", degrades.booleanValue());
    }
    ObjectNode settings = settings(before);
    ObjectNode merged = settings.deepCopy();
    merged.setAll(wanted.settings());
    if (wanted.tap() == null) {
      // Else each exchange would wait for an answer that nobody reports.
      merged.put("tap", false);
    } else if (!merged.path("tap").asBoolean(true)) {
      merged.remove("tap");
    }
    if (!merged.has("mode")) {
      // Said on the route, so that whoever reads it there sees it.
      merged.put("mode", "observe");
    }
    check(merged);
    if (!merged.equals(settings) || !named(before)) {
      ArrayNode conf = change.putArray("conf");
      // First: a stock runner cannot tell a filter that one before it has stopped the request.
      conf.addObject().put("name", RouteConf.CONF_NAME).put("value", merged.toString());
      others(before).forEach(conf::add);
    }
    return change;
  }

  private static ObjectNode logging(JsonNode before, Tap tap) throws RefusedException {
    ObjectNode wanted = WireJson.mapper().createObjectNode();
    wanted.put("uri", tap.uri()).put("auth_header", tap.authorization());
    wanted.put("include_req_body", false).put("include_resp_body", true);
    wanted.put("batch_max_size", 100).put("inactive_timeout", 1);
    // Without retries all is dropped while the plugin restarts.
    wanted.put("max_retry_count", 60).put("retry_delay", 1);
    wanted
        .putObject("log_format_extra")
        .put("request_id", "$request_id")
        .put("upstream_status", "$upstream_status")
        .put("upstream_header_time", "$upstream_header_time");
    if (before.isMissingNode()) {
      return wanted;
    }
    if (!before.path("uri").asText("").equals(tap.uri())) {
      throw new RefusedException(
          Exit.REFUSED,
          "the route has an http-logger for something else, and can have only one. Without answers:"
              + " --no-answers; with them: send that log elsewhere by another plugin first");
    }
    // Ours already; what somebody has tuned of it is kept, the secret may have changed.
    ObjectNode change = WireJson.mapper().createObjectNode();
    if (!before.path("auth_header").asText("").equals(tap.authorization())) {
      change.put("auth_header", tap.authorization());
    }
    return change;
  }

  /**
   * The patch that takes us off a route; empty where we are not on it.
   *
   * @param tap where a logger sends to that is ours, or null where only the label tells
   */
  static ObjectNode disable(ObjectNode route, @Nullable String tap) {
    ObjectNode patch = WireJson.mapper().createObjectNode();
    List<String> added = added(route);
    ObjectNode plugins = WireJson.mapper().createObjectNode();
    JsonNode inspects = route.at("/plugins/" + INSPECTS);
    if (named(inspects)) {
      List<JsonNode> others = others(inspects);
      if (!others.isEmpty()) {
        ArrayNode conf = plugins.putObject(INSPECTS).putArray("conf");
        others.forEach(conf::add);
      } else if (added.contains(INSPECTS) || !route.at("/labels/" + LABEL).isTextual()) {
        plugins.putNull(INSPECTS);
      } else {
        // It was there before us, without an entry.
        plugins.putObject(INSPECTS).putNull("conf");
      }
    }
    JsonNode logs = route.at("/plugins/" + LOGS);
    if (!logs.isMissingNode()
        && (added.contains(LOGS) || logs.path("uri").asText("").equals(tap))) {
      plugins.putNull(LOGS);
    }
    if (!plugins.isEmpty()) {
      patch.set("plugins", plugins);
    }
    if (!route.at("/labels/" + LABEL).isMissingNode()) {
      patch.putObject("labels").putNull(LABEL);
    }
    return patch;
  }

  /** A route with a patch merged into it, as the gateway does it. */
  static ObjectNode merged(ObjectNode route, ObjectNode patch) {
    ObjectNode made = route.deepCopy();
    patch
        .properties()
        .forEach(
            member -> {
              JsonNode value = member.getValue();
              if (value.isNull()) {
                made.remove(member.getKey());
              } else if (value instanceof ObjectNode inner
                  && made.get(member.getKey()) instanceof ObjectNode before) {
                made.set(member.getKey(), merged(before, inner));
              } else {
                made.set(member.getKey(), value.deepCopy());
              }
            });
    return made;
  }

  /** A copy that can be shown: without secrets of loggers. */
  static ObjectNode masked(ObjectNode json) {
    ObjectNode copy = json.deepCopy();
    JsonNode logs = copy.at("/plugins/" + LOGS);
    if (logs instanceof ObjectNode logger && logger.path("auth_header").isTextual()) {
      logger.put("auth_header", "Bearer REPLACE-WITH-THE-TAP-SECRET");
    }
    return copy;
  }

  private static void check(ObjectNode settings) throws RefusedException {
    List<String> problems =
        new RouteConfReader(150, OnUninspectable.PASS)
            .read(List.of(Map.entry(RouteConf.CONF_NAME, settings.toString())))
            .problems();
    if (!problems.isEmpty()) {
      throw new RefusedException(
          Exit.WRONG, "the route's settings would be wrong: " + String.join("; ", problems));
    }
  }

  private static boolean named(JsonNode plugin) {
    return !entry(plugin).isMissingNode();
  }

  private static JsonNode entry(JsonNode plugin) {
    for (JsonNode entry : plugin.path("conf")) {
      if (entry.path("name").asText("").equals(RouteConf.CONF_NAME)) {
        return entry;
      }
    }
    return MissingNode.getInstance();
  }

  private static List<JsonNode> others(JsonNode plugin) {
    List<JsonNode> others = new ArrayList<>();
    for (JsonNode entry : plugin.path("conf")) {
      if (!entry.path("name").asText("").equals(RouteConf.CONF_NAME)) {
        others.add(entry);
      }
    }
    return others;
  }

  /** Our settings as they are on the route; none where there are none, or none that can be read. */
  private static ObjectNode settings(JsonNode plugin) throws RefusedException {
    String value = entry(plugin).path("value").asText("");
    if (value.isBlank()) {
      return WireJson.mapper().createObjectNode();
    }
    try {
      if (WireJson.mapper().readTree(value) instanceof ObjectNode settings) {
        return settings;
      }
    } catch (JsonProcessingException e) {
      throw new RefusedException(
          Exit.REFUSED, "the route's settings are no JSON; disable it first, then enable it", e);
    }
    throw new RefusedException(
        Exit.REFUSED, "the route's settings are no JSON object; disable it first, then enable it");
  }

  private static List<String> added(ObjectNode route) {
    String label = route.at("/labels/" + LABEL).asText("");
    return label.isEmpty() ? new ArrayList<>() : new ArrayList<>(List.of(label.split("\\+", -1)));
  }
}
