package io.llmtrace.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import io.llmtrace.controlplane.storage.EmbeddedDatabase;
import io.llmtrace.controlplane.storage.Storage;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import io.llmtrace.runtime.config.DatabaseConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.testkit.ports.FreePort;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults of a real PostgreSQL that a control plane has migrated; each is taken back afterwards. */
@SuppressWarnings("try") // an interrupt ends the test
class DatabaseFaultsTest {
  @TempDir static Path shared;
  @TempDir Path directory;
  private static EmbeddedDatabase server;
  private static Runner runner;
  private static String address;
  private Place place;

  @BeforeAll
  static void serve() throws Exception {
    runner = Runner.start(shared);
    server = EmbeddedDatabase.start(shared.resolve("postgres"));
    sql(
        "CREATE ROLE app LOGIN PASSWORD 'right'", "CREATE DATABASE llmtrace OWNER app",
        "CREATE DATABASE empty OWNER app", "CREATE ROLE llmtrace_api NOLOGIN",
        "GRANT llmtrace_api TO app", "CREATE DATABASE other OWNER postgres");
    // Its own files trust everybody; a password is asked for here.
    Path access = shared.resolve("postgres/pg_hba.conf");
    Files.writeString(
        access, "host all app 127.0.0.1/32 scram-sha-256\n" + Files.readString(access));
    sql("SELECT pg_reload_conf()");
    address =
        server.url().replaceFirst("/postgres\\?.*", "/").replaceFirst("localhost", "127.0.0.1");
    try (Storage storage =
        new Storage(
            ControlPlaneConfig.defaults()
                .withDatabase(
                    new DatabaseConfig(
                        Secret.of(address + "llmtrace"), "app", Secret.of("right"), 2)),
            new MetricRegistry(),
            jdbi -> {})) {
      storage.start();
      for (int i = 0; !storage.probe().ready() && i < 1_800; i++) {
        Thread.sleep(50);
      }
      assertThat(storage.probe().ready()).isTrue();
    }
  }

  @AfterAll
  static void stop() throws Exception {
    runner.close();
    server.close();
  }

  @BeforeEach
  void healthy() throws Exception {
    place = new Place(directory).serve(runner);
    place.side = Check.Side.CONTROL_PLANE;
    database(address + "llmtrace", "app", "right", 10);
  }

  @AfterEach
  void end() throws Exception {
    place.close();
  }

  private void database(String url, String user, String password, int pool) {
    place.more =
        "control_plane: {data_directory: %s, database: {url: \"%s\", user: %s, password: %s, pool_size: %d}}\n"
            .formatted(directory.resolve("cp"), url, user, password, pool);
  }

  private static void sql(String... statements) throws Exception {
    in("postgres", statements);
  }

  private static void in(String database, String... statements) throws Exception {
    try (Connection connection =
            DriverManager.getConnection(server.url().replace("/postgres?", "/" + database + "?"));
        Statement sql = connection.createStatement()) {
      for (String each : statements) {
        sql.execute(each);
      }
    }
  }

  @Test
  void nothingIsToldOfAHealthyDatabase() throws Exception {
    assertThat(Report.problems(place.look())).isEmpty();
    assertThat(place.look().get("migrations"))
        .isInstanceOfSatisfying(
            Outcome.Fine.class,
            fine -> assertThat(fine.seen()).matches("[1-9][0-9]+ changesets, none pending"));
  }

  @Test
  void aServerThatDoesNotRun() throws Exception {
    int port = FreePort.next();
    database("jdbc:postgresql://127.0.0.1:" + port + "/llmtrace", "app", "right", 10);
    place.error(
        "database",
        "cannot be reached: nobody listens at 127.0.0.1:" + port + " (SQLSTATE 08001)",
        "start PostgreSQL");
  }

  @Test
  void severalServersThatDoNotRun() throws Exception {
    int first = FreePort.next();
    int second = FreePort.next();
    database(
        "jdbc:postgresql://127.0.0.1:" + first + ",127.0.0.1:" + second + "/llmtrace",
        "app",
        "right",
        10);
    place.error(
        "database", "127.0.0.1:" + first + ", 127.0.0.1:" + second + " (", "start PostgreSQL");
  }

  @Test
  void aServerWhoseNameNobodyKnows() throws Exception {
    database("jdbc:postgresql://database.invalid:5432/llmtrace", "app", "right", 10);
    assertThat(Report.problems(place.look()))
        .singleElement()
        .satisfies(
            problem ->
                assertThat(problem.toString())
                    .contains("no address is known for database.invalid:5432"));
  }

  @Test
  void aPasswordInTheAddressIsToldWithoutIt() throws Exception {
    database("jdbc:postgresql://app:hunter2@database.invalid:5432/llmtrace", "app", "right", 10);
    assertThat(Report.problems(place.look()))
        .singleElement()
        .satisfies(
            problem ->
                assertThat(problem.toString())
                    .contains("control_plane.database.password")
                    .doesNotContain("hunter2"));
  }

  @Test
  void aWrongPassword() throws Exception {
    database(address + "llmtrace", "app", "wrong", 10);
    place.error("database", "refuses the user or its password", "\\password");
  }

  @Test
  void aDatabaseThatIsNotThere() throws Exception {
    database(address + "nowhere", "app", "right", 10);
    place.error("database", "has no database of the name", "createdb");
  }

  @Test
  void aUserThatMayNotTakeOnTheRole() throws Exception {
    sql("REVOKE llmtrace_api FROM app");
    try {
      place.error("database", "no member of the role llmtrace_api", "GRANT llmtrace_api TO app");
    } finally {
      sql("GRANT llmtrace_api TO app");
    }
  }

  @Test
  void aUserThatMayNotCreateTables() throws Exception {
    database(address + "other", "app", "right", 10);
    place.side = Check.Side.CONTROL_PLANE;
    assertThat(new DatabaseCheck().look(place.deployment()))
        .isInstanceOfSatisfying(
            Outcome.Wrong.class,
            wrong ->
                assertThat(wrong.problems())
                    .singleElement()
                    .satisfies(
                        problem -> {
                          assertThat(problem.cause()).contains("may not create tables");
                          assertThat(problem.mend())
                              .contains("GRANT CREATE ON SCHEMA public TO app");
                        }));
  }

  @Test
  void transactionsThatAreReadOnly() throws Exception {
    sql("ALTER ROLE app SET default_transaction_read_only = on");
    try {
      place.error("database", "read-only by default", "RESET default_transaction_read_only");
    } finally {
      sql("ALTER ROLE app RESET default_transaction_read_only");
    }
  }

  @Test
  void aPoolThatIsLargerThanTheServer() throws Exception {
    database(address + "llmtrace", "app", "right", 900);
    place.error("database", "pool_size is 900, and the server takes 100", "ALTER SYSTEM");
  }

  @Test
  void aMigrationOfANewerVersion() throws Exception {
    in(
        "llmtrace",
        "INSERT INTO databasechangelog (id, author, filename, dateexecuted, orderexecuted,"
            + " exectype) VALUES ('future-1', 'llmtrace', 'migrations/future.sql', now(), 9999,"
            + " 'EXECUTED')");
    try {
      place.error(
          "migrations",
          "such as \"migrations/future.sql future-1\": a newer version",
          "newer version");
    } finally {
      in("llmtrace", "DELETE FROM databasechangelog WHERE id = 'future-1'");
    }
  }

  @Test
  void aMigrationThatIsPending() throws Exception {
    in(
        "llmtrace",
        "CREATE TABLE kept AS SELECT * FROM databasechangelog WHERE id = 'policies-4'",
        "DELETE FROM databasechangelog WHERE id = 'policies-4'");
    try {
      place.warning(
          "migrations",
          "1 changesets of this build are pending, the first is \"migrations/policies.sql"
              + " policies-4\"",
          "./llmtrace control-plane");
    } finally {
      in("llmtrace", "INSERT INTO databasechangelog SELECT * FROM kept", "DROP TABLE kept");
    }
  }

  @Test
  void aDatabaseThatNobodyMigrated() throws Exception {
    database(address + "empty", "app", "right", 10);
    place.warning("migrations", "The database is empty", "./llmtrace control-plane");
  }

  @Test
  void aMigrationThatWasKilled() throws Exception {
    in(
        "llmtrace",
        "UPDATE databasechangeloglock SET locked = true, lockedby = 'x',"
            + " lockgranted = localtimestamp - interval '2 hours'");
    try {
      place.error(
          "migrations", "has held its lock for 120 minutes", "UPDATE databasechangeloglock");
    } finally {
      in(
          "llmtrace",
          "UPDATE databasechangeloglock SET locked = false, lockedby = NULL, lockgranted = NULL");
    }
  }
}
