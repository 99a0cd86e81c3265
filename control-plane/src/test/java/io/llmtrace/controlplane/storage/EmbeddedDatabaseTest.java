package io.llmtrace.controlplane.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedDatabaseTest {
  @Test
  void aServerThatWasLeftBehindWithAClientIsTakenOverWithItsData(@TempDir Path directory)
      throws Exception {
    Path data = directory.resolve("postgres");
    Process left =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
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
