package io.llmtrace.cli.bench.policies;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.bench.controlplane.ControlPlaneUnderTest;
import io.llmtrace.controlplane.storage.EmbeddedDatabase;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.testkit.provider.MockProvider;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * A database, a control plane in a process of its own, instances with a gateway each, and a
 * provider behind them. Asking is thread-safe.
 */
final class Installation implements AutoCloseable {
  private static final int HEAP_MIB = 512;
  private static final int TOO_MANY = 429;

  private final Path directory;
  private final EmbeddedDatabase database;
  private final ControlPlaneUnderTest plane;
  private final Path signingKey;
  private final MockProvider provider;
  private final List<Node> nodes = new ArrayList<>();
  private final HttpClient http = HttpClient.newHttpClient();

  private Installation(
      Path directory,
      EmbeddedDatabase database,
      ControlPlaneUnderTest plane,
      Path signingKey,
      MockProvider provider) {
    this.directory = directory;
    this.database = database;
    this.plane = plane;
    this.signingKey = signingKey;
    this.provider = provider;
  }

  /**
   * Starts all but the instances.
   *
   * @param directory an empty one
   */
  static Installation start(Path directory) throws IOException, InterruptedException {
    EmbeddedDatabase database = EmbeddedDatabase.start(directory.resolve("postgres"));
    try {
      Path own = Files.createDirectories(directory.resolve("control-plane"));
      ControlPlaneUnderTest plane = ControlPlaneUnderTest.start(own, database.url(), HEAP_MIB);
      try {
        return new Installation(
            directory,
            database,
            plane,
            own.resolve("data").resolve("policy-signing.pub"),
            MockProvider.start());
      } catch (IOException e) {
        plane.close();
        throw e;
      }
    } catch (IOException | InterruptedException e) {
      database.close();
      throw e;
    }
  }

  void startNodes(int count) throws IOException {
    for (int i = 1; i <= count; i++) {
      Node node =
          new Node(
              directory.resolve("n" + i),
              Secret.of(plane.instanceKey().trim()),
              signingKey,
              provider.port());
      nodes.add(node);
      node.start(plane.address());
    }
  }

  List<Node> nodes() {
    return nodes;
  }

  URI address() {
    return plane.address();
  }

  /** Ends the control plane at once. */
  void kill() throws InterruptedException {
    plane.process().kill();
  }

  Jdbi database() {
    return Jdbi.create(database.url());
  }

  /** What an instance sends, packed. */
  void ingest(byte[] batch) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(plane.address().resolve("/api/v1/ingest/batches"))
            .header("Authorization", "Bearer " + plane.instanceKey().trim())
            .header("Content-Type", "application/json")
            .header("Content-Encoding", "gzip")
            .POST(HttpRequest.BodyPublishers.ofByteArray(batch));
    JsonNode unused = answered(request.build(), 200);
  }

  /** Asks the API as an administrator of all tenants. */
  JsonNode call(
      String verb, String path, @Nullable ObjectNode body, int expected, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(plane.address().resolve(path))
            .header("Authorization", "Bearer " + plane.adminKey().trim())
            .header("Content-Type", "application/json")
            .method(
                verb,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body.toString()));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return answered(request.build(), expected);
  }

  /** One of many at once is told to come again. */
  private JsonNode answered(HttpRequest request, int expected)
      throws IOException, InterruptedException {
    while (true) {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() == expected) {
        return WireJson.mapper().readTree(answer.body());
      }
      if (answer.statusCode() != TOO_MANY) {
        throw new IOException(
            request.uri() + " was answered " + answer.statusCode() + ": " + answer.body());
      }
      Thread.sleep(50);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      for (Node node : nodes) {
        node.close();
      }
    } finally {
      provider.close();
      plane.close();
      database.close();
    }
  }
}
