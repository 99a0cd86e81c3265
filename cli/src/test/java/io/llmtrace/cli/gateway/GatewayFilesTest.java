package io.llmtrace.cli.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.runtime.config.OnUninspectable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The files of {@code gateway-config} for Apache APISIX, held against what APISIX takes. */
class GatewayFilesTest {
  private static final Path FILES = Path.of("../gateway-config").toAbsolutePath().normalize();
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TAP = "a-tap-secret-of-this-test";
  private static final String CONSUMER = "a-consumer-key-of-this-test";

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"apisix.yaml", "apisix/apisix.yaml"})
  void a_standalone_file_has_only_what_the_gateway_knows_and_ends_with_its_mark(String name)
      throws Exception {
    String text = Files.readString(FILES.resolve(name));
    assertThat(text).endsWith("\n#END\n");
    JsonNode file = yaml(text);
    JsonNode fields = fields();
    assertThat(file.path("routes").size()).isPositive();
    file.path("routes").forEach(route -> route(name, route, fields));
    for (JsonNode consumer : file.path("consumers")) {
      known(name + " consumer", consumer, fields.path("consumer"));
      known(name, consumer.at("/plugins/key-auth"), fields.at("/consumer_plugins/key-auth"));
    }
    for (JsonNode metadata : file.path("plugin_metadata")) {
      String id = metadata.path("id").asText();
      known(name + " metadata " + id, metadata, fields.path("plugin_metadata").path(id));
    }
  }

  @Test
  void the_check_finds_a_field_that_no_plugin_has() throws Exception {
    JsonNode wrong = JSON.readTree("{\"uri\":\"http://x\",\"auth_haeder\":\"y\"}");
    List<String> problems = new ArrayList<>();
    problems("x", wrong, fields().at("/plugins/http-logger"), problems);
    problems(
        "y", JSON.readTree("{\"timeout\":\"3\"}"), fields().at("/plugins/http-logger"), problems);
    assertThat(problems)
        .containsExactly("x/auth_haeder: unknown", "y/timeout: expected integer", "y/uri: missing");
  }

  @Test
  void the_admin_apis_files_are_the_standalone_ones() throws Exception {
    JsonNode standalone = yaml(Files.readString(FILES.resolve("apisix/apisix.yaml")));
    Map<String, JsonNode> expected = new TreeMap<>();
    for (JsonNode route : standalone.path("routes")) {
      expected.put("routes/" + route.path("id").asText(), without(route, "id"));
    }
    for (JsonNode consumer : standalone.path("consumers")) {
      expected.put("consumers/" + consumer.path("username").asText(), consumer);
    }
    for (JsonNode metadata : standalone.path("plugin_metadata")) {
      expected.put("plugin_metadata/" + metadata.path("id").asText(), without(metadata, "id"));
    }
    assertThat(admin()).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"config.yaml", "apisix/config.sidecar.yaml", "apisix/config.supervised.yaml"})
  void a_configuration_loads_each_plugin_that_its_routes_name(String name) throws Exception {
    JsonNode config = yaml(Files.readString(FILES.resolve(name)));
    List<String> loaded = new ArrayList<>();
    config.path("plugins").forEach(plugin -> loaded.add(plugin.asText()));
    assertThat(loaded).contains("prometheus").doesNotHaveDuplicates();
    String routes = name.contains("/") ? "apisix/apisix.yaml" : "apisix.yaml";
    for (JsonNode route : yaml(Files.readString(FILES.resolve(routes))).path("routes")) {
      assertThat(loaded).as(name).containsAll(() -> route.path("plugins").fieldNames());
    }
    assertThat(config.at("/ext-plugin/path_for_test").asText()).endsWith("/runner.sock");
  }

  @Test
  void applied_twice_is_applied_once_and_removed_is_removed() throws Exception {
    try (MockAdmin admin = new MockAdmin()) {
      Script first = script(admin, "apply");
      assertThat(first.code()).as(first.said()).isZero();
      assertThat(first.said()).contains("PUT routes/openai: 201", "PUT consumers: 201");
      assertThat(admin.stored.keySet())
          .contains("routes/bedrock", "consumers/app_one", "plugin_metadata/opentelemetry")
          .hasSize(admin().size());
      assertThat(admin.stored.get("routes/openai").at("/plugins/http-logger/auth_header").asText())
          .isEqualTo("Bearer " + TAP);
      assertThat(admin.stored.get("consumers/app_one").at("/plugins/key-auth/key").asText())
          .isEqualTo(CONSUMER);
      Map<String, String> before = withoutTime(admin);
      assertThat(script(admin, "apply").said()).contains("PUT routes/openai: 200");
      assertThat(withoutTime(admin)).isEqualTo(before);
      assertThat(script(admin, "remove").code()).isZero();
      assertThat(admin.stored).isEmpty();
      Script again = script(admin, "remove");
      assertThat(again.code()).isZero();
      assertThat(again.said()).contains("DELETE routes/openai: was not there");
    }
  }

  @Test
  void what_somebody_else_put_there_is_neither_replaced_nor_removed() throws Exception {
    try (MockAdmin admin = new MockAdmin()) {
      ObjectNode route = (ObjectNode) JSON.readTree("{\"uri\":\"/openai/*\",\"name\":\"theirs\"}");
      ObjectNode metadata =
          (ObjectNode)
              JSON.readTree(
                  "{\"collector\":{\"address\":\"otel.example:4318\",\"request_timeout\":3}}");
      admin.stored.put("routes/openai", route.deepCopy());
      admin.stored.put("plugin_metadata/opentelemetry", metadata.deepCopy());
      for (String verb : List.of("apply", "remove")) {
        Script refused = script(admin, verb);
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.said())
            .contains("routes/openai", "plugin_metadata/opentelemetry", "there already")
            .contains("Nothing was changed", "--replace");
        assertThat(admin.stored)
            .containsOnly(
                Map.entry("routes/openai", route),
                Map.entry("plugin_metadata/opentelemetry", metadata));
      }
      assertThat(script(admin, "apply", "routes/ollama").code()).as("another one").isZero();
      assertThat(script(admin, "--replace", "apply").code()).isZero();
      assertThat(admin.stored.get("routes/openai").path("name").asText()).isEqualTo("openai");
      assertThat(
              admin.stored.get("plugin_metadata/opentelemetry").at("/collector/address").asText())
          .isEqualTo("127.0.0.1:4318");
      assertThat(script(admin, "remove").code()).isZero();
      assertThat(admin.stored).isEmpty();
    }
  }

  @Test
  void a_dry_run_asks_nobody_and_names_what_it_would_do() throws Exception {
    try (MockAdmin admin = new MockAdmin()) {
      Script dry = script(admin, "--dry-run", "apply", "routes/openai");
      assertThat(dry.code()).as(dry.said()).isZero();
      assertThat(dry.said())
          .isEqualTo(
              "would PUT "
                  + admin.url()
                  + "/apisix/admin/routes/openai with admin/routes/openai.json\n");
      assertThat(admin.asked).isEmpty();
    }
  }

  @Test
  void the_commands_of_the_page_work_as_they_stand() throws Exception {
    String page = Files.readString(FILES.resolve("README.md"));
    String mark = "<!-- run by: GatewayFilesTest -->\n```bash\n";
    int from = page.indexOf(mark) + mark.length();
    String commands =
        page.substring(from, page.indexOf("\n```", from))
            .replace("gateway-config/", FILES + "/")
            .replace("admin.key", folder.resolve("admin.key").toString())
            .replace("tap.key", folder.resolve("tap.key").toString())
            .replace("consumer.key", folder.resolve("consumer.key").toString());
    Files.writeString(folder.resolve("admin.key"), MockAdmin.KEY);
    Files.writeString(folder.resolve("tap.key"), TAP);
    Files.writeString(folder.resolve("consumer.key"), CONSUMER);
    try (MockAdmin admin = new MockAdmin()) {
      ProcessBuilder shell = new ProcessBuilder("bash", "-ec", commands).redirectErrorStream(true);
      shell.environment().put("APISIX_ADMIN", admin.url().toString());
      Process process = shell.start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(said).isZero();
      assertThat(admin.stored.keySet()).containsExactly("consumers/app_one", "routes/openai");
    }
  }

  @Test
  void what_goes_wrong_is_named_without_a_secret() throws Exception {
    try (MockAdmin admin = new MockAdmin()) {
      admin.loaded = java.util.Set.of("key-auth");
      Script unknown = script(admin, "apply", "routes/openai");
      assertThat(unknown.code()).isEqualTo(1);
      assertThat(unknown.said()).contains("PUT routes/openai: 400, unknown plugin [");
      assertThat(script(admin, "apply", "routes/none").said())
          .contains("routes/none: expected one of");
      assertThat(script(admin, "aply").code()).isEqualTo(2);
      admin.standalone = true;
      Script away = script(admin, "apply", "routes/openai");
      assertThat(away.code()).isEqualTo(3);
      assertThat(away.said()).contains("404, there is no Admin API");
    }
    try (MockAdmin admin = new MockAdmin()) {
      Files.writeString(folder.resolve("admin.key"), "wrong-key-that-nobody-has\n");
      Script wrong = run(admin, "apply");
      assertThat(wrong.code()).isEqualTo(1);
      assertThat(wrong.said()).contains("401").doesNotContain("wrong-key-that-nobody-has");
      Files.writeString(folder.resolve("admin.key"), "quote\"in it\n");
      assertThat(run(admin, "apply").said()).contains("APISIX_ADMIN_KEY_FILE: expected 8 or more");
    }
  }

  private record Script(int code, String said) {}

  private Script script(MockAdmin admin, String... args) throws Exception {
    Files.writeString(folder.resolve("admin.key"), MockAdmin.KEY + "\n");
    return run(admin, args);
  }

  private Script run(MockAdmin admin, String... args) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("bash", FILES.resolve("apisix/admin-api.sh").toString()));
    command.addAll(Arrays.asList(args));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("APISIX_ADMIN", admin.url().toString());
    builder.environment().put("APISIX_ADMIN_KEY_FILE", folder.resolve("admin.key").toString());
    builder
        .environment()
        .put(
            "LLMTRACE_TAP_SECRET_FILE",
            Files.writeString(folder.resolve("tap.key"), TAP + "\n").toString());
    builder
        .environment()
        .put(
            "LLMTRACE_CONSUMER_KEY_FILE",
            Files.writeString(folder.resolve("consumer.key"), CONSUMER).toString());
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
    assertThat(said).doesNotContain(TAP, CONSUMER, MockAdmin.KEY);
    return new Script(process.exitValue(), said);
  }

  private static Map<String, String> withoutTime(MockAdmin admin) {
    Map<String, String> all = new TreeMap<>();
    admin.stored.forEach((name, value) -> all.put(name, without(value, "update_time").toString()));
    return all;
  }

  private static void route(String file, JsonNode route, JsonNode fields) {
    String where = file + " " + route.path("id").asText();
    known(where, route, fields.path("route"));
    for (Map.Entry<String, JsonNode> plugin : route.path("plugins").properties()) {
      known(
          where + " " + plugin.getKey(),
          plugin.getValue(),
          fields.path("plugins").path(plugin.getKey()));
      for (JsonNode conf : plugin.getValue().path("conf")) {
        assertThat(conf.path("name").asText()).as(where).isEqualTo("llmtrace");
        assertThat(
                new RouteConfReader(150, OnUninspectable.PASS)
                    .read(List.of(Map.entry("llmtrace", conf.path("value").asText())))
                    .problems())
            .as(where)
            .isEmpty();
      }
    }
    JsonNode logger = route.at("/plugins/http-logger");
    assertThat(logger.path("include_req_body").asBoolean(false))
        .as(where + ": the plugin has seen the request already")
        .isFalse();
    assertThat(logger.path("max_retry_count").asInt()).as(where).isPositive();
    assertThat(logger.at("/log_format_extra/request_id").asText()).isEqualTo("$request_id");
  }

  private static void known(String where, JsonNode found, JsonNode fields) {
    assertThat(fields.isObject()).as(where + " is known to the test").isTrue();
    List<String> problems = new ArrayList<>();
    problems(where, found, fields, problems);
    assertThat(problems).isEmpty();
  }

  private static void problems(
      String where, JsonNode found, JsonNode fields, List<String> problems) {
    for (Map.Entry<String, JsonNode> member : found.properties()) {
      String name = member.getKey();
      JsonNode field = fields.has(name) ? fields.get(name) : fields.path(name + "!");
      JsonNode value = member.getValue();
      if (field.isMissingNode()) {
        problems.add(where + "/" + name + ": unknown");
      } else if (field.isObject()) {
        problems(where + "/" + name, value, field, problems);
      } else if (!fits(field.asText(), value)) {
        problems.add(where + "/" + name + ": expected " + field.asText());
      }
    }
    fields
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (name.endsWith("!") && !found.has(name.substring(0, name.length() - 1))) {
                problems.add(where + "/" + name.substring(0, name.length() - 1) + ": missing");
              }
            });
  }

  private static boolean fits(String type, JsonNode value) {
    return switch (type) {
      case "string" -> value.isTextual();
      case "integer" -> value.isIntegralNumber();
      case "number" -> value.isNumber();
      case "boolean" -> value.isBoolean();
      case "array" -> value.isArray();
      case "object" -> value.isObject();
      case "any" -> true;
      default -> throw new IllegalArgumentException(type);
    };
  }

  private static Map<String, JsonNode> admin() throws IOException {
    Map<String, JsonNode> files = new TreeMap<>();
    Path root = FILES.resolve("apisix/admin");
    try (Stream<Path> all = Files.walk(root)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(
            root.relativize(file).toString().replace(".json", ""), JSON.readTree(file.toFile()));
      }
    }
    return files;
  }

  private static JsonNode without(JsonNode node, String field) {
    ObjectNode copy = node.deepCopy();
    copy.remove(field);
    return copy;
  }

  private static JsonNode yaml(String text) throws IOException {
    Object read = new Load(LoadSettings.builder().build()).loadFromString(text);
    return JSON.readTree(JSON.writeValueAsString(read));
  }

  private static JsonNode fields() throws IOException {
    try (var in = GatewayFilesTest.class.getResourceAsStream("/apisix-fields.json")) {
      return JSON.readTree(in);
    }
  }
}
