package io.llmtrace.plugin.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.TelemetryRecord;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A disk that refuses in the middle of a record. The operating system's own limit on a file's
 * length stands for it ({@code ulimit -f}): a write past it is cut short and fails, as on a full
 * disk, and it needs no privileges.
 */
class FullDiskTest {
  private static final int LIMIT_KIB = 64;
  private static final int RECORDS = 2_000;

  @TempDir Path directory;

  @Test
  void whatWasAcceptedIsThereAndWhatWasRefusedWasSaid() throws Exception {
    Path spool = directory.resolve("spool");
    List<String> said = run(spool, LIMIT_KIB);
    List<String> accepted =
        said.stream().filter(l -> l.startsWith("accepted ")).map(l -> l.substring(9)).toList();
    assertThat(said).as("the disk refused").anyMatch(l -> l.startsWith("refused "));
    assertThat(said).contains("writes again: true");
    assertThat(accepted).hasSizeGreaterThan(100).hasSizeLessThan(RECORDS);

    assertThat(stored(spool)).containsExactlyInAnyOrderElementsOf(accepted);
  }

  /** Each would be counted as a lost record by the process that finds it. */
  @Test
  void aFileThatCouldNotBeBegunIsNotLeftBehind() throws Exception {
    Path spool = directory.resolve("spool");
    assertThat(run(spool, 0))
        .contains("nothing waits after a refusal: true", "writes again: false");
    try (Stream<Path> files = Files.walk(spool)) {
      assertThat(files.filter(Files::isRegularFile))
          .extracting(file -> String.valueOf(file.getFileName()))
          .containsOnly("lock");
    }
  }

  private List<String> run(Path spool, int limitKib) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "needs /bin/bash for its ulimit");
    Process process =
        new ProcessBuilder(
                "/bin/bash",
                "-c",
                "ulimit -f " + limitKib + "; exec \"$@\"",
                "bash",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // The virtual machine's own file is not to meet the limit.
                "-XX:-UsePerfData",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                FullDiskTest.class.getName(),
                spool.toString())
            .redirectErrorStream(true)
            .start();
    // Not through a file: the limit would hold for it too.
    List<String> said;
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      said = reader.lines().toList();
    }
    assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
    return said;
  }

  private List<String> stored(Path root) throws IOException {
    List<String> ids = new ArrayList<>();
    try (Spool successor = open(root, new Ulid().next())) {
      successor.adoptOrphans();
      for (Optional<SealedBatch> next = successor.next();
          next.isPresent();
          next = successor.next()) {
        SegmentFile.Contents contents = successor.claim(next.get()).orElseThrow();
        assertThat(contents.damaged()).as(next.get().path().toString()).isFalse();
        for (byte[] json : contents.records()) {
          if (WireJson.mapper().readValue(json, TelemetryRecord.class)
              instanceof CompletionRecord one) {
            ids.add(one.decisionId());
          }
        }
        successor.acknowledge(next.get(), contents);
      }
    }
    return ids;
  }

  private static Spool open(Path root, String boot) throws IOException {
    // A file may grow to a megabyte: the limit comes first.
    return new Spool(
        root, boot, "n", 64 << 20, 1 << 20, Clock.systemUTC(), new SimpleMeterRegistry());
  }

  /** The process with the limit: writes until it is refused, seals, and writes again. */
  public static void main(String[] arguments) throws IOException {
    Path root = Path.of(arguments[0]);
    Files.createDirectories(root);
    Spool spool = open(root, new Ulid().next());
    try {
      spool.append(Lane.NORMAL, completion("first"));
      System.out.println("accepted first");
    } catch (SpoolRefusedException e) {
      System.out.println("nothing waits after a refusal: " + spool.oldest().isZero());
    }
    boolean refused = false;
    for (int i = 0; i < RECORDS && !refused; i++) {
      refused = !write(spool, "id-" + i);
    }
    spool.flush();
    System.out.println("writes again: " + write(spool, "after"));
    // Dies without closing, as a killed process does.
    spool.abandon();
  }

  private static CompletionRecord completion(String id) {
    return new CompletionRecord(
        id, 1, 200, 1, null, null, null, null, null, false, List.of(), null, null);
  }

  private static boolean write(Spool spool, String id) {
    try {
      spool.append(Lane.NORMAL, completion(id));
      System.out.println("accepted " + id);
      return true;
    } catch (SpoolRefusedException e) {
      System.out.println("refused " + id + ": " + e.getMessage());
      return false;
    }
  }
}
