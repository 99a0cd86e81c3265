package io.llmtrace.plugin.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ControlPlaneClientTest {
  private final CircuitBreaker breaker =
      CircuitBreaker.of(
          "test", CircuitBreakerConfig.custom().permittedNumberOfCallsInHalfOpenState(1).build());

  @Test
  void aCallThatCannotBeMadeLeavesItsPermissionToTheNext() {
    ControlPlaneClient client =
        new ControlPlaneClient(
            new TelemetrySettings(
                Path.of("unused"),
                "node-1",
                URI.create("http://127.0.0.1:1"),
                () -> "no\nkey",
                1,
                1,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                TelemetrySettings.Pacing.standard()),
            breaker);
    breaker.transitionToOpenState();
    breaker.transitionToHalfOpenState();
    for (int i = 0; i < 3; i++) {
      assertThat(client.tryAcquire()).isTrue();
      assertThatThrownBy(() -> client.post("/x", new byte[0], ControlPlaneClient.Encoding.PLAIN))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
