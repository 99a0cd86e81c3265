package io.llmtrace.controlplane.storage;

import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.ControlPlane;
import io.llmtrace.controlplane.Records;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.runtime.config.DatabaseConfig;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.testkit.ports.FreePort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
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
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The steps of docs/operations/backup.md, with a PostgreSQL of the machine; skipped without one.
 */
// An interrupt while closing fails the test, as it should.
@SuppressWarnings("try")
class BackupTest {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final List<String> TOOLS =
      List.of("initdb", "postgres", "pg_dump", "pg_restore", "psql");

  @TempDir private Path directory;

  /** The newest installation that has servers and clients, where Debian and others put them. */
  private static Optional<Path> installed() throws IOException {
    Path root = Path.of("/usr/lib/postgresql");
    if (!Files.isDirectory(root)) {
      return Optional.empty();
    }
    try (Stream<Path> versions = Files.list(root)) {
      return versions
          .map(version -> version.resolve("bin"))
          .filter(bin -> TOOLS.stream().allMatch(tool -> Files.isExecutable(bin.resolve(tool))))
          .max(Comparator.comparingInt(bin -> Integer.parseInt(bin.getName(3).toString())));
    }
  }

  @Test
  void aDumpRestoredIntoANewDatabaseIsTheSameInstallation() throws Exception {
    Optional<Path> bin = installed();
    assumeTrue(
        bin.isPresent(), "skipped: no PostgreSQL with server and clients in /usr/lib/postgresql");
    Path data = directory.resolve("control-plane");
    Path dump = directory.resolve("llmtrace.dump");
    try (Server server = Server.start(bin.orElseThrow(), directory)) {
      server.sql("postgres", "CREATE DATABASE before");
      String id = new Ulid().next();
      JsonNode receipt;
      Map<String, String> before;
      try (ControlPlane plane = ControlPlane.start(config(server.url("before"), data))) {
        awaitReady(plane);
        String admin = key(data, "admin");
        send(plane, key(data, "instance"), batch(id));
        assertThat(
                call(
                        plane,
                        "/api/v1/holds",
                        admin,
                        "{\"tenant\":\"t\",\"from\":\"2026-01-01\",\"reason\":\"r\"}")
                    .statusCode())
            .isEqualTo(201);
        receipt = erasure(plane, admin);
      }
      before = contents(server.url("before"));
      assertThat(before).containsKeys("TABLE exchanges", "TABLE audit", "POLICIES", "GRANTS");

      server.tool("pg_dump", "--format=custom", "--file=" + dump, server.uri("before"));
      server.sql("postgres", "CREATE DATABASE after");
      server.tool(
          "pg_restore",
          "--no-owner",
          "--exit-on-error",
          "--dbname=" + server.uri("after"),
          dump.toString());

      assertThat(contents(server.url("after"))).isEqualTo(before);
      try (ControlPlane plane = ControlPlane.start(config(server.url("after"), data))) {
        awaitReady(plane);
        String admin = key(data, "admin");
        assertThat(
                json(call(plane, "/api/v1/exchanges/" + id, admin, null))
                    .get("decision_id")
                    .asText())
            .isEqualTo(id);
        // What a plugin sends again is known.
        assertThat(send(plane, key(data, "instance"), batch(id)).get("duplicate").asBoolean())
            .isTrue();
        JsonNode audit = json(call(plane, "/api/v1/audit/verify", admin, null));
        assertThat(audit.get("intact").asBoolean()).isTrue();
        assertThat(audit.get("entries").asLong()).isGreaterThan(1);
        JsonNode again =
            json(call(plane, "/api/v1/erasures/" + receipt.get("id").asText(), admin, null));
        assertThat(again).isEqualTo(receipt);
        assertThat(json(call(plane, "/api/v1/signing-key", admin, null)).get("key_id"))
            .isEqualTo(receipt.get("key_id"));
      }
    }
  }

  private static LlmtraceConfig config(String url, Path data) {
    LlmtraceConfig defaults = LlmtraceConfig.defaults();
    return defaults.withControlPlane(
        defaults
            .controlPlane()
            .withPorts(0, 0)
            .withDataDirectory(data)
            .withDatabase(new DatabaseConfig(Secret.of(url), "postgres", null, 5)));
  }

  private static String key(Path data, String role) throws IOException {
    return Files.readString(data.resolve("initial-" + role + ".key"));
  }

  private static Batch batch(String id) {
    return new Batch(
        Batch.SCHEMA,
        "n",
        "b",
        1,
        List.of(
            Records.inspection(id, new Records.Who("t", "chat", "alice", "", "openai", "gpt-4o")),
            Records.completion(id)));
  }

  private static JsonNode send(ControlPlane plane, String key, Batch batch) throws Exception {
    HttpResponse<String> answer =
        call(plane, "/api/v1/ingest/batches", key, WireJson.mapper().writeValueAsString(batch));
    assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 299);
    return json(answer);
  }

  private static JsonNode erasure(ControlPlane plane, String admin) throws Exception {
    String id =
        json(call(
                plane,
                "/api/v1/erasures",
                admin,
                "{\"tenant\":\"t\",\"consumer\":\"bob\",\"reason\":\"r\"}"))
            .get("id")
            .asText();
    Instant end = Instant.now().plusSeconds(60);
    JsonNode seen = json(call(plane, "/api/v1/erasures/" + id, admin, null));
    while (seen.get("state").asText().equals("pending") && Instant.now().isBefore(end)) {
      Thread.sleep(50);
      seen = json(call(plane, "/api/v1/erasures/" + id, admin, null));
    }
    assertThat(seen.get("state").asText()).isEqualTo("done");
    return seen;
  }

  private static void awaitReady(ControlPlane plane) throws Exception {
    Instant end = Instant.now().plusSeconds(90);
    while (call(plane, "/readyz", "", null).statusCode() != 200 && Instant.now().isBefore(end)) {
      Thread.sleep(50);
    }
    assertThat(call(plane, "/readyz", "", null).statusCode()).isEqualTo(200);
  }

  /** A GET without a body, else a POST. */
  private static HttpResponse<String> call(ControlPlane plane, String path, String key, String body)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + plane.port() + path));
    if (body != null) {
      request
          .header("Content-Type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString(body));
    }
    if (!key.isEmpty()) {
      request.header("Authorization", "Bearer " + key);
    }
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** All rows of all tables, policies and grants of a database, each as a hash. */
  private static Map<String, String> contents(String url) throws SQLException {
    Map<String, String> contents = new TreeMap<>();
    try (Connection connection = DriverManager.getConnection(url, "postgres", "");
        Statement sql = connection.createStatement()) {
      List<String> tables =
          column(sql, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
      for (String table : tables) {
        contents.put(
            "TABLE " + table,
            column(
                    sql,
                    "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY"
                        + " t::text)), '') FROM \""
                        + table
                        + "\" t")
                .get(0));
      }
      contents.put(
          "POLICIES",
          column(
                  sql,
                  "SELECT tablename || policyname || roles::text || coalesce(qual, '')"
                      + " FROM pg_policies ORDER BY 1")
              .toString());
      contents.put(
          "GRANTS",
          column(
                  sql,
                  "SELECT relname || coalesce(relacl::text, '') || relrowsecurity FROM pg_class"
                      + " WHERE relnamespace = 'public'::regnamespace"
                      + " AND relacl::text LIKE '%llmtrace_api%' ORDER BY 1")
              .toString());
      contents.put(
          "TRIGGERS",
          column(
                  sql,
                  "SELECT tgrelid::regclass || tgname FROM pg_trigger WHERE NOT tgisinternal"
                      + " ORDER BY 1")
              .toString());
    }
    return contents;
  }

  private static List<String> column(Statement sql, String query) throws SQLException {
    List<String> column = new ArrayList<>();
    try (ResultSet rows = sql.executeQuery(query)) {
      while (rows.next()) {
        column.add(rows.getString(1));
      }
    }
    return column;
  }

  /** A server of the machine's PostgreSQL, of this test alone. */
  private record Server(Path bin, Path directory, int port, Process process)
      implements AutoCloseable {
    static Server start(Path bin, Path directory) throws Exception {
      Path data = directory.resolve("postgres");
      run(
          directory,
          bin.resolve("initdb").toString(),
          "-D",
          data.toString(),
          "-U",
          "postgres",
          "-A",
          "trust",
          "-E",
          "UTF8",
          "--no-sync");
      int port = FreePort.next();
      Process process =
          new ProcessBuilder(
                  command(
                      bin.resolve("postgres").toString(),
                      "-D",
                      data.toString(),
                      "-p",
                      Integer.toString(port),
                      "-c",
                      "listen_addresses=127.0.0.1",
                      "-c",
                      "unix_socket_directories=",
                      "-c",
                      "fsync=off"))
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("postgres.log").toFile())
              .start();
      Server server = new Server(bin, directory, port, process);
      Instant end = Instant.now().plusSeconds(60);
      while (!server.isUp()) {
        assertThat(process.isAlive() && Instant.now().isBefore(end))
            .as(Files.readString(directory.resolve("postgres.log")))
            .isTrue();
        Thread.sleep(50);
      }
      return server;
    }

    /** PostgreSQL does not run as root; in a user namespace of its own it is not. */
    private static List<String> command(String... command) {
      List<String> whole = new ArrayList<>();
      if ("root".equals(System.getProperty("user.name"))) {
        whole.addAll(List.of("unshare", "-U"));
      }
      whole.addAll(List.of(command));
      return whole;
    }

    private boolean isUp() {
      try {
        sql("postgres", "SELECT 1");
        return true;
      } catch (SQLException e) {
        return false;
      }
    }

    String url(String database) {
      return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    String uri(String database) {
      return "postgresql://postgres@127.0.0.1:" + port + "/" + database;
    }

    void sql(String database, String statement) throws SQLException {
      try (Connection connection = DriverManager.getConnection(url(database), "postgres", "");
          Statement sql = connection.createStatement()) {
        sql.execute(statement);
      }
    }

    void tool(String name, String... arguments) throws Exception {
      List<String> command = new ArrayList<>(List.of(bin.resolve(name).toString()));
      command.addAll(List.of(arguments));
      run(directory, command.toArray(new String[0]));
    }

    private static void run(Path directory, String... command) throws Exception {
      Path log = directory.resolve("tool.log");
      Process process =
          new ProcessBuilder(command(command))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      boolean ended = process.waitFor(Duration.ofMinutes(2).toSeconds(), TimeUnit.SECONDS);
      assertThat(ended && process.exitValue() == 0).as(Files.readString(log)).isTrue();
    }

    @Override
    public void close() throws Exception {
      process.destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }
  }
}
