package io.llmtrace.cli.grafana;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.cli.demo.LiveDemo;
import io.llmtrace.testkit.ports.FreePort;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A Prometheus with the shipped configuration, on a demo, in less time. For one thread. */
final class PrometheusServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Program program;

  private PrometheusServer(Program program) {
    this.program = program;
  }

  /** Whether one can be started here. */
  static boolean available() {
    return Program.find("prometheus").isPresent();
  }

  /**
   * Starts it with {@code prometheus.yml} and the rules as shipped, but for addresses and
   * intervals; the durations of alerts stay.
   *
   * @param alertmanager host and port, empty for none
   */
  static PrometheusServer start(Path directory, LiveDemo demo, Optional<String> alertmanager)
      throws IOException, InterruptedException {
    String config =
        Files.readString(GrafanaFiles.PROMETHEUS.resolve("prometheus.yml"))
            .replaceAll("(scrape|evaluation)_interval: 15s", "$1_interval: 500ms")
            .replace("control-plane:8080", demo.controlPlane())
            .replace("targets: []", "targets: ['" + demo.plugin() + "']")
            .replace("alertmanager:9093", alertmanager.orElse("127.0.0.1:1"));
    Path file = Files.writeString(directory.resolve("prometheus.yml"), config);
    for (String rules : GrafanaFiles.RULES) {
      Files.writeString(
          directory.resolve(rules),
          Files.readString(GrafanaFiles.PROMETHEUS.resolve(rules))
              .replaceAll("(?m)^    interval: [0-9]+s$", "    interval: 1s"));
    }
    return new PrometheusServer(Program.prometheus(directory, file, FreePort.next()));
  }

  /**
   * What an expression comes to now.
   *
   * @throws IOException with Prometheus' word, where it is not valid
   */
  JsonNode query(String expr) throws IOException, InterruptedException {
    HttpResponse<String> answer = program.get("/api/v1/query?query=" + Program.encoded(expr));
    JsonNode json = JSON.readTree(answer.body());
    if (!json.path("status").asText().equals("success")) {
      throw new IOException(expr + ": " + json.path("error").asText(answer.body()));
    }
    return json.at("/data/result");
  }

  /** A page of the API. */
  JsonNode api(String path) throws IOException, InterruptedException {
    return JSON.readTree(program.get("/api/v1/" + path).body()).path("data");
  }

  /** Waits until every target was scraped so often since it began. */
  void awaitScrapes(int times) throws IOException, InterruptedException {
    await("count(sum by (job) (sum_over_time(up[10m])) >= " + times + ") == 2");
  }

  /** Waits until an expression comes to something. */
  void await(String expr) throws IOException, InterruptedException {
    long end = System.nanoTime() + 120_000_000_000L;
    while (query(expr).isEmpty()) {
      if (System.nanoTime() > end) {
        throw new AssertionError(expr + " stays empty; targets: " + api("targets"));
      }
      Thread.sleep(100);
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
