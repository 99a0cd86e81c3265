package io.llmtrace.cli.bench.policies;

import io.llmtrace.plugin.PluginHost;
import io.llmtrace.plugin.PluginProcess;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.PoliciesConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An instance and the gateway before it. {@link #ask} and {@link #health} are thread-safe while it
 * runs.
 */
final class Node implements AutoCloseable {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final int BUDGET_MILLIS = 20_000;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Path directory;
  private final Secret key;
  private final Path signingKey;
  private final int providerPort;
  private @Nullable Running running;

  private record Running(PluginProcess<PluginHost> plugin, TestGateway gateway) {}

  /** What a caller of the gateway got. */
  record Heard(int status, String body) {
    /** Whether a version blocked it, and said so. */
    boolean isBlockOf(int version) {
      return status == 400 && body.contains(EditedPolicy.message(version));
    }
  }

  /**
   * @param directory of its own; its last name is the node's
   * @param key of an instance
   * @param signingKey the public key that bundles must be signed with
   */
  Node(Path directory, Secret key, Path signingKey, int providerPort) {
    this.directory = directory;
    this.key = key;
    this.signingKey = signingKey;
    this.providerPort = providerPort;
  }

  String name() {
    return directory.getFileName().toString();
  }

  /** Starts, with what the last start left behind. */
  void start(URI controlPlane) throws IOException {
    Files.createDirectories(directory);
    Path socket = directory.resolve("r.sock");
    LlmtraceConfig base = LlmtraceConfig.defaults();
    PluginProcess<PluginHost> plugin =
        PluginProcess.start(
            base.withPlugin(
                base.plugin().toBuilder()
                    .node(name())
                    .socket(socket)
                    .port(0)
                    .dataDirectory(directory.resolve("data"))
                    .controlPlaneUrl(controlPlane)
                    .apiKey(key)
                    .tapSecret(Secret.of("tap-secret"))
                    .policies(new PoliciesConfig(List.of(signingKey), Map.of()))
                    .build()));
    // As long as a busy machine may take: what is measured is which version decides.
    String routes =
        """
        routes:
          - id: bench
            uri: /v1/*
            plugins:
              ext-plugin-post-req:
                conf: [{name: llmtrace, value: '{"mode":"enforce","tap":false,"budget_ms":%d}'}]
            upstream:
              nodes: {"127.0.0.1:%d": 1}
        #END
        """
            .formatted(BUDGET_MILLIS, providerPort);
    running =
        new Running(plugin, TestGateway.start(GatewayConfig.parse(routes), Options.of(socket)));
  }

  private Running running() {
    Running now = running;
    if (now == null) {
      throw new IllegalStateException(name() + " is not running");
    }
    return now;
  }

  /** One chat request through the gateway. */
  Heard ask() throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create(
                    "http://127.0.0.1:" + running().gateway().port() + "/v1/chat/completions"))
            .timeout(PATIENCE)
            .header("content-type", "application/json")
            .header("x-app", "bench")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":"
                        + "\"When does the train to the coast leave?\"}]}"))
            .build();
    HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    return new Heard(answer.statusCode(), answer.body());
  }

  /** What the instance says of itself. */
  String health() throws IOException, InterruptedException {
    URI address = URI.create("http://127.0.0.1:" + running().plugin().localPort() + "/health");
    return HTTP.send(
            HttpRequest.newBuilder(address).timeout(PATIENCE).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  /** Ends; it may be started again. */
  @Override
  public void close() throws IOException {
    Running now = running;
    running = null;
    if (now != null) {
      now.gateway().close();
      now.plugin().close();
    }
  }
}
