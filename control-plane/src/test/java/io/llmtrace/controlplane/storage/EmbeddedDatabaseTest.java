package io.llmtrace.controlplane.storage;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import io.llmtrace.controlplane.Await;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

// An interrupt while closing ends the close; nobody interrupts a test.
@SuppressWarnings("try")
class EmbeddedDatabaseTest {
  private static final Duration LONGEST = Duration.ofSeconds(90);

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
      Await.until(LONGEST, () -> storage.probe().ready());
      storage.jdbi().useHandle(handle -> handle.execute("INSERT INTO routes VALUES ('kept')"));
      Path lock = directory.resolve("postgres/postmaster.pid");
      String killed = process(lock);
      assertThat(ProcessHandle.of(Long.parseLong(killed)).orElseThrow().destroyForcibly()).isTrue();
      // That it is away in between may be over before anybody looks.
      Await.until(LONGEST, () -> !List.of(killed, "").contains(process(lock)));
      Await.until(LONGEST, () -> storage.probe().ready() && routes(storage).equals("kept"));
    }
  }

  /** The server's, empty while there is none. */
  private static String process(Path lock) throws IOException {
    try {
      List<String> lines = Files.readAllLines(lock);
      return lines.isEmpty() ? "" : lines.get(0).strip();
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  /** What is in the table, empty where the database does not answer. */
  private static String routes(Storage storage) {
    try {
      return storage
          .jdbi()
          .<String, RuntimeException>withHandle(
              handle -> handle.createQuery("SELECT route FROM routes").mapTo(String.class).one());
    } catch (StorageUnavailableException | JdbiException e) {
      // It was seen ready before the kill, and its connections are of then.
      return "";
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
