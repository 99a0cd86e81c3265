package io.llmtrace.controlplane.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another user of the machine reaches the port, and nothing behind it. */
class EmbeddedAccessTest {
  @TempDir Path directory;

  @Test
  void nobody_without_the_password_is_let_in_and_a_restart_knows_it() throws Exception {
    Path data = directory.resolve("postgres");
    try (EmbeddedDatabase database = EmbeddedDatabase.start(data)) {
      String url = database.url();
      String stranger = url.substring(0, url.indexOf("&password="));
      // The server reads its rules when it gets to it.
      Await.until(Duration.ofSeconds(60), () -> refused(stranger));
      assertThatThrownBy(() -> DriverManager.getConnection(stranger + "&password=wrong"))
          .isInstanceOf(SQLException.class);
      query(url);
      assertThat(openToOthers(program(data)))
          .as("whoever may change the program runs others as this user")
          .isFalse();
    }
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(data.resolve("llmtrace.password"))))
        .isEqualTo("rw-------");

    try (EmbeddedDatabase again = EmbeddedDatabase.start(data)) {
      query(again.url());
    }
  }

  private static Path program(Path data) throws IOException {
    long pid = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip());
    return Path.of(ProcessHandle.of(pid).orElseThrow().info().command().orElseThrow());
  }

  private static boolean openToOthers(Path program) throws IOException {
    for (Path folder = program.getParent(); folder != null; folder = folder.getParent()) {
      if (PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)).endsWith("---")) {
        return false;
      }
    }
    return true;
  }

  private static boolean refused(String url) {
    try (Connection unwanted = DriverManager.getConnection(url)) {
      return !unwanted.isValid(1);
    } catch (SQLException e) {
      return true;
    }
  }

  private static void query(String url) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url)) {
      assertThat(connection.isValid(1)).isTrue();
    }
  }
}
