package io.llmtrace.plugin.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.LossRecord;
import io.llmtrace.policies.wire.TelemetryRecord;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {
  @TempDir Path root;

  private Spool open(long maxBytes, long segmentBytes) throws Exception {
    return new Spool(
        root,
        new Ulid().next(),
        "node-1",
        maxBytes,
        segmentBytes,
        Clock.systemUTC(),
        new SimpleMeterRegistry());
  }

  private static CompletionRecord completion(String id) {
    return new CompletionRecord(
        id, 1, 200, 2.5, null, null, null, null, null, false, List.of(), null, null);
  }

  /** Takes everything out, as the sender does. */
  private static List<TelemetryRecord> drain(Spool spool) throws Exception {
    List<TelemetryRecord> records = new ArrayList<>();
    Optional<SealedBatch> next = spool.next();
    while (next.isPresent()) {
      SegmentFile.Contents contents = spool.claim(next.get()).orElseThrow();
      for (byte[] json : contents.records()) {
        records.add(WireJson.mapper().readValue(json, TelemetryRecord.class));
      }
      spool.acknowledge(next.get(), contents);
      next = spool.next();
    }
    return records;
  }

  @Test
  void aSealThatIsInterruptedIsTakenUpAgain() throws Exception {
    try (Spool spool = open(1 << 20, 1 << 16)) {
      spool.append(Lane.NORMAL, completion("plain"));
      Thread.currentThread().interrupt();
      assertThatThrownBy(spool::flush).isInstanceOf(ClosedByInterruptException.class);
      assertThat(Thread.interrupted()).isTrue();
      spool.flush();
      assertThat(drain(spool)).containsExactly(completion("plain"));
    }
  }

  @Test
  void findingsTravelBeforePlainExchangesAndAnAcknowledgedBatchIsGone() throws Exception {
    try (Spool spool = open(1 << 20, 1 << 16)) {
      spool.append(Lane.NORMAL, completion("plain"));
      spool.append(Lane.PRIORITY, completion("finding"));
      spool.flush();
      assertThat(drain(spool)).containsExactly(completion("finding"), completion("plain"));
      assertThat(spool.bytes()).isZero();
    }
    assertThat(SpoolDirectory.all(root)).isEmpty();
  }

  @Test
  void aKilledProcessLosesNothing() throws Exception {
    Spool killed = open(1 << 20, 200);
    List<TelemetryRecord> written = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      written.add(completion("id-" + i));
      killed.append(Lane.NORMAL, completion("id-" + i));
      if (i == 9) {
        killed.flush();
      }
    }
    String bootId = killed.bootId();
    killed.abandon();
    try (Spool successor = open(1 << 20, 200)) {
      successor.adoptOrphans();
      assertThat(successor.next().orElseThrow().bootId()).isEqualTo(bootId);
      assertThat(drain(successor)).containsExactlyElementsOf(written);
      assertThat(SpoolDirectory.all(root)).hasSize(1);
    }
  }

  @Test
  void theSpoolOfALivingProcessIsLeftAlone() throws Exception {
    try (Spool living = open(1 << 20, 200);
        Spool other = open(1 << 20, 200)) {
      living.append(Lane.NORMAL, completion("mine"));
      living.flush();
      other.adoptOrphans();
      assertThat(other.next()).isEmpty();
      assertThat(drain(living)).hasSize(1);
    }
  }

  @Test
  void aTornFileIsCutAndTheCutIsCountedOnce() throws Exception {
    Spool killed = open(1 << 20, 1 << 16);
    killed.append(Lane.NORMAL, completion("whole"));
    killed.append(Lane.NORMAL, completion("torn"));
    killed.abandon();
    Path file = root.resolve(killed.bootId()).resolve("0000000001.n.open");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 3));
    Spool first = open(1 << 20, 1 << 16);
    first.adoptOrphans();
    first.abandon();
    try (Spool second = open(1 << 20, 1 << 16)) {
      second.adoptOrphans();
      List<TelemetryRecord> records = drain(second);
      assertThat(records).hasSize(2).startsWith(completion("whole"));
      assertThat(records.get(1))
          .isInstanceOfSatisfying(
              LossRecord.class,
              loss -> {
                assertThat(loss.reason()).isEqualTo("spool_corrupt");
                assertThat(loss.count()).isEqualTo(1);
              });
    }
  }

  @Test
  void aFullSpoolDropsTheOldestPlainBatchesAndSaysHowMany() throws Exception {
    try (Spool spool = open(40_000, 2_000)) {
      spool.append(Lane.PRIORITY, completion("finding"));
      int written = 600;
      for (int i = 0; i < written; i++) {
        spool.append(Lane.NORMAL, completion("id-" + i));
        spool.flush();
      }
      assertThat(spool.bytes()).isLessThan(45_000);
      spool.flush();
      List<TelemetryRecord> left = new ArrayList<>();
      for (int round = 0; round < 3; round++) {
        left.addAll(drain(spool));
        spool.flush();
      }
      long lost =
          left.stream()
              .filter(LossRecord.class::isInstance)
              .mapToLong(loss -> ((LossRecord) loss).count())
              .sum();
      long kept = left.stream().filter(CompletionRecord.class::isInstance).count();
      assertThat(left).contains(completion("finding"), completion("id-599"));
      assertThat(lost).isPositive();
      assertThat(kept + lost).isEqualTo(written + 1);
    }
  }

  @Test
  void aSpoolThatCannotWriteRefuses() throws Exception {
    Spool spool = open(1 << 20, 1 << 16);
    spool.close();
    assertThatThrownBy(() -> spool.append(Lane.NORMAL, completion("late")))
        .isInstanceOf(SpoolRefusedException.class);
  }
}
