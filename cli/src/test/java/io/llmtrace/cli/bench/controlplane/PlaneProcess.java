package io.llmtrace.cli.bench.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.cli.Main;
import io.llmtrace.cli.stack.ChildJvm;
import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.cli.stack.Readiness;
import io.llmtrace.cli.stack.StackPorts;
import io.llmtrace.controlplane.storage.EmbeddedDatabase;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;

/** A control plane with its embedded PostgreSQL, both of which tests treat badly. */
final class PlaneProcess implements AutoCloseable {
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
  private final Path directory;
  private final URI address;
  private ChildProcess controlPlane;

  PlaneProcess(Path directory) throws IOException, InterruptedException {
    this.directory = directory;
    int port = StackPorts.freePort();
    this.address = URI.create("http://127.0.0.1:" + port);
    Files.writeString(
        directory.resolve("llmtrace.yaml"),
        """
        control_plane:
          port: %d
          admin_port: 0
          data_directory: %s
        """
            .formatted(port, directory.resolve("data")));
    start();
    Readiness.await(controlPlane, address.resolve("/readyz"), Duration.ofSeconds(150));
  }

  URI address() {
    return address;
  }

  /** The key of the first caller of a role. */
  String key(String role) throws IOException {
    return Files.readString(directory.resolve("data/initial-" + role + ".key"));
  }

  void kill() throws InterruptedException {
    controlPlane.kill();
  }

  String tail() {
    return controlPlane.tail();
  }

  HttpResponse<String> get(String path, String key) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(address.resolve(path))
            .timeout(Duration.ofSeconds(60))
            .header("Authorization", "Bearer " + key)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  void start() throws IOException {
    controlPlane =
        ChildProcess.start(
            "control plane",
            directory.resolve("control-plane.log"),
            ChildJvm.options("-Xmx384m"),
            Main.class.getName(),
            List.of("control-plane", "--config", directory.resolve("llmtrace.yaml").toString()));
  }

  /** Sends until it is taken; a second answer to the same post is as good as the first. */
  void until(String path, String key, byte[] body, String encoding) throws InterruptedException {
    while (true) {
      try {
        HttpRequest request =
            HttpRequest.newBuilder(address.resolve(path))
                .timeout(Duration.ofSeconds(30))
                .header("Authorization", "Bearer " + key)
                .header("Content-Encoding", encoding)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        int status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        if (status == 200 || status == 201 || status == 409) {
          return;
        }
        assertThat(status).isIn(429, 503);
      } catch (IOException e) {
        // It was killed: what was sent may be stored or not.
        Thread.sleep(20);
      }
      Thread.sleep(50);
    }
  }

  /** The server's process. */
  long postgres() throws IOException {
    return Long.parseLong(lock().get(0).strip());
  }

  private List<String> lock() throws IOException {
    try {
      return Files.readAllLines(directory.resolve("data/postgres/postmaster.pid"));
    } catch (NoSuchFileException e) {
      return List.of("0", "", "", "0");
    }
  }

  long number(String sql) throws IOException, SQLException {
    String url = EmbeddedDatabase.addressOf(directory.resolve("data/postgres"));
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  @Override
  public void close() {
    controlPlane.close();
  }
}
