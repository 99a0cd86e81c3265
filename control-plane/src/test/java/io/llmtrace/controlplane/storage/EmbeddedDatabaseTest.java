package io.llmtrace.controlplane.storage;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

// An interrupt while closing ends the close; nobody interrupts a test.
@SuppressWarnings("try")
class EmbeddedDatabaseTest {
  @Test
  void aServerThatWasLeftBehindWithAClientIsTakenOverWithItsData(@TempDir Path directory)
      throws Exception {
    Path data = directory.resolve("postgres");
    Process left =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                LeftBehind.class.getName(),
                data.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String url =
        left.inputReader()
            .lines()
            .filter(line -> line.startsWith("URL "))
            .findFirst()
            .orElseThrow();
    try (Connection client = DriverManager.getConnection(url.substring(4));
        Statement statement = client.createStatement()) {
      statement.execute("CREATE TABLE kept AS SELECT 42 AS value");
      // The server outlives its JVM, and somebody's client stays connected to it.
      left.destroyForcibly().waitFor();
      EmbeddedDatabase successor = EmbeddedDatabase.start(data);
      try (Connection again = DriverManager.getConnection(successor.url());
          Statement asking = again.createStatement();
          ResultSet kept = asking.executeQuery("SELECT value FROM kept")) {
        assertThat(kept.next()).isTrue();
        assertThat(kept.getInt(1)).isEqualTo(42);
        assertThat(client.isValid(2)).isFalse();
      } finally {
        successor.close();
      }
    }
    assertThat(data.resolve("postmaster.pid")).doesNotExist();
  }

  @Test
  void anOwnServerThatIsKilledIsStartedAgainWithItsData(@TempDir Path directory) throws Exception {
    ControlPlaneConfig config = ControlPlaneConfig.defaults().withDataDirectory(directory);
    try (Storage storage = new Storage(config, new MetricRegistry(), jdbi -> {})) {
      storage.start();
      await(storage, true);
      storage.jdbi().useHandle(handle -> handle.execute("INSERT INTO routes VALUES ('kept')"));
      Path lock = directory.resolve("postgres/postmaster.pid");
      String killed = Files.readAllLines(lock).get(0).strip();
      assertThat(ProcessHandle.of(Long.parseLong(killed)).orElseThrow().destroyForcibly()).isTrue();
      await(storage, false);
      await(storage, true);
      assertThat(Files.readAllLines(lock).get(0).strip()).isNotEqualTo(killed);
      String kept =
          storage
              .jdbi()
              .<String, RuntimeException>withHandle(
                  handle ->
                      handle.createQuery("SELECT route FROM routes").mapTo(String.class).one());
      assertThat(kept).isEqualTo("kept");
    }
  }

  private static void await(Storage storage, boolean ready) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    while (storage.probe().ready() != ready) {
      assertThat(System.nanoTime()).as(storage.probe().text()).isLessThan(end);
      Thread.sleep(20);
    }
  }

  @Test
  void aLockOfAProcessThatIsGoneIsRemoved(@TempDir Path directory) throws Exception {
    Path lock = directory.resolve("postmaster.pid");
    Process gone = new ProcessBuilder("/bin/sh", "-c", "exit 0").start();
    gone.waitFor();
    Files.writeString(lock, gone.pid() + "\n" + directory + "\n");
    EmbeddedDatabase.stopOrphan(directory);
    assertThat(lock).doesNotExist();
  }

  @Test
  void aLockThatNamesAnotherProgramDoesNotStopIt(@TempDir Path directory) throws Exception {
    Process bystander = new ProcessBuilder("sleep", "30").start();
    try {
      Files.writeString(
          directory.resolve("postmaster.pid"), bystander.pid() + "\n" + directory + "\n");
      EmbeddedDatabase.stopOrphan(directory);
      assertThat(bystander.isAlive()).isTrue();
    } finally {
      bystander.destroyForcibly();
    }
  }
}
