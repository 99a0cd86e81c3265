package io.llmtrace.plugin.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.wire.LossRecord;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolModesTest {
  @TempDir Path directory;

  /** Records hold masked evidence and names; and whoever may read a file may hold a lock on it. */
  @Test
  void nobodyElseReadsOrLocksTheSpool() throws Exception {
    Path root = directory.resolve("data/spool");
    try (Spool spool =
        new Spool(
            root,
            new Ulid().next(),
            "node-1",
            1 << 20,
            1 << 16,
            Clock.systemUTC(),
            new SimpleMeterRegistry())) {
      spool.append(Lane.NORMAL, new LossRecord("test", 1, 1));
      List<Path> made;
      try (Stream<Path> all = Files.walk(directory.resolve("data"))) {
        made = all.toList();
      }
      assertThat(made).hasSizeGreaterThanOrEqualTo(5);
      for (Path each : made) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
            .as(each.toString())
            .isEqualTo(Files.isDirectory(each) ? "rwx------" : "rw-------");
      }
    }
  }
}
