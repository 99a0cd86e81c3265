package io.llmtrace.cli.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.testkit.gateway.GatewayConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docker-compose.yml, read as text, and what its prepare script makes; run without an engine. */
class ComposeFileTest {
  private static final Pattern PINNED =
      Pattern.compile(".+:v?\\d+\\.\\d+.*|.+@sha256:[0-9a-f]{64}");
  private static final Pattern SECRET =
      Pattern.compile(".*(PASSWORD|SECRET|TOKEN|KEY)(?!.*FILE).*");

  @TempDir Path directory;
  private Yaml compose;

  @BeforeEach
  void read() throws IOException {
    compose = Yaml.file("docker-compose.yml");
  }

  private List<Yaml> services() {
    Yaml services = compose.at("services");
    return services.keys().stream().map(services::at).toList();
  }

  @Test
  void it_has_the_parts_of_both_profiles() {
    assertThat(compose.at("services").keys())
        .contains(
            "gateway-network",
            "apisix",
            "plugin",
            "control-plane",
            "migrate",
            "postgres",
            "prometheus",
            "alertmanager",
            "grafana",
            "mock-provider");
    assertThat(services())
        .allSatisfy(
            service -> {
              boolean demoOnly = service.path().endsWith("mock-provider");
              assertThat(service.at("profiles").texts())
                  .isEqualTo(demoOnly ? List.of("demo") : List.of("demo", "prod-like"));
            });
  }

  @Test
  void every_service_is_read_only_without_rights_and_within_limits() {
    for (Yaml service : services()) {
      assertThat(service.at("read_only").isTrue()).as(service.path()).isTrue();
      assertThat(service.at("cap_drop").texts()).as(service.path()).containsExactly("ALL");
      assertThat(service.has("cap_add") || service.has("privileged")).as(service.path()).isFalse();
      assertThat(service.at("security_opt").texts())
          .as(service.path())
          .contains("no-new-privileges:true");
      assertThat(service.at("user").text()).as(service.path()).matches("[1-9]\\d*:\\d+");
      for (String limit : List.of("mem_limit", "cpus", "pids_limit")) {
        assertThat(service.at(limit).text()).as(service.path() + "." + limit).isNotEqualTo("0");
      }
      assertThat(service.at("tmpfs").texts())
          .as(service.path())
          .allMatch(tmpfs -> tmpfs.contains("size="))
          .anyMatch(tmpfs -> tmpfs.startsWith("/tmp:"));
      assertThat(service.at("logging", "options").has("max-size")).as(service.path()).isTrue();
    }
  }

  @Test
  void what_goes_on_is_watched_and_what_ends_is_not() {
    for (Yaml service : services()) {
      Yaml check = service.at("healthcheck");
      if (service.at("restart").text().equals("no")) {
        assertThat(check.at("disable").isTrue()).as(service.path()).isTrue();
      } else {
        assertThat(check.keys())
            .as(service.path())
            .contains("test", "interval", "timeout", "retries", "start_period");
        assertThat(check.at("test").texts().get(0)).as(service.path()).isEqualTo("CMD");
      }
    }
  }

  @Test
  void images_are_pinned_and_ours_is_built_from_the_dockerfile() {
    for (Yaml service : services()) {
      String image =
          service.at("image").text().replace("${LLMTRACE_VERSION:-", "").replace("}", "");
      assertThat(image).as(service.path()).matches(PINNED).doesNotContain("latest");
      if (image.startsWith("llmtrace:")) {
        Path file = Yaml.ROOT.resolve(service.at("build", "dockerfile").text());
        assertThat(file).as(service.path()).exists();
      }
    }
  }

  @Test
  void no_secret_is_in_the_environment_and_each_is_a_file_of_the_script() throws Exception {
    prepare("demo");
    for (Yaml service : services()) {
      if (service.has("environment")) {
        assertThat(service.at("environment").keys())
            .as(service.path())
            .noneMatch(name -> SECRET.matcher(name).matches());
      }
      for (Yaml secret : service.listAt("secrets")) {
        String name = secret.has("source") ? secret.at("source").text() : secret.text();
        assertThat(compose.at("secrets").keys()).as(service.path()).contains(name);
      }
    }
    Yaml secrets = compose.at("secrets");
    for (String name : secrets.keys()) {
      String file = secrets.at(name, "file").text();
      assertThat(file).startsWith("./deploy/compose/generated/");
      Path made = directory.resolve(file.substring("./deploy/compose/generated/".length()));
      assertThat(made).isNotEmptyFile();
    }
  }

  @Test
  void what_is_mounted_is_there() throws Exception {
    prepare("demo");
    Set<String> used = new HashSet<>();
    for (Yaml service : services()) {
      for (Yaml volume : service.listAt("volumes")) {
        String[] parts = volume.text().split(":");
        if (!parts[0].startsWith("./")) {
          used.add(parts[0]);
          continue;
        }
        assertThat(parts).as(volume.toString()).hasSize(3).endsWith("ro");
        if (parts[0].startsWith("./deploy/compose/generated/")) {
          assertThat(directory.resolve(parts[0].substring("./deploy/compose/generated/".length())))
              .exists();
        } else {
          assertThat(Yaml.ROOT.resolve(parts[0])).as(volume.toString()).exists();
        }
      }
    }
    assertThat(compose.at("volumes").keys()).containsExactlyInAnyOrderElementsOf(used);
  }

  @Test
  void the_plugin_is_beside_the_gateway_in_one_network_as_one_user_on_one_socket() {
    Yaml gateway = compose.at("services", "apisix");
    Yaml plugin = compose.at("services", "plugin");
    assertThat(plugin.at("network_mode").text()).isEqualTo(gateway.at("network_mode").text());
    assertThat(plugin.has("networks") || plugin.has("ports")).isFalse();
    assertThat(plugin.at("user").text()).isEqualTo(gateway.at("user").text());
    String user = gateway.at("user").text().split(":", -1)[0];
    assertThat(plugin.at("volumes").texts()).contains("runner:/run/llmtrace");
    assertThat(gateway.at("volumes").texts()).contains("runner:/run/llmtrace");
    assertThat(compose.at("volumes", "runner", "driver_opts", "o").text())
        .contains("uid=" + user, "mode=0700");
  }

  @Test
  void gateway_and_plugin_may_be_restarted_alone() {
    Yaml holder = compose.at("services", "gateway-network");
    for (String service : List.of("apisix", "plugin")) {
      Yaml spec = compose.at("services", service);
      assertThat(spec.at("network_mode").text()).isEqualTo("service:gateway-network");
      assertThat(spec.at("depends_on").keys()).contains("gateway-network");
    }
    // It has nothing of its own to change or to fail, so nothing but its own change restarts it.
    assertThat(holder.at("entrypoint").texts()).containsExactly("sleep", "infinity");
    for (String own : List.of("network_mode", "command", "volumes", "secrets", "depends_on")) {
      assertThat(holder.has(own)).as(own).isFalse();
    }
    assertThat(holder.at("ports").list()).hasSize(1);
    assertThat(holder.at("networks").keys()).containsExactly("edge", "models", "telemetry");
  }

  @Test
  void nothing_is_published_but_on_loopback_and_the_database_is_reached_by_its_users_alone() {
    for (Yaml service : services()) {
      for (Yaml port : service.listAt("ports")) {
        assertThat(port.text()).as(service.path()).startsWith("127.0.0.1:");
      }
    }
    assertThat(compose.at("networks", "data", "internal").isTrue()).isTrue();
    assertThat(
            services().stream()
                .filter(service -> service.has("networks"))
                .filter(service -> networks(service).contains("data"))
                .map(service -> service.path().replaceAll(".*\\.", "")))
        .containsExactlyInAnyOrder("postgres", "control-plane", "migrate");
  }

  private static List<String> networks(Yaml service) {
    Yaml networks = service.at("networks");
    return networks.value() instanceof Map ? networks.keys() : networks.texts();
  }

  @Test
  void its_commands_are_commands() {
    List<String> ours = new ArrayList<>();
    for (Yaml service : services()) {
      if (service.at("image").text().startsWith("llmtrace:") && !service.has("entrypoint")) {
        List<String> command = service.at("command").texts();
        Commands.parses(command);
        ours.add(command.get(0));
        if (service.at("healthcheck").has("test")) {
          List<String> check = service.at("healthcheck", "test").texts();
          assertThat(check.subList(0, 3)).containsExactly("CMD", "llmtrace", "healthcheck");
          Commands.parses(check.subList(2, check.size()));
        }
      }
    }
    assertThat(ours)
        .containsExactlyInAnyOrder("plugin", "control-plane", "migrate", "mock-provider");
  }

  @Test
  void its_configuration_is_right_for_both_processes_and_says_what_compose_mounts()
      throws Exception {
    prepare("demo");
    String text = Files.readString(Yaml.ROOT.resolve("deploy/compose/llmtrace.yaml"));
    Path file =
        Files.writeString(
            directory.resolve("llmtrace.yaml"),
            text.replace("/run/secrets/", directory.resolve("secrets") + "/"));
    LlmtraceConfig config = ConfigFile.load(file, Map.of("HOSTNAME", "host"));
    assertThat(config.plugin().socket()).isEqualTo(Path.of("/run/llmtrace/runner.sock"));
    assertThat(
            Yaml.file("deploy/compose/apisix/config.yaml").at("ext-plugin", "path_for_test").text())
        .isEqualTo(config.plugin().socket().toString());
    assertThat(config.plugin().controlPlaneUrl().toString()).isEqualTo("http://control-plane:8080");
    assertThat(config.controlPlane().database().url().reveal())
        .isEqualTo("jdbc:postgresql://postgres:5432/llmtrace");
    for (String service : List.of("plugin", "control-plane", "migrate")) {
      List<String> secrets = compose.at("services", service, "secrets").texts();
      Stream<String> named =
          Pattern.compile("/run/secrets/([a-z_]+)")
              .matcher(section(text, service))
              .results()
              .map(result -> result.group(1));
      assertThat(secrets).as(service).containsExactlyInAnyOrderElementsOf(named.toList());
    }
  }

  /** What a service reads of the file: the plugin its own section, migrations the database's. */
  private static String section(String text, String service) {
    int plugin = text.indexOf("\nplugin:");
    return switch (service) {
      case "plugin" -> text.substring(plugin);
      case "migrate" -> {
        Matcher database = Pattern.compile("(?m)^  database:\n(?:    .*\n)+").matcher(text);
        assertThat(database.find()).isTrue();
        yield database.group();
      }
      default -> text.substring(0, plugin);
    };
  }

  @Test
  void prepared_routes_are_read_by_a_gateway_and_enforce_only_where_told() throws Exception {
    prepare("demo");
    GatewayConfig demo = GatewayConfig.load(directory.resolve("apisix.yaml"));
    assertThat(demo.routes()).hasSize(1);
    assertThat(Files.readString(directory.resolve("apisix.yaml")))
        .contains("{\"mode\":\"enforce\"}", "host: mock-provider, port: 8000");
    prepare("prod-like", "--upstream", "https://api.openai.com");
    assertThat(Files.readString(directory.resolve("apisix.yaml")))
        .contains("{\"mode\":\"observe\"}", "scheme: https", "host: api.openai.com, port: 443");
    assertThat(GatewayConfig.load(directory.resolve("apisix.yaml")).routes()).hasSize(1);
  }

  @Test
  void prepare_keeps_secrets_closes_their_folder_and_refuses_what_is_wrong() throws Exception {
    prepare("demo");
    String key = Files.readString(directory.resolve("secrets/admin_key"));
    assertThat(key).matches("llmt_[a-z0-9]{8}_[0-9a-f]{64}");
    prepare("demo");
    assertThat(directory.resolve("secrets/admin_key")).hasContent(key);
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(directory.resolve("secrets"))))
        .isEqualTo("rwx------");
    try (Stream<Path> files = Files.list(directory.resolve("secrets"))) {
      assertThat(files.toList())
          .hasSize(compose.at("secrets").keys().size())
          .allSatisfy(
              file ->
                  assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                      .doesNotContain("w"));
    }
    assertThat(prepared("prod-like")).contains("needs --upstream");
    assertThat(prepared("prod-like", "--upstream", "https://host/path'; x"))
        .contains("expected http(s)");
    assertThat(prepared("staging")).contains("expected demo or prod-like");
  }

  @Test
  void prometheus_scrapes_the_control_plane_with_the_secret_that_it_mounts() throws IOException {
    Yaml service = compose.at("services", "prometheus");
    assertThat(service.at("command").texts())
        .contains("--config.file=/etc/llmtrace/prometheus.yml");
    assertThat(service.at("volumes").texts())
        .contains("./deploy/compose/prometheus.yml:/etc/llmtrace/prometheus.yml:ro");
    Yaml job = Yaml.file("deploy/compose/prometheus.yml").at("scrape_configs").list().get(0);
    assertThat(job.at("authorization", "credentials_file").text())
        .isEqualTo("/run/secrets/" + service.at("secrets").list().get(0).at("target").text());
    assertThat(job.at("static_configs").list().get(0).at("targets").texts())
        .containsExactly("control-plane:8080");
  }

  @Test
  void docker_compose_reads_it() throws Exception {
    assumeThat(onPath("docker-compose")).as("docker-compose is installed").isTrue();
    for (String profile : List.of("demo", "prod-like")) {
      Process process =
          new ProcessBuilder("docker-compose", "--profile", profile, "config", "-q")
              .directory(Yaml.ROOT.toFile())
              .redirectErrorStream(true)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), UTF_8);
      assertThat(process.waitFor()).as(said).isZero();
    }
  }

  private static boolean onPath(String program) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private void prepare(String... arguments) throws Exception {
    assertThat(prepared(arguments)).startsWith("prepared for");
  }

  private String prepared(String... arguments) throws Exception {
    assumeThat(onPath("openssl")).as("openssl is installed").isTrue();
    List<String> command = new ArrayList<>(List.of("deploy/compose/prepare"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(Yaml.ROOT.toFile());
    builder.environment().put("LLMTRACE_GENERATED", directory.toAbsolutePath().toString());
    Process process = builder.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
    return said;
  }
}
