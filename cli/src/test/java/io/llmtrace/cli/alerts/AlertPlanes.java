package io.llmtrace.cli.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.cli.Main;
import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.cli.stack.DatabaseSection;
import io.llmtrace.cli.stack.Readiness;
import io.llmtrace.cli.stack.StackPorts;
import io.llmtrace.controlplane.storage.EmbeddedDatabase;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/** Two control planes, processes of their own, on one database. Thread-safe but for kills. */
final class AlertPlanes implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** One of the two. */
  private static final class Plane {
    private final Path directory;
    private final URI address;
    private ChildProcess process;

    Plane(Path directory, String database, String alerts) throws IOException {
      this.directory = Files.createDirectories(directory);
      int port = StackPorts.freePort();
      this.address = URI.create("http://127.0.0.1:" + port);
      Files.writeString(
          directory.resolve("llmtrace.yaml"),
          """
          control_plane:
            port: %d
            admin_port: 0
            data_directory: %s
            database: %s
            rate_limit: {requests_per_second: 10000, burst: 10000}
          %s
          """
              .formatted(port, directory.resolve("data"), DatabaseSection.of(database), alerts));
    }

    void start() throws IOException {
      process =
          ChildProcess.start(
              directory.getFileName().toString(),
              directory.resolve("control-plane.log"),
              List.of("-Xmx384m", "-XX:TieredStopAtLevel=1"),
              Main.class.getName(),
              List.of("control-plane", "--config", directory.resolve("llmtrace.yaml").toString()));
    }

    void ready() throws IOException, InterruptedException {
      Readiness.await(process, address.resolve("/readyz"), PATIENCE);
    }
  }

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();
  private final EmbeddedDatabase database;
  private final List<Plane> planes = new ArrayList<>();
  private final AtomicInteger turn = new AtomicInteger();
  private final String instance;
  private final String admin;

  /**
   * @param alerts the section of the configuration, with its key
   */
  AlertPlanes(Path directory, String alerts) throws IOException, InterruptedException {
    database = EmbeddedDatabase.start(directory.resolve("postgres"));
    for (String name : List.of("one", "two")) {
      Plane plane = new Plane(directory.resolve(name), database.url(), alerts);
      planes.add(plane);
      plane.start();
    }
    for (Plane plane : planes) {
      plane.ready();
    }
    instance = key("instance");
    admin = key("admin");
  }

  /** Of the first callers, which one of the two has made. */
  private String key(String role) throws IOException {
    for (Plane plane : planes) {
      Path file = plane.directory.resolve("data/initial-" + role + ".key");
      if (Files.exists(file)) {
        return Files.readString(file).strip();
      }
    }
    throw new IOException("neither control plane has written a key for " + role);
  }

  int count() {
    return planes.size();
  }

  /** Ends one as {@code kill -9} does, and starts it again. */
  void kill(int which) throws IOException, InterruptedException {
    planes.get(which).process.kill();
    planes.get(which).start();
  }

  void awaitReady() throws IOException, InterruptedException {
    for (Plane plane : planes) {
      plane.ready();
    }
  }

  /** Sends a batch to one or the other until one has it. Returns when it was told so. */
  Instant ingest(byte[] batch) throws InterruptedException {
    until("/api/v1/ingest/batches", instance, batch, "gzip");
    return Instant.now();
  }

  /** Posts JSON as an administrator until one of the two has taken it. */
  void post(String path, String body) throws InterruptedException {
    until(path, admin, body.getBytes(StandardCharsets.UTF_8), "identity");
  }

  private void until(String path, String key, byte[] body, String encoding)
      throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      Plane plane = planes.get(turn.getAndIncrement() % planes.size());
      try {
        HttpResponse<String> answer =
            http.send(
                HttpRequest.newBuilder(plane.address.resolve(path))
                    .timeout(Duration.ofSeconds(20))
                    .header("Authorization", "Bearer " + key)
                    .header("Content-Encoding", encoding)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() == 200) {
          return;
        }
        assertThat(answer.statusCode()).as(path + ": " + answer.body()).isIn(429, 503);
      } catch (IOException e) {
        // It was killed; whether it took the post is not known, and the second one tells no more.
        assertThat(System.nanoTime()).as(path + ": " + e).isLessThan(end);
      }
      assertThat(System.nanoTime()).as("nobody takes " + path).isLessThan(end);
      Thread.sleep(20);
    }
  }

  /** The rows of a query, its columns separated by spaces. */
  List<String> rows(String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(database.url());
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      List<String> rows = new ArrayList<>();
      while (row.next()) {
        List<String> columns = new ArrayList<>();
        for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
          columns.add(String.valueOf(row.getString(i)));
        }
        rows.add(String.join(" ", columns));
      }
      return rows;
    }
  }

  long number(String sql) throws SQLException {
    return Long.parseLong(rows(sql).get(0));
  }

  void sql(String statement) throws SQLException {
    try (Connection connection = DriverManager.getConnection(database.url());
        Statement run = connection.createStatement()) {
      run.execute(statement);
    }
  }

  /** What the processes wrote last. */
  String tails() {
    return planes.get(0).process.tail() + "\n---\n" + planes.get(1).process.tail();
  }

  void await(String what, Duration within, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + within.toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime()).as("%s within %s\n%s", what, within, tails()).isLessThan(end);
      Thread.sleep(100);
    }
  }

  @Override
  public void close() throws IOException {
    for (Plane plane : planes) {
      plane.process.close();
    }
    database.close();
  }
}
