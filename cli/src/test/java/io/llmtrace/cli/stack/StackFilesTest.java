package io.llmtrace.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.files.PrivateFiles;
import io.llmtrace.testkit.gateway.GatewayConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StackFilesTest {
  private static final StackPorts PORTS = new StackPorts(18080, 18081, 19464);

  @TempDir Path directory;

  @Test
  void one_configuration_makes_both_processes_and_the_gateway_agree() throws Exception {
    StackFiles files = StackFiles.in(directory);
    PrivateFiles.write(files.instanceKey(), "lk_instance");
    files.writeConfig("", PORTS);
    LlmtraceConfig config = ConfigFile.load(files.config(), Map.of());
    assertThat(config.controlPlane().dataDirectory().resolve("initial-instance.key"))
        .isEqualTo(files.instanceKey());
    assertThat(config.plugin().apiKey().matches("lk_instance")).isTrue();
    assertThat(config.plugin().tapSecret().matches(files.tapSecret())).isTrue();
    assertThat(config.plugin().socket()).isEqualTo(files.socket());
    assertThat(config.plugin().controlPlaneUrl()).hasPort(config.controlPlane().port());
  }

  @Test
  void what_the_user_wrote_stays_as_it_is_written() throws Exception {
    StackFiles files = StackFiles.in(directory);
    files.writeConfig(
        """
        # mine
        logging: {level: "${LEVEL:-debug}"}
        alerts:
          slack:
        plugin:
          node: 1.10
          port: 1
          budget_ms: ${BUDGET}
          api_key: mine
        """,
        PORTS);
    LlmtraceConfig config = ConfigFile.load(files.config(), Map.of("BUDGET", "77"));
    assertThat(config.logging().level()).hasToString("DEBUG");
    assertThat(config.plugin().node()).isEqualTo("1.10");
    assertThat(config.plugin().budget()).isEqualTo(Duration.ofMillis(77));
    assertThat(config.plugin().apiKey().matches("mine")).isTrue();
    assertThat(config.plugin().port()).isEqualTo(19464);
  }

  @Test
  void a_path_that_looks_like_a_variable_is_a_path() throws Exception {
    StackFiles files = StackFiles.in(directory.resolve("a ${HOME} 'b'"));
    PrivateFiles.write(files.instanceKey(), "lk_instance");
    files.writeConfig("", PORTS);
    assertThat(ConfigFile.load(files.config(), Map.of()).plugin().dataDirectory())
        .isEqualTo(files.directory().resolve("plugin"));
  }

  @Test
  void a_socket_that_no_platform_would_take_lies_elsewhere() throws Exception {
    assertThat(StackFiles.in(directory.resolve("x".repeat(100))).socket().toString())
        .hasSizeLessThan(100)
        .doesNotContain("xxx");
  }

  @Test
  void the_secret_of_the_tap_outlives_a_restart() throws Exception {
    assertThat(StackFiles.in(directory).tapSecret())
        .hasSize(64)
        .isEqualTo(StackFiles.in(directory).tapSecret());
  }

  @Test
  void the_route_names_the_tap_and_keeps_the_prefix_of_the_upstream() throws Exception {
    StackFiles files = StackFiles.in(directory);
    UpstreamUrl upstream = UpstreamUrl.parse("https://llm.example:8443/openai");
    files.writeRoutes(
        new GatewayRoute("up", "{\"policy\":\"it's\"}", true, upstream, Duration.ofMinutes(10)),
        PORTS);
    assertThat(Files.readString(files.routes()))
        .contains("127.0.0.1:19464/tap", "Bearer " + files.tapSecret(), "'/openai/$1'")
        .endsWith("#END\n");
    GatewayConfig.Route route = GatewayConfig.load(files.routes()).routes().get(0);
    assertThat(route.plugins()).containsKeys("proxy-rewrite", "ext-plugin-post-req", "http-logger");
    assertThat(route.upstream().scheme()).isEqualTo("https");
    assertThat(route.upstream().nodes().get(0).address())
        .hasToString("Address[host=llm.example, port=8443]");
    assertThat(route.upstream().readTimeout()).isEqualTo(Duration.ofMinutes(10));
  }

  @ParameterizedTest
  @CsvSource({
    "https://api.openai.com, https://api.openai.com, ''",
    "https://api.openai.com/v1/, https://api.openai.com, ''",
    "HTTP://localhost:11434, http://localhost:11434, ''",
    "https://host:443/openai/, https://host/openai, /openai",
    "'  https://host/a/v1', https://host/a, /a",
    "http://[::1]:8000, http://[::1]:8000, ''"
  })
  void an_upstream_is_read_with_its_prefix(String text, String read, String prefix) {
    UpstreamUrl upstream = UpstreamUrl.parse(text);
    assertThat(upstream).hasToString(read);
    assertThat(upstream.prefix()).isEqualTo(prefix);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "api.openai.com",
        "ftp://host",
        "https://",
        "https://user:pw@host",
        "https://host:99999",
        "https://host:0",
        "https://host?x=1",
        "https://host#x",
        "https://host/a//b",
        "https://host/../b",
        "https://host/$1",
        "https://h ost",
        "https://under_score"
      })
  void an_upstream_that_is_none_is_refused_with_what_would_be_right(String text) {
    assertThatThrownBy(() -> UpstreamUrl.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("expected a URL such as https://api.openai.com, ")
        .hasMessageNotContaining("pw");
  }

  @Test
  void what_is_not_ready_is_not_waited_for_beyond_its_time_or_its_end() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(503, -1);
          exchange.close();
        });
    server.start();
    try {
      URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/health");
      assertThat(Readiness.await(address, Duration.ofMillis(300), () -> true)).isFalse();
      assertThat(Readiness.await(address, Duration.ofDays(1), () -> false)).isFalse();
    } finally {
      server.stop(0);
    }
  }
}
