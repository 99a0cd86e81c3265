package io.llmtrace.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoFilesTest {
  @TempDir Path directory;

  @Test
  void bothConfigurationsLoadAndAgree() throws Exception {
    DemoFiles files = new DemoFiles(directory);
    PrivateFiles.write(files.instanceKey(), "lk_instance");
    files.writeControlPlane(18080, 18081);
    files.writePlugin(19464, 18080, "tap-secret");
    LlmtraceConfig controlPlane = ConfigFile.load(files.controlPlaneConfig(), Map.of());
    LlmtraceConfig plugin = ConfigFile.load(files.pluginConfig(), Map.of());
    assertThat(controlPlane.controlPlane().dataDirectory().resolve("initial-instance.key"))
        .isEqualTo(files.instanceKey());
    assertThat(plugin.plugin().apiKey().matches("lk_instance")).isTrue();
    assertThat(plugin.plugin().tapSecret().matches("tap-secret")).isTrue();
    assertThat(plugin.plugin().socket()).isEqualTo(files.socket());
    assertThat(plugin.plugin().controlPlaneUrl()).hasPort(controlPlane.controlPlane().port());
  }

  @Test
  void theRoutesNameTheTapAndTheUpstream() throws Exception {
    DemoFiles files = new DemoFiles(directory);
    files.writeRoutes(19464, "tap-secret", "127.0.0.1:7");
    assertThat(Files.readString(files.routes()))
        .contains("127.0.0.1:19464/tap", "Bearer tap-secret", "\"127.0.0.1:7\": 1")
        .endsWith("#END\n");
  }

  @Test
  void anExchangeIsReadWithTheKeyAndItsAbsenceIsNoError() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/api/v1/exchanges/",
        exchange -> {
          boolean known =
              "Bearer k".equals(exchange.getRequestHeaders().getFirst("Authorization"))
                  && exchange.getRequestURI().getPath().endsWith("/01A");
          byte[] body = "{\"decision_id\":\"01A\"}".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(known ? 200 : 404, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.createContext(
        "/health",
        exchange -> {
          exchange.sendResponseHeaders(503, -1);
          exchange.close();
        });
    server.start();
    try {
      URI base = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
      ControlPlaneApi api = new ControlPlaneApi(base, "k");
      assertThat(api.exchange("01A").orElseThrow().path("decision_id").asText()).isEqualTo("01A");
      assertThat(api.exchange("01B")).isEmpty();
      assertThatThrownBy(api::health).isInstanceOf(IOException.class).hasMessageContaining("503");
      assertThat(ControlPlaneApi.await(base.resolve("/health"), Duration.ofMillis(300))).isFalse();
    } finally {
      server.stop(0);
    }
  }
}
