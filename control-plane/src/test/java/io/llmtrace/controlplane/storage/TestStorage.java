package io.llmtrace.controlplane.storage;

import com.codahale.metrics.MetricRegistry;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import io.llmtrace.runtime.config.DatabaseConfig;
import io.llmtrace.runtime.config.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** A database of a test class's own, with the schema, in the one server of the module's stores. */
@SuppressWarnings("try")
public final class TestStorage implements AutoCloseable {
  /** Gives each test class one of its own. */
  public static final class Extension implements ParameterResolver {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == TestStorage.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      Server server =
          context
              .getRoot()
              .getStore(ExtensionContext.Namespace.GLOBAL)
              .getOrComputeIfAbsent(Server.class, key -> Server.start(), Server.class);
      return context
          .getStore(ExtensionContext.Namespace.create(context.getRequiredTestClass()))
          .getOrComputeIfAbsent(
              TestStorage.class, key -> fresh(server, context.getDisplayName()), TestStorage.class);
    }
  }

  /** The schema, made once: a database of it is a copy. */
  private static final String MODEL = "model";

  private record Server(Path directory, EmbeddedDatabase database) implements AutoCloseable {
    static Server start() {
      try {
        Path directory = Files.createTempDirectory("llmtrace-stores");
        Server server =
            new Server(directory, EmbeddedDatabase.start(directory.resolve("postgres")));
        server.execute("CREATE DATABASE " + MODEL);
        Migrations.Result unused =
            Migrations.run(Migrations.source(server.config(MODEL).database(), ""));
        return server;
      } catch (Exception e) {
        throw new IllegalStateException("no database for tests", e);
      }
    }

    void execute(String... statements) throws SQLException {
      try (Connection connection = DriverManager.getConnection(database.url());
          Statement sql = connection.createStatement()) {
        for (String statement : statements) {
          sql.execute(statement);
        }
      }
    }

    String url(String name) {
      return database.url().replaceFirst("/[^/?]+\\?", "/" + name + "?");
    }

    ControlPlaneConfig config(String name) {
      return ControlPlaneConfig.defaults()
          .withDatabase(new DatabaseConfig(Secret.of(url(name)), null, null, 20))
          .withDataDirectory(directory.resolve(name));
    }

    @Override
    public void close() throws Exception {
      database.close();
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private final Storage storage;
  private final String url;
  private @Nullable Jdbi jdbi;

  private TestStorage(Storage storage, String url) {
    this.storage = storage;
    this.url = url;
  }

  private static TestStorage fresh(Server server, String name) {
    String database = "t_" + Integer.toHexString(name.hashCode());
    try {
      server.execute(
          "CREATE DATABASE " + database + " TEMPLATE " + MODEL,
          // Whether commits outlive a power cut is not what tests of stores ask.
          "ALTER DATABASE " + database + " SET synchronous_commit = off");
    } catch (SQLException e) {
      throw new IllegalStateException("no database for " + name, e);
    }
    String url = server.url(database);
    CountDownLatch ready = new CountDownLatch(1);
    ControlPlaneConfig config = server.config(database);
    Storage storage = new Storage(config, new MetricRegistry(), made -> ready.countDown());
    TestStorage test = new TestStorage(storage, url);
    storage.start();
    try {
      if (!ready.await(60, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the database of " + name + " is not ready");
      }
      while (!storage.probe().ready()) {
        Thread.sleep(10);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    test.jdbi = storage.jdbi();
    return test;
  }

  public Jdbi jdbi() {
    return java.util.Objects.requireNonNull(jdbi, "ready");
  }

  public String url() {
    return url;
  }

  /** The first column of a query. */
  public List<String> column(String sql) {
    return jdbi().withHandle(handle -> handle.createQuery(sql).mapTo(String.class).list());
  }

  public long number(String sql) {
    return jdbi().withHandle(handle -> handle.createQuery(sql).mapTo(Long.class).one());
  }

  @Override
  public void close() throws IOException {
    try {
      storage.close();
    } catch (Exception e) {
      throw new IOException("the storage of a test does not close", e);
    }
  }
}
