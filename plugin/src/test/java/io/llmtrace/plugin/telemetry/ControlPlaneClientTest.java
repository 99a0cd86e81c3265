package io.llmtrace.plugin.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ControlPlaneClientTest {
  private final CircuitBreaker breaker =
      CircuitBreaker.of(
          "test", CircuitBreakerConfig.custom().permittedNumberOfCallsInHalfOpenState(1).build());

  @Test
  void aCallThatCannotBeMadeLeavesItsPermissionToTheNext() {
    ControlPlaneClient client = client(1, "no\nkey");
    breaker.transitionToOpenState();
    breaker.transitionToHalfOpenState();
    for (int i = 0; i < 3; i++) {
      assertThat(client.tryAcquire()).isTrue();
      assertThatThrownBy(() -> client.post("/x", new byte[0], ControlPlaneClient.Encoding.PLAIN))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void anAnswerWithoutAnEndIsReadToABound() throws Exception {
    byte[] piece = new byte[1 << 20];
    Arrays.fill(piece, (byte) ' ');
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          boolean endless = exchange.getRequestURI().getPath().equals("/endless");
          exchange.sendResponseHeaders(200, 0);
          try (OutputStream out = exchange.getResponseBody()) {
            // As much as it takes: who reads hangs up.
            for (int i = 0; endless ? i < 4_096 : i < 7; i++) {
              out.write(piece);
            }
          }
        });
    server.start();
    try {
      ControlPlaneClient client = client(server.getAddress().getPort(), "key");
      assertThat(client.post("/seven", new byte[0], ControlPlaneClient.Encoding.PLAIN).body())
          .hasSize(7 << 20);
      assertThatThrownBy(
              () -> client.post("/endless", new byte[0], ControlPlaneClient.Encoding.PLAIN))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("longer than 8388608 bytes");
    } finally {
      server.stop(0);
    }
  }

  private ControlPlaneClient client(int port, String key) {
    return new ControlPlaneClient(
        new TelemetrySettings(
            Path.of("unused"),
            "node-1",
            URI.create("http://127.0.0.1:" + port),
            () -> key,
            1,
            1,
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            TelemetrySettings.Pacing.standard()),
        breaker);
  }
}
