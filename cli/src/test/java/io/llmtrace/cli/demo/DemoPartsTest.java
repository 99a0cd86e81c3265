package io.llmtrace.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.cli.Main;
import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.Action;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoPartsTest {
  @TempDir Path directory;

  @Test
  void thereAreAtLeastTwelveScenariosOfDifferentNames() throws Exception {
    List<DemoScenario> all = DemoScenarios.all();
    assertThat(all).hasSizeGreaterThanOrEqualTo(12).extracting("name").doesNotHaveDuplicates();
    for (DemoScenario scenario : all) {
      JsonNode body = WireJson.mapper().readTree(scenario.body());
      assertThat(body.path("messages").size()).isPositive();
      assertThat(body.path("stream").asBoolean()).isEqualTo(scenario.stream());
      assertThat(scenario.findings().isEmpty()).isEqualTo(scenario.expected() == Action.ALLOW);
    }
  }

  @Test
  void aMetricsPageIsReadAndSummedByLabels() {
    MetricsPage page =
        MetricsPage.parse(
            """
            # HELP llmtrace_requests_total Requests
            # TYPE llmtrace_requests_total counter
            llmtrace_requests_total{status="200",route="a b",tenant="x\\"y"} 3.0
            llmtrace_requests_total{status="200",route="c",tenant="x"} 4
            llmtrace_requests_total{status="500",route="c",tenant="x"} 1.5E1 1700000000
            llmtrace_requests_totals 7
            up +Inf
            """);
    assertThat(page.sum("llmtrace_requests_total", Map.of())).isEqualTo(22);
    assertThat(page.sum("llmtrace_requests_total", Map.of("status", "200"))).isEqualTo(7);
    assertThat(page.sum("llmtrace_requests_total", Map.of("route", "c", "status", "500")))
        .isEqualTo(15);
    assertThat(page.sum("absent", Map.of())).isZero();
  }

  @Test
  void theReportHasTheStableNames() throws Exception {
    DemoReport report =
        new DemoReport(
            true,
            List.of(
                new DemoReport.Outcome(
                    "direct injection",
                    "block",
                    "block",
                    400,
                    false,
                    "t",
                    "d",
                    List.of(
                        new DemoReport.Found("prompt_injection", "critical", "request"),
                        new DemoReport.Found("pii_detected", "low", "answer")),
                    1.25)),
            WireJson.mapper().createObjectNode().put("status", "healthy"),
            new DemoReport.Stored(1, 1),
            Map.of("llmtrace_requests_total", 1.0));
    Path file = directory.resolve("new/demo.json");
    report.write(file);
    JsonNode json = WireJson.mapper().readTree(file.toFile());
    assertThat(json.fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("ok", "scenarios", "health", "stored", "metrics");
    assertThat(json.at("/scenarios/0").fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder(
            "name",
            "expected",
            "actual",
            "status",
            "stream",
            "trace_id",
            "decision_id",
            "findings",
            "latency_ms");
    assertThat(json.at("/scenarios/0/findings/0/type").asText()).isEqualTo("prompt_injection");
    assertThat(report.table())
        .contains(
            "direct injection", "prompt_injection (critical)", "pii_detected in the answer (low)");
  }

  @Test
  void theClientSendsItsTraceAndReadsAStreamToItsEnd() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    AtomicReference<String> trace = new AtomicReference<>();
    server.createContext(
        "/",
        exchange -> {
          trace.set(exchange.getRequestHeaders().getFirst("traceparent"));
          byte[] body = "data: {}\n\ndata: [DONE]\n\n".getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("x-llmtrace-id", "ULID.MAC");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    try {
      DemoClient client =
          new DemoClient(URI.create("http://127.0.0.1:" + server.getAddress().getPort()));
      DemoClient.Seen seen = client.send(DemoScenarios.all().get(5));
      assertThat(seen.status()).isEqualTo(200);
      assertThat(seen.events()).isEqualTo(2);
      assertThat(seen.issuedId()).contains("ULID.MAC");
      assertThat(trace.get()).startsWith("00-" + seen.traceId() + "-").endsWith("-01");
    } finally {
      server.stop(0);
    }
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
    } finally {
      server.stop(0);
    }
  }

  @Test
  void aChildRunsOnOurClassPathAndIsKilledAtOnce() throws Exception {
    Path log = directory.resolve("child.log");
    try (ChildProcess help =
        ChildProcess.start("help", log, Main.class.getName(), List.of("--help"))) {
      waitUntilGone(help);
      // The last line, whatever commands there are.
      assertThat(help.tail()).endsWith("Display help information about the specified command.");
    }
    ChildProcess sleeper =
        ChildProcess.start(
            "sleeper", log, Sleeper.class.getName(), List.of(Duration.ofMinutes(5).toString()));
    assertThat(sleeper.alive()).isTrue();
    assertThat(sleeper.pid()).isPositive();
    sleeper.kill();
    assertThat(sleeper.alive()).isFalse();
  }

  private static void waitUntilGone(ChildProcess child) throws InterruptedException {
    for (int i = 0; i < 250 && child.alive(); i++) {
      Thread.sleep(100);
    }
  }

  /** A process that only waits. */
  static final class Sleeper {
    private Sleeper() {}

    public static void main(String[] args) throws InterruptedException {
      Thread.sleep(Duration.parse(args[0]).toMillis());
    }
  }
}
