package io.llmtrace.cli.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.llmtrace.cli.CommandLines;
import io.llmtrace.cli.Main;
import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.cli.stack.DatabaseSection;
import io.llmtrace.cli.stack.Readiness;
import io.llmtrace.cli.stack.StackPorts;
import io.llmtrace.controlplane.ControlPlane;
import io.llmtrace.controlplane.storage.EmbeddedDatabase;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Commands that compose files, images and manifests run. */
@Timeout(300)
// An interrupt while closing ends the test.
@SuppressWarnings("try")
class DeploymentCommandsTest {
  private static final Duration LONGEST = Duration.ofMinutes(2);
  private static final String ADMIN = "llmt_abcdefgh_" + "0".repeat(64);
  private static final String INSTANCE = "llmt_ijklmnop_" + "1".repeat(64);

  @TempDir Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void migrate_brings_a_database_up_once_and_a_control_plane_then_takes_the_keys_it_is_given()
      throws Exception {
    try (EmbeddedDatabase database = EmbeddedDatabase.start(directory.resolve("postgres"))) {
      Path config = config(database.url(), ADMIN);
      assertThat(run("migrate", "--config", config.toString())).as(err.toString()).isZero();
      assertThat(out.toString()).containsPattern("at this version; [1-9]\\d* changesets were new");
      assertThat(run("migrate", "--config", config.toString())).as(err.toString()).isZero();
      assertThat(out.toString()).contains("; 0 changesets were new");
      try (ControlPlane plane = ControlPlane.start(load(config))) {
        String base = "http://127.0.0.1:" + plane.port();
        assertThat(Readiness.await(URI.create(base + "/readyz"), LONGEST, () -> true)).isTrue();
        assertThat(status(base + "/api/v1/me", ADMIN)).isEqualTo(200);
        assertThat(status(base + "/api/v1/me", INSTANCE)).isEqualTo(200);
        assertThat(status(base + "/api/v1/me", ADMIN.replace('0', '2'))).isEqualTo(401);
        assertThat(directory.resolve("data/initial-admin.key")).doesNotExist();
        assertThat(directory.resolve("data/initial-instance.key")).doesNotExist();
        assertThat(run("healthcheck", base + "/readyz")).isZero();
      }
    }
  }

  @Test
  void a_control_plane_whose_database_is_away_is_alive_degraded_and_not_ready() throws Exception {
    Path config = config("jdbc:postgresql://127.0.0.1:" + StackPorts.freePort() + "/x", ADMIN);
    try (ControlPlane plane = ControlPlane.start(load(config))) {
      String base = "http://127.0.0.1:" + plane.port();
      assertThat(run("healthcheck", base + "/health")).as("liveness").isZero();
      assertThat(run("healthcheck", base + "/livez")).isZero();
      assertThat(run("healthcheck", base + "/readyz")).as("start").isEqualTo(1);
      assertThat(err.toString()).contains("/readyz answered 503");
    }
  }

  @Test
  void first_keys_must_have_the_form_of_keys() throws Exception {
    Path config = config("jdbc:postgresql://127.0.0.1:1/x", "secret");
    assertThatThrownBy(() -> ControlPlane.start(load(config)))
        .hasMessage(
            "control_plane.first_keys.admin: expected llmt_, eight of a-z and 0-9, _ and 64"
                + " hexadecimal digits");
  }

  @Test
  void migrate_says_in_a_line_that_a_database_is_away_and_waits_only_if_told() throws Exception {
    Path config = config("jdbc:postgresql://127.0.0.1:" + StackPorts.freePort() + "/x", ADMIN);
    assertThat(run("migrate", "--config", config.toString())).isEqualTo(1);
    assertThat(err.toString())
        .contains("the configured database cannot be used: Connection to 127.0.0.1:")
        .doesNotContain("waiting", "\tat ");
    long started = System.nanoTime();
    assertThat(run("migrate", "--config", config.toString(), "--wait", "2")).isEqualTo(1);
    assertThat(System.nanoTime() - started).isGreaterThan(TimeUnit.SECONDS.toNanos(1));
    assertThat(err.toString()).contains("waiting for the database");
  }

  @Test
  void migrate_refuses_a_wrong_file_and_a_wrong_time() throws Exception {
    Path wrong = Files.writeString(directory.resolve("wrong.yaml"), "control_plane: {prot: 1}\n");
    assertThat(run("migrate", "--config", wrong.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("control_plane.prot: unknown key");
    assertThat(run("migrate", "--config", wrong.toString(), "--wait", "-1")).isEqualTo(2);
    assertThat(err.toString()).contains("--wait: expected 0 to 3600 seconds, was -1");
  }

  @Test
  void healthcheck_is_fine_with_200_alone_and_waits_no_longer_than_told() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          int status = Integer.parseInt(exchange.getRequestURI().getPath().substring(1));
          if (status > 0) {
            exchange.getResponseHeaders().set("location", "/200");
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
          }
        });
    server.start();
    try {
      String base = "http://127.0.0.1:" + server.getAddress().getPort();
      assertThat(run("healthcheck", base + "/200")).isZero();
      assertThat(run("healthcheck", base + "/503")).isEqualTo(1);
      assertThat(run("healthcheck", base + "/302")).as("a redirect").isEqualTo(1);
      assertThat(run("healthcheck", base + "/0", "--timeout-ms", "300")).as("silence").isEqualTo(1);
      assertThat(err.toString()).contains("/503 answered 503", "/0 does not answer");
    } finally {
      server.stop(0);
    }
    assertThat(run("healthcheck", "http://127.0.0.1:" + StackPorts.freePort())).isEqualTo(1);
    assertThat(run("healthcheck", "file:///etc/passwd")).isEqualTo(2);
    assertThat(run("healthcheck", "http://127.0.0.1:1", "--timeout-ms", "0")).isEqualTo(2);
  }

  @Test
  void the_mock_provider_answers_as_a_process_until_it_is_told_to_stop() throws Exception {
    Path log = directory.resolve("mock.log");
    try (ChildProcess mock =
        ChildProcess.start(
            "mock", log, Main.class.getName(), List.of("mock-provider", "--port", "0"))) {
      String port = await(mock, log, Pattern.compile("listens on 127\\.0\\.0\\.1:(\\d+)"));
      HttpResponse<String> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/messages"))
                      .POST(
                          HttpRequest.BodyPublishers.ofString(
                              "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.body()).contains("\"type\":\"message\"");
      // As compose asks it.
      assertThat(run("healthcheck", "http://127.0.0.1:" + port + "/v1/models")).isZero();
      assertThat(run("mock-provider", "--port", port)).isEqualTo(1);
      assertThat(err.toString()).contains("the mock provider cannot listen on 127.0.0.1:" + port);
      new ProcessBuilder("kill", "-TERM", String.valueOf(mock.pid())).start().waitFor();
      mock.ended().get(LONGEST.toSeconds(), TimeUnit.SECONDS);
      assertThat(mock.ending()).isEqualTo("ended with exit code 143");
    }
  }

  @Test
  void a_gateway_says_what_is_wrong_with_its_routes() throws Exception {
    Path routes = Files.writeString(directory.resolve("apisix.yaml"), "routes: []\n");
    assertThat(run("test-gateway", "--routes", routes.toString(), "--socket", "x.sock"))
        .isEqualTo(1);
    assertThat(err.toString()).contains("does not end with a line #END");
  }

  @Test
  void only_what_people_use_is_in_the_help() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString())
        .contains("  migrate ")
        .doesNotContain("healthcheck", "mock-provider", "test-gateway");
  }

  private Path config(String url, String admin) throws IOException {
    return Files.writeString(
        directory.resolve("llmtrace.yaml"),
        """
        control_plane:
          port: 0
          admin_port: 0
          data_directory: %s
          database: %s
          first_keys: {admin: %s, instance: %s}
        """
            .formatted(directory.resolve("data"), DatabaseSection.of(url), admin, INSTANCE));
  }

  private static LlmtraceConfig load(Path config) throws Exception {
    return ConfigFile.load(config, Map.of("HOSTNAME", "host"), ConfigFile.Role.CONTROL_PLANE);
  }

  private static int status(String url, String key) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url)).header("Authorization", "Bearer " + key).build();
    return HttpClient.newHttpClient()
        .send(request, HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  private static String await(ChildProcess process, Path log, Pattern pattern) throws Exception {
    long end = System.nanoTime() + LONGEST.toNanos();
    while (System.nanoTime() < end && process.alive()) {
      Matcher matcher = pattern.matcher(Files.readString(log));
      if (matcher.find()) {
        return matcher.group(1);
      }
      Thread.sleep(50);
    }
    throw new AssertionError("no " + pattern + " in: " + Files.readString(log));
  }

  private int run(String... arguments) {
    CommandLine line = CommandLines.root();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(arguments);
  }
}
