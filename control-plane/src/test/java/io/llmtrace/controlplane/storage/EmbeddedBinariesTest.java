package io.llmtrace.controlplane.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs that this process runs lie where nobody else can change them. */
class EmbeddedBinariesTest {
  @TempDir Path directory;

  @Test
  void they_lie_in_the_users_cache_which_nobody_else_may_enter() throws IOException {
    Path home = Files.createDirectory(directory.resolve("home"));
    Path folder = EmbeddedBinaries.folder(data(), Map.of(), home.toString());

    assertThat(folder).isEqualTo(home.resolve(".cache/llmtrace/postgresql"));
    assertThat(mode(home.resolve(".cache/llmtrace"))).isEqualTo("rwx------");
  }

  @Test
  void a_cache_that_is_told_goes_first_and_a_relative_one_is_none() throws IOException {
    Path cache = directory.resolve("cache");
    String home = directory.resolve("home").toString();

    assertThat(EmbeddedBinaries.folder(data(), Map.of("XDG_CACHE_HOME", cache.toString()), home))
        .isEqualTo(cache.resolve("llmtrace/postgresql"));
    assertThat(EmbeddedBinaries.folder(data(), Map.of("XDG_CACHE_HOME", "cache"), home))
        .isEqualTo(Path.of(home, ".cache/llmtrace/postgresql"));
  }

  @Test
  void a_folder_that_others_could_enter_is_closed() throws IOException {
    Path open = Files.createDirectories(directory.resolve("cache/llmtrace"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));

    EmbeddedBinaries.folder(
        data(), Map.of("XDG_CACHE_HOME", directory.resolve("cache").toString()), "");

    assertThat(mode(open)).isEqualTo("rwx------");
  }

  @Test
  void without_a_cache_they_lie_beside_the_data() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    for (String home : new String[] {"", "?", file.toString()}) {
      assertThat(EmbeddedBinaries.folder(data(), Map.of(), home))
          .isEqualTo(directory.resolve("postgresql-programs/postgresql"));
    }
    assertThat(mode(directory.resolve("postgresql-programs"))).isEqualTo("rwx------");
  }

  @Test
  void where_there_is_no_place_at_all_it_is_said_which_were_tried() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatThrownBy(() -> EmbeddedBinaries.folder(file.resolve("postgres"), Map.of(), ""))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.resolve("postgresql-programs").toString());
  }

  private Path data() {
    return directory.resolve("postgres");
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
