package io.llmtrace.plugin.shares;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.llmtrace.plugin.telemetry.Telemetry;
import io.llmtrace.plugin.telemetry.TelemetrySettings;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.limit.LeaseAnswer;
import io.llmtrace.policies.limit.Limit;
import io.llmtrace.policies.limit.Limiter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShareExchangeTest {
  @TempDir Path data;

  /** A breaker that is half open allows one call, of all callers: it is not to be lost. */
  @Test
  void aQuestionThatCannotBeMadeLeavesItsPermissionToTheNext() throws Exception {
    CountDownLatch answered = new CountDownLatch(1);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/api/v1/ingest/leases",
        exchange -> {
          try (exchange) {
            byte[] body =
                WireJson.mapper()
                    .writeValueAsBytes(
                        new LeaseAnswer(
                            List.of(), System.currentTimeMillis(), 1, null, List.of(), null));
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
          }
          answered.countDown();
        });
    server.start();
    AtomicInteger questions = new AtomicInteger();
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    try (Telemetry telemetry = Telemetry.open(settings(server), meters)) {
      CircuitBreaker breaker = telemetry.breaker();
      breaker.transitionToOpenState();
      breaker.transitionToHalfOpenState();
      ShareExchange.Parts parts =
          new ShareExchange.Parts(
              "node-1",
              new Limiter(List.of(), Limiter.Settings.standard(), System::nanoTime, 0).nodeShares(),
              Limit.Alone.LOCAL,
              () -> {
                if (questions.getAndIncrement() == 0) {
                  throw new IllegalStateException("the first question fails");
                }
                return Duration.ZERO;
              },
              prices -> {});
      try (ShareExchange exchange = ShareExchange.start(telemetry.client(), parts, meters)) {
        assertThat(answered.await(30, TimeUnit.SECONDS)).as("it was asked again").isTrue();
        assertThat(questions).hasValueGreaterThan(1);
        assertThat(exchange.problems()).isEmpty();
      }
    } finally {
      server.stop(0);
    }
  }

  private TelemetrySettings settings(HttpServer server) {
    return new TelemetrySettings(
        data,
        "node-1",
        URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
        () -> "key",
        1 << 20,
        500,
        Duration.ofMillis(20),
        Duration.ofMillis(50),
        new TelemetrySettings.Pacing(
            Duration.ofMillis(5),
            Duration.ofMillis(40),
            Duration.ofMillis(50),
            Duration.ofMillis(100),
            Duration.ofSeconds(5)));
  }
}
