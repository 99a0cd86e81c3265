package io.llmtrace.plugin.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketFolderTest {
  @TempDir Path directory;

  @Test
  void aFolderThatIsMadeIsForItsOwnerAlone() throws Exception {
    Path folder = SocketFolder.of(directory.resolve("run/llmtrace/runner.sock"));

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
        .isEqualTo("rwx------");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aFolderOfAnotherUserIsRefused() throws Exception {
    assertThatThrownBy(() -> SocketFolder.refuseForeign(directory, 1234, 1000))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("user with number 1234");
    SocketFolder.refuseForeign(directory, 1000, 1000);
    SocketFolder.refuseForeign(directory, 0, 1000);
  }

  @Test
  void aFolderThatCannotBeMadeNamesTheKeyAndThePlace() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatThrownBy(() -> SocketFolder.of(file.resolve("runner.sock")))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("plugin.socket: expected a folder that this user may make")
        .hasMessageContaining(file.toString());
    // Not in /proc even for root, whom modes do not bind.
    assertThatThrownBy(() -> SocketFolder.of(Path.of("/proc/llmtrace/runner.sock")))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "plugin.socket: expected a folder that this user may make and write in, but"
                + " /proc/llmtrace is not there and cannot be made");
  }
}
