package io.llmtrace.cli.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.yaml.Nearest;
import io.llmtrace.runtime.config.OnUninspectable;
import io.llmtrace.runtime.config.PluginConfig;
import io.llmtrace.runtime.config.Secret;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The gateway's routes: that those in front of models have the plugin, and that what they say works
 * together with this node's configuration.
 */
final class RoutesCheck implements Check {
  static final String NAME = "routes";
  private static final List<String> REQUEST_SIDE =
      List.of("ext-plugin-post-req", "ext-plugin-pre-req");
  private static final String LOGGER = "http-logger";

  /** Hosts of providers, and paths that only APIs of models have. */
  private static final Pattern PROVIDERS =
      Pattern.compile(
          "(.*\\.)?(openai\\.com|openai\\.azure\\.com|anthropic\\.com|mistral\\.ai|cohere\\.(ai|com)"
              + "|groq\\.com|deepseek\\.com|together\\.(ai|xyz)|openrouter\\.ai"
              + "|generativelanguage\\.googleapis\\.com|aiplatform\\.googleapis\\.com)"
              + "|bedrock-runtime\\..*\\.amazonaws\\.com|.*-aiplatform\\.googleapis\\.com");

  private static final Pattern PATHS =
      Pattern.compile(
          ".*/(chat/completions|v1/messages|v1/responses|v1/completions|api/chat|api/generate)\\*?");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Side side() {
    return Side.PLUGIN;
  }

  @Override
  public Set<String> needs() {
    return Set.of(ConfigurationCheck.NAME);
  }

  @Override
  public Outcome look(Deployment deployment) throws IOException, InterruptedException {
    Findings findings = new Findings(NAME);
    Path file = deployment.routes();
    URI admin = deployment.admin();
    Routes routes;
    try {
      if (admin != null) {
        Secret key = deployment.adminKey();
        routes = RouteReader.ask(admin, key == null ? "" : key.reveal(), deployment.patience());
      } else if (file != null) {
        routes = RouteReader.read(file);
      } else {
        return new Outcome.Skipped("neither --admin nor --routes was given");
      }
    } catch (RouteReader.UnreadableException e) {
      return findings.error(String.valueOf(e.getMessage()), e.mend()).or("");
    }
    int inspected = 0;
    for (Routes.Route route : routes.routes()) {
      boolean has = REQUEST_SIDE.stream().anyMatch(route.plugins()::has);
      inspected += has ? 1 : 0;
      if (has) {
        new OneRoute(deployment, routes, route, findings).look();
      } else if (isForModels(route)) {
        findings.error(
            "Route "
                + route.id()
                + " leads to a model and has no ext-plugin-post-req: nothing of"
                + " it is inspected",
            enable(deployment, route.id()));
      }
    }
    if (inspected == 0 && findings.none()) {
      findings.error(
          "No route of "
              + routes.routes().size()
              + " has ext-plugin-post-req: nothing is inspected",
          enable(deployment, "ID"));
    }
    if (inspected > 0) {
      whole(deployment, routes, findings);
    }
    return findings.or(inspected + " of " + routes.routes().size() + " routes are inspected");
  }

  private static boolean isForModels(Routes.Route route) {
    return route.hosts().stream().anyMatch(host -> PROVIDERS.matcher(host).matches())
        || route.paths().stream().anyMatch(path -> PATHS.matcher(path).matches());
  }

  /** What holds for the gateway as a whole. */
  private static void whole(Deployment deployment, Routes routes, Findings findings) {
    if (!routes.enabled().isEmpty()) {
      List<String> wanted = new ArrayList<>(List.of("ext-plugin-post-req", LOGGER, "prometheus"));
      if (routes.routes().stream().noneMatch(each -> each.plugins().has("ext-plugin-post-req"))) {
        wanted.set(0, "ext-plugin-pre-req");
      }
      for (String name : wanted) {
        if (!routes.enabled().contains(name)) {
          findings.error(
              "The gateway's list of plugins lacks "
                  + name
                  + (name.equals("prometheus")
                      ? ", without which routes with http-logger answer 404"
                      : ", so that routes cannot use it"),
              "add \"- "
                  + name
                  + "\" to plugins: in the gateway's conf/config.yaml, then apisix"
                  + " reload");
        }
      }
    }
    String socket = routes.socket();
    Path ours = deployment.config().plugin().socket().toAbsolutePath();
    if (socket != null && !Path.of(socket).equals(ours)) {
      findings.error(
          "The gateway calls the socket " + socket + ", and the plugin listens on " + ours,
          "set ext-plugin.path_for_test to "
              + ours
              + " in the gateway's conf/config.yaml, then"
              + " apisix restart");
    }
  }

  static String enable(Deployment deployment, String id) {
    URI admin = deployment.admin();
    Path keyFile = deployment.adminKeyFile();
    return "./llmtrace gateway enable --route "
        + id
        + (admin != null ? " --admin " + admin : deployment.routes() != null ? " --standalone" : "")
        + (keyFile != null ? " --key-file " + keyFile : "")
        + deployment.configOption();
  }

  /**
   * For what {@code gateway enable} leaves as somebody has set it.
   *
   * @param plugins the plugins of a route as JSON, with what is to be changed alone
   */
  private static String patch(Deployment deployment, String id, String plugins) {
    URI admin = deployment.admin();
    return admin == null
        ? "in " + deployment.routes() + " set on route " + id + ": plugins: " + plugins
        : "curl -sX PATCH "
            + Peer.at(admin, "/apisix/admin/routes/" + id)
            + " -H \"X-API-KEY: $APISIX_ADMIN_KEY\" -d '{\"plugins\":"
            + plugins.replace("'", "'\\''")
            + "}'";
  }

  /** One route that has the plugin. */
  private record OneRoute(
      Deployment deployment, Routes routes, Routes.Route route, Findings findings) {
    void look() throws IOException {
      for (String plugin : REQUEST_SIDE) {
        if (route.plugins().has(plugin)) {
          requestSide(plugin, route.plugins().path(plugin));
        }
      }
    }

    private void wrong(String what) {
      wrong(what, enable(deployment, route.id()));
    }

    private void wrong(String what, String mend) {
      findings.error("Route " + route.id() + ": " + what, mend);
    }

    private String patch(String plugin, ObjectNode settings) {
      ObjectNode plugins = WireJson.mapper().createObjectNode();
      plugins.set(plugin, settings);
      return RoutesCheck.patch(deployment, route.id(), plugins.toString());
    }

    /** The same entries, ours with settings that are right. */
    private String observing(String plugin, List<Map.Entry<String, String>> conf) {
      ObjectNode settings = WireJson.mapper().createObjectNode();
      ArrayNode entries = settings.putArray("conf");
      for (Map.Entry<String, String> entry : conf) {
        boolean ours = entry.getKey().equals(RouteConf.CONF_NAME);
        entries
            .addObject()
            .put("name", entry.getKey())
            .put("value", ours ? "{\"mode\":\"observe\"}" : entry.getValue());
      }
      return patch(plugin, settings) + "   # or with your own settings, spelt right";
    }

    private void requestSide(String plugin, JsonNode settings) throws IOException {
      List<Map.Entry<String, String>> conf = new ArrayList<>();
      for (JsonNode entry : settings.path("conf")) {
        conf.add(
            new AbstractMap.SimpleEntry<>(
                entry.path("name").asText(),
                entry.path("value").isTextual()
                    ? entry.path("value").asText()
                    : entry.path("value").toString()));
      }
      if (conf.stream().noneMatch(each -> each.getKey().equals(RouteConf.CONF_NAME))) {
        misnamed(plugin, conf);
        return;
      }
      PluginConfig node = deployment.config().plugin();
      RouteConf read = RouteConfReader.of(node).read(conf);
      for (String problem : read.problems()) {
        wrong("conf of " + plugin + ": " + problem, observing(plugin, conf));
      }
      boolean degrades = settings.path("allow_degradation").asBoolean(false);
      if (read.problems().isEmpty()) {
        degradation(degrades, read);
      }
      if (read.tap()) {
        logger(node);
      }
    }

    private void misnamed(String plugin, List<Map.Entry<String, String>> conf) {
      for (Map.Entry<String, String> entry : conf) {
        if (entry.getKey().equalsIgnoreCase(RouteConf.CONF_NAME)
            || Nearest.to(entry.getKey(), Set.of(RouteConf.CONF_NAME)).isPresent()) {
          wrong(
              "conf of "
                  + plugin
                  + " names \""
                  + entry.getKey()
                  + "\": expected \""
                  + RouteConf.CONF_NAME
                  + "\", and the gateway skips other names in silence");
          return;
        }
      }
      wrong(
          "conf of "
              + plugin
              + " has no entry named \""
              + RouteConf.CONF_NAME
              + "\", so that defaults hold");
    }

    private void degradation(boolean degrades, RouteConf read) {
      boolean blocks = read.onUninspectable() == OnUninspectable.BLOCK;
      if (blocks && degrades) {
        wrong(
            "on_uninspectable is block and allow_degradation is true: what cannot be inspected is"
                + " refused, and passes whenever the plugin is away",
            enable(deployment, route.id()) + " --fail closed");
      } else if (!blocks && !degrades) {
        findings.warning(
            "Route "
                + route.id()
                + ": allow_degradation is not true: clients get 503 whenever the"
                + " plugin is away, though on_uninspectable is pass",
            enable(deployment, route.id()) + " --fail open");
      }
    }

    private void logger(PluginConfig node) throws IOException {
      JsonNode logger = route.plugins().path(LOGGER);
      if (logger.isMissingNode()) {
        wrong(
            "there is no http-logger: status, latency, tokens and answers stay unknown (or say"
                + " \"tap\": false)");
        return;
      }
      String uri = logger.path("uri").asText();
      if (!isTap(uri, node)) {
        wrong(
            "http-logger sends to "
                + uri
                + ": expected "
                + Peer.at(PluginCheck.address(deployment), "/tap"),
            patch(
                LOGGER,
                WireJson.mapper()
                    .createObjectNode()
                    .put("uri", Peer.at(PluginCheck.address(deployment), "/tap").toString())));
        return;
      }
      String secret = tapSecret(node);
      String header = logger.path("auth_header").asText();
      String bare = header.startsWith("Bearer ") ? header.substring("Bearer ".length()) : header;
      if (secret != null && !Secret.of(secret).matches(bare)) {
        wrong(
            "http-logger's auth_header is "
                + (header.isEmpty() ? "missing" : "another one")
                + " than the tap's secret, so that the tap refuses what it sends");
      }
      if (!logger.path("include_resp_body").asBoolean(false)) {
        findings.warning(
            "Route "
                + route.id()
                + ": http-logger's include_resp_body is not true: answers are not"
                + " inspected, and tokens of streams not counted",
            patch(LOGGER, WireJson.mapper().createObjectNode().put("include_resp_body", true)));
      }
      if (logger.path("max_retry_count").asInt(0) == 0) {
        findings.warning(
            "Route "
                + route.id()
                + ": http-logger's max_retry_count is 0: what it holds while the"
                + " plugin restarts is lost",
            patch(
                LOGGER,
                WireJson.mapper()
                    .createObjectNode()
                    .put("max_retry_count", 60)
                    .put("retry_delay", 1)));
      }
    }

    private boolean isTap(String uri, PluginConfig node) {
      try {
        URI tap = URI.create(uri);
        return "/tap".equals(tap.getPath()) && tap.getPort() == node.port();
      } catch (IllegalArgumentException e) {
        return false;
      }
    }

    /** The configured one, else the one that the plugin made; null where neither can be read. */
    private static @Nullable String tapSecret(PluginConfig node) throws IOException {
      Secret configured = node.tapSecret();
      if (configured != null) {
        return configured.reveal();
      }
      Path made = node.dataDirectory().resolve("initial-tap.key");
      if (!Files.isReadable(made)) {
        return null;
      }
      String text = Files.readString(made, StandardCharsets.US_ASCII).strip();
      return text.isEmpty() ? null : text;
    }
  }
}
