package io.llmtrace.cli.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.ports.FreePort;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class GatewayCommandTest {
  private static final String SECRET = "the-tap-secret-of-this-test";
  private static final String ROUTE =
      """
      {"uri":"/v1/*","name":"chat","status":1,
       "plugins":{"key-auth":{},"limit-count":{"count":9,"time_window":60}},
       "labels":{"team":"search"},
       "upstream":{"type":"roundrobin","nodes":{"api.openai.com:443":1}}}
      """;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private MockAdmin admin;
  private Path key;
  private Path config;

  @BeforeEach
  void start() throws IOException {
    admin = new MockAdmin();
    admin.stored.put("routes/chat", (ObjectNode) WireJson.mapper().readTree(ROUTE));
    key = Files.writeString(folder.resolve("admin.key"), MockAdmin.KEY + "\n");
    config =
        Files.writeString(
            folder.resolve("llmtrace.yaml"), "plugin: {port: 9999, tap_secret: " + SECRET + "}\n");
  }

  @AfterEach
  void stop() {
    admin.close();
    assertThat(out + "" + err).as("no key is ever shown").doesNotContain(MockAdmin.KEY, SECRET);
  }

  @Test
  void a_route_is_observed_with_its_answers_and_keeps_all_else() throws Exception {
    assertThat(run("enable")).isZero();
    ObjectNode route = admin.stored.get("routes/chat");
    assertThat(route.at("/plugins/ext-plugin-post-req/allow_degradation").asBoolean()).isTrue();
    assertThat(route.at("/plugins/ext-plugin-post-req/conf"))
        .hasToString("[{\"name\":\"llmtrace\",\"value\":\"{\\\"mode\\\":\\\"observe\\\"}\"}]");
    JsonNode logger = route.at("/plugins/http-logger");
    assertThat(logger.path("uri").asText()).isEqualTo("http://127.0.0.1:9999/tap");
    assertThat(logger.path("auth_header").asText()).isEqualTo("Bearer " + SECRET);
    assertThat(logger.path("include_req_body").booleanValue()).isFalse();
    assertThat(logger.path("max_retry_count").asInt()).isEqualTo(60);
    assertThat(route.at("/plugins/limit-count/count").asInt()).isEqualTo(9);
    assertThat(route.at("/plugins").has("key-auth")).isTrue();
    assertThat(route.at("/labels/team").asText()).isEqualTo("search");
    assertThat(out.toString())
        .contains("route chat is inspected: ext-plugin-post-req, http-logger changed");
  }

  @Test
  void a_second_time_changes_nothing_and_asks_for_no_change() throws Exception {
    run("enable", "--mode", "enforce");
    JsonNode before = admin.stored.get("routes/chat").deepCopy();
    admin.asked.clear();
    assertThat(run("enable", "--mode", "enforce")).isZero();
    assertThat(run("enable")).as("what is there is kept").isZero();
    assertThat(out.toString()).contains("route chat: nothing to change");
    assertThat(admin.stored.get("routes/chat")).isEqualTo(before);
    assertThat(admin.asked).allMatch(asked -> asked.startsWith("GET "));
  }

  @Test
  void what_is_off_again_is_as_it_was() throws Exception {
    ObjectNode before = admin.stored.get("routes/chat").deepCopy();
    run("enable", "--mode", "enforce", "--policy", "strict", "--fail", "closed");
    assertThat(run("disable")).isZero();
    ObjectNode after = admin.stored.get("routes/chat").deepCopy();
    after.remove(List.of("update_time", "id"));
    assertThat(after).isEqualTo(before);
    assertThat(run("disable")).isZero();
    assertThat(out.toString()).contains("route chat: nothing to change");
  }

  @Test
  void what_a_route_has_from_its_service_is_not_silently_ended() throws Exception {
    ObjectNode route = admin.stored.get("routes/chat");
    route.put("service_id", "s1");
    admin.stored.put(
        "services/s1",
        (ObjectNode)
            WireJson.mapper()
                .readTree("{\"plugins\":{\"http-logger\":{\"uri\":\"https://siem.example\"}}}"));
    ObjectNode before = route.deepCopy();
    assertThat(run("enable")).isNotZero();
    assertThat(err.toString()).contains("the route has http-logger from its service s1");
    assertThat(admin.stored.get("routes/chat")).isEqualTo(before);
    assertThat(run("enable", "--no-answers")).as("the other plugin is its own").isZero();

    ObjectNode now = admin.stored.get("routes/chat");
    now.remove("service_id");
    now.put("plugin_config_id", "gone");
    assertThat(run("enable")).as("there is nothing to end").isZero();
  }

  @Test
  void what_is_switched_off_is_switched_on_only_when_told() throws Exception {
    run("enable");
    ObjectNode plugins = (ObjectNode) admin.stored.get("routes/chat").path("plugins");
    for (String name : List.of("ext-plugin-post-req", "http-logger")) {
      plugins.withObject("/" + name).putObject("_meta").put("disable", true).put("priority", 7);
    }
    ObjectNode before = admin.stored.get("routes/chat").deepCopy();
    assertThat(run("enable", "--mode", "enforce")).isNotZero();
    assertThat(err.toString())
        .contains("has ext-plugin-post-req and http-logger switched off (_meta.disable)")
        .contains("--replace");
    assertThat(admin.stored.get("routes/chat")).isEqualTo(before);

    assertThat(run("enable", "--replace", "--no-answers")).isZero();
    JsonNode now = admin.stored.get("routes/chat").path("plugins");
    assertThat(now.at("/ext-plugin-post-req/_meta"))
        .hasToString("{\"disable\":false,\"priority\":7}");
    assertThat(now.at("/http-logger/_meta/disable").asBoolean()).as("was not asked for").isTrue();
    assertThat(run("enable", "--no-answers")).isZero();
  }

  @Test
  void a_setting_is_changed_and_the_others_stay() throws Exception {
    run("enable", "--policy", "strict", "--set", "{\"budget_ms\":200}");
    run("enable", "--mode", "enforce", "--fail", "closed");
    JsonNode plugin = admin.stored.get("routes/chat").at("/plugins/ext-plugin-post-req");
    assertThat(WireJson.mapper().readTree(plugin.at("/conf/0/value").asText()))
        .isEqualTo(
            WireJson.mapper()
                .readTree("{\"budget_ms\":200,\"policy\":\"strict\",\"mode\":\"enforce\"}"));
    assertThat(plugin.path("allow_degradation").booleanValue()).isFalse();
  }

  @Test
  void another_filter_of_the_same_plugin_stays_behind_ours_and_when_we_go() throws Exception {
    ObjectNode plugins = (ObjectNode) admin.stored.get("routes/chat").path("plugins");
    JsonNode theirs =
        WireJson.mapper()
            .readTree(
                "{\"conf\":[{\"name\":\"theirs\",\"value\":\"x\"}],\"allow_degradation\":false}");
    plugins.set("ext-plugin-post-req", theirs);
    assertThat(run("enable")).isZero();
    JsonNode conf = admin.stored.get("routes/chat").at("/plugins/ext-plugin-post-req/conf");
    assertThat(conf.findValuesAsText("name")).containsExactly("llmtrace", "theirs");
    assertThat(run("disable")).isZero();
    assertThat(admin.stored.get("routes/chat").at("/plugins/ext-plugin-post-req"))
        .isEqualTo(theirs);
  }

  @Test
  void a_logger_for_something_else_is_never_replaced() throws Exception {
    ObjectNode plugins = (ObjectNode) admin.stored.get("routes/chat").path("plugins");
    plugins.putObject("http-logger").put("uri", "https://logs.example/in");
    JsonNode before = admin.stored.get("routes/chat").deepCopy();
    assertThat(run("enable")).isEqualTo(1);
    assertThat(err.toString()).contains("an http-logger for something else", "--no-answers");
    assertThat(admin.stored.get("routes/chat")).isEqualTo(before);
    assertThat(run("enable", "--no-answers")).isZero();
    assertThat(admin.stored.get("routes/chat").at("/plugins/http-logger/uri").asText())
        .isEqualTo("https://logs.example/in");
    assertThat(
            admin
                .stored
                .get("routes/chat")
                .at("/plugins/ext-plugin-post-req/conf/0/value")
                .asText())
        .contains("\"tap\":false");
    run("disable");
    assertThat(admin.stored.get("routes/chat").at("/plugins/http-logger/uri").asText())
        .isEqualTo("https://logs.example/in");
  }

  @Test
  void answers_may_come_later_and_a_new_secret_is_set() throws Exception {
    run("enable", "--no-answers");
    assertThat(run("enable")).isZero();
    ObjectNode route = admin.stored.get("routes/chat");
    assertThat(route.at("/plugins/ext-plugin-post-req/conf/0/value").asText())
        .isEqualTo("{\"mode\":\"observe\"}");
    assertThat(route.at("/labels/llmtrace-added").asText())
        .isEqualTo("ext-plugin-post-req+http-logger");
    ((ObjectNode) route.at("/plugins/http-logger"))
        .put("auth_header", "Bearer old")
        .put("batch_max_size", 7);
    assertThat(run("enable")).isZero();
    JsonNode logger = admin.stored.get("routes/chat").at("/plugins/http-logger");
    assertThat(logger.path("auth_header").asText()).isEqualTo("Bearer " + SECRET);
    assertThat(logger.path("batch_max_size").asInt()).as("tuned by somebody").isEqualTo(7);
  }

  @Test
  void print_shows_the_patch_without_secrets_and_changes_nothing() throws Exception {
    JsonNode before = admin.stored.get("routes/chat").deepCopy();
    assertThat(run("enable", "--print", "--mode", "enforce")).isZero();
    assertThat(admin.stored.get("routes/chat")).isEqualTo(before);
    JsonNode patch = WireJson.mapper().readTree(out.toString());
    assertThat(patch.path("plugins").fieldNames())
        .toIterable()
        .containsExactly("ext-plugin-post-req", "http-logger");
    assertThat(patch.at("/plugins/http-logger/auth_header").asText())
        .isEqualTo("Bearer REPLACE-WITH-THE-TAP-SECRET");
    assertThat(admin.asked).containsExactly("GET /apisix/admin/routes/chat");
  }

  @Test
  void standalone_prints_what_a_gateway_can_load_and_asks_nobody() throws Exception {
    assertThat(run("enable", "--standalone", "--mode", "enforce")).isZero();
    assertThat(admin.asked).isEmpty();
    String file =
        "routes:\n  - id: chat\n    uri: /v1/*\n"
            + out
            + "    upstream:\n      nodes:\n        \"127.0.0.1:1\": 1\n#END\n";
    assertThat(GatewayConfig.parse(file).routes()).hasSize(1);
    assertThat(out.toString())
        .contains("uri: http://127.0.0.1:9999/tap", "name: llmtrace", "allow_degradation: true");
  }

  @Test
  void a_route_that_is_not_there_and_a_wrong_key_are_named() throws Exception {
    assertThat(runFor("no-such", "enable")).isEqualTo(1);
    assertThat(err.toString()).contains("404: the gateway has no route no-such");
    Files.writeString(key, "wrong-key-of-somebody");
    assertThat(run("enable")).isEqualTo(1);
    assertThat(err.toString())
        .contains("401: the gateway does not take this admin key", "wrong apikey", "admin_key")
        .doesNotContain("wrong-key-of-somebody");
    assertThat(runFor("../services/x", "enable")).isEqualTo(2);
    assertThat(err.toString()).contains("--route: expected the id of a route");
  }

  @Test
  void a_plugin_that_the_gateway_has_not_loaded_is_named_with_its_remedy() throws Exception {
    admin.loaded = java.util.Set.of("key-auth", "limit-count");
    assertThat(run("enable")).isEqualTo(1);
    assertThat(err.toString())
        .contains("unknown plugin [ext-plugin-post-req]", "add it to plugins:", "config.yaml");
  }

  @Test
  void no_admin_api_is_not_taken_for_a_missing_route() throws Exception {
    admin.standalone = true;
    assertThat(run("enable")).isEqualTo(3);
    assertThat(err.toString()).contains("there is no Admin API for routes", "--standalone");
    int free = FreePort.next();
    assertThat(runAt("http://127.0.0.1:" + free, "enable")).isEqualTo(3);
    assertThat(err.toString()).contains("no Admin API can be reached at http://127.0.0.1:" + free);
    assertThat(runAt("ftp://x", "enable")).isEqualTo(2);
    HttpServer page =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    page.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, 5);
            exchange
                .getResponseBody()
                .write("hello".getBytes(java.nio.charset.StandardCharsets.UTF_8));
          }
        });
    page.start();
    try {
      assertThat(runAt("http://127.0.0.1:" + page.getAddress().getPort(), "enable")).isEqualTo(3);
      assertThat(err.toString()).contains("as no Admin API of APISIX 3 does");
    } finally {
      page.stop(0);
    }
  }

  @Test
  void settings_that_a_node_would_not_take_are_refused_before_anything_is_asked_for()
      throws Exception {
    assertThat(run("enable", "--set", "{\"budgt_ms\":1}")).isEqualTo(2);
    assertThat(err.toString())
        .contains("the route's settings would be wrong: budgt_ms: unknown key");
    assertThat(run("enable", "--set", "[]")).isEqualTo(2);
    assertThat(run("enable", "--mode", "enfroce")).isEqualTo(2);
    assertThat(run("enable", "--fail", "never")).isEqualTo(2);
    assertThat(admin.asked).noneMatch(asked -> asked.startsWith("PATCH"));
  }

  @Test
  void who_changes_the_route_at_the_same_time_is_noticed() throws Exception {
    admin.meddling = route -> ((ObjectNode) route.path("plugins")).remove("http-logger");
    assertThat(run("enable")).isEqualTo(1);
    assertThat(err.toString()).contains("http-logger is not as it was set");
  }

  @Test
  void without_a_secret_for_the_tap_it_says_where_one_is_expected() throws Exception {
    Files.delete(config);
    assertThat(run("enable")).isEqualTo(2);
    assertThat(err.toString()).contains("--tap-key-file", "--no-answers");
    Files.writeString(config, "plugin: {data_directory: " + folder.resolve("data") + "}\n");
    assertThat(run("enable")).isEqualTo(2);
    assertThat(err.toString()).contains("initial-tap.key");
    Files.createDirectories(folder.resolve("data"));
    Files.writeString(folder.resolve("data/initial-tap.key"), SECRET + "\n");
    assertThat(run("enable")).isZero();
  }

  private int run(String... args) {
    return runFor("chat", args);
  }

  private int runFor(String route, String... args) {
    return execute(admin.url().toString(), route, args);
  }

  private int runAt(String url, String... args) {
    return execute(url, "chat", args);
  }

  private int execute(String url, String route, String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(
        List.of(
            "--route",
            route,
            "--admin",
            url,
            "--key-file",
            key.toString(),
            "--config",
            config.toString()));
    CommandLine line = new CommandLine(new GatewayCommand());
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(all.toArray(String[]::new));
  }
}
