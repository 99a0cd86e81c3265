package io.llmtrace.cli.chaos;

import io.llmtrace.controlplane.storage.EmbeddedDatabase;
import io.llmtrace.testkit.faults.FaultProxy;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * A PostgreSQL that is treated badly, and the proxy by which the control plane reaches it. Its port
 * changes with each start, as with a replica that takes over; the proxy's stays. For one thread.
 */
final class Database implements AutoCloseable {
  private final Path directory;
  private final FaultProxy proxy;
  private EmbeddedDatabase server;

  private Database(Path directory, FaultProxy proxy, EmbeddedDatabase server) {
    this.directory = directory;
    this.proxy = proxy;
    this.server = server;
  }

  static Database start(Path directory) throws IOException, InterruptedException {
    EmbeddedDatabase server = EmbeddedDatabase.start(directory);
    try {
      return new Database(directory, FaultProxy.before(port(server)), server);
    } catch (IOException e) {
      server.close();
      throw e;
    }
  }

  private static int port(EmbeddedDatabase server) {
    return URI.create(server.url().substring("jdbc:".length())).getPort();
  }

  FaultProxy proxy() {
    return proxy;
  }

  /** What the control plane is told: through the proxy. */
  String proxiedUrl() {
    return server.url().replace(":" + port(server) + "/", ":" + proxy.port() + "/");
  }

  /** A connection of a superuser, past the proxy. */
  Connection connect() throws SQLException {
    return DriverManager.getConnection(server.url());
  }

  /** The first column of an answer, as text. */
  List<String> column(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> values = new ArrayList<>();
      while (rows.next()) {
        values.add(rows.getString(1));
      }
      return values;
    }
  }

  void execute(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** The server and all its children. */
  List<Long> processes() throws IOException {
    long postmaster =
        Long.parseLong(Files.readAllLines(directory.resolve("postmaster.pid")).get(0).strip());
    List<Long> all = new ArrayList<>(List.of(postmaster));
    ProcessHandle.of(postmaster)
        .ifPresent(handle -> handle.descendants().forEach(child -> all.add(child.pid())));
    return all;
  }

  /** Whether somebody answers. */
  boolean answers() {
    try {
      return column("SELECT 1").size() == 1;
    } catch (SQLException e) {
      // Not there, which is the answer.
      return false;
    }
  }

  /** Ends it at once, with its children. */
  void kill() throws IOException, InterruptedException {
    // The server first: it would start others in place of its children.
    Signals.send("KILL", processes());
  }

  /** Starts it on the same data after {@link #kill}. */
  void restart() throws IOException, InterruptedException {
    // What is left of the killed one in this process: its lock on the directory.
    server.close();
    server = EmbeddedDatabase.start(directory);
    proxy.retarget(port(server));
  }

  @Override
  public void close() throws IOException {
    proxy.close();
    server.close();
  }
}
