package io.llmtrace.runtime.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFilesTest {
  @TempDir Path directory;

  @Test
  void aFileIsReadableByItsOwnerOnlyAndLeavesNothingBeside() throws Exception {
    Path file = directory.resolve("deep/er/a.key");
    PrivateFiles.write(file, "one");
    PrivateFiles.write(file, "two");
    assertThat(PrivateFiles.read(file).map(b -> new String(b, UTF_8))).contains("two");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (Stream<Path> all = Files.list(file.getParent())) {
      assertThat(all).containsExactly(file);
    }
    assertThat(PrivateFiles.read(directory.resolve("absent"))).isEmpty();
  }

  @Test
  void ofManyCreatorsOneWinsAndAllAgree() throws Exception {
    Path file = directory.resolve("shared.key");
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try {
      Set<String> seen = new HashSet<>();
      Set<Future<byte[]>> results = new HashSet<>();
      for (int i = 0; i < 32; i++) {
        byte[] mine = ("key-" + i).getBytes(UTF_8);
        results.add(pool.submit(() -> PrivateFiles.createOrRead(file, mine)));
      }
      for (Future<byte[]> result : results) {
        seen.add(new String(result.get(), UTF_8));
      }
      assertThat(seen).containsExactly(Files.readString(file));
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void whoWritesInAFolderIsFoundByWritingThere() throws Exception {
    assertThat(PrivateFiles.writer(directory)).isEqualTo(PrivateFiles.owner(directory));
    assertThat(directory).isEmptyDirectory();
    assertThatThrownBy(() -> PrivateFiles.writer(directory.resolve("absent")))
        .isInstanceOf(IOException.class);
  }
}
