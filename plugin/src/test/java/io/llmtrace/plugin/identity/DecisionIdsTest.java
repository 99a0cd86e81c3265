package io.llmtrace.plugin.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.policies.id.Ulid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DecisionIdsTest {
  @TempDir Path data;

  @Test
  void aHeaderOfOursGivesItsUlidBack() throws Exception {
    DecisionIds ids = DecisionIds.open(data);
    String ulid = ids.issue();
    assertThat(Ulid.isValid(ulid)).isTrue();
    assertThat(ids.header(ulid)).matches("[0-9A-Z]{26}\\.[0-9a-f]{16}");
    assertThat(ids.verify(ids.header(ulid))).contains(ulid);
  }

  @Test
  void aSucceedingProcessKnowsTheIdsOfTheOneBefore() throws Exception {
    DecisionIds before = DecisionIds.open(data);
    String ulid = before.issue();
    assertThat(DecisionIds.open(data).verify(before.header(ulid))).contains(ulid);
  }

  @Test
  void anyOtherTextIsRefused() throws Exception {
    DecisionIds ids = DecisionIds.open(data);
    String header = ids.header(ids.issue());
    for (int i = 0; i < header.length(); i++) {
      char[] chars = header.toCharArray();
      chars[i] = chars[i] == '1' ? '2' : '1';
      assertThat(ids.verify(new String(chars))).as("changed at %d", i).isEmpty();
    }
    assertThat(ids.verify("")).isEmpty();
    assertThat(ids.verify("trace-17")).isEmpty();
    assertThat(ids.verify(header.toLowerCase(java.util.Locale.ROOT))).isEmpty();
    assertThat(ids.verify(header + "0")).isEmpty();
    assertThat(ids.verify(header.substring(0, 42) + "ü")).isEmpty();
  }

  @Test
  void anotherInstallationsIdIsRefused(@TempDir Path other) throws Exception {
    DecisionIds foreign = DecisionIds.open(other);
    assertThat(DecisionIds.open(data).verify(foreign.header(foreign.issue()))).isEmpty();
  }

  @Test
  void onlyTheOwnerMayReadTheKey() throws Exception {
    DecisionIds.open(data);
    try (var files = Files.list(data)) {
      assertThat(files.toList())
          .singleElement()
          .satisfies(
              key ->
                  assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                      .isEqualTo("rw-------"));
    }
  }

  @Test
  void processesThatStartAtOnceShareOneKey() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try {
      List<Future<DecisionIds>> opened = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        opened.add(pool.submit(() -> DecisionIds.open(data)));
      }
      String ulid = opened.get(0).get().issue();
      String header = opened.get(0).get().header(ulid);
      for (Future<DecisionIds> ids : opened) {
        assertThat(ids.get().verify(header)).contains(ulid);
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void aDamagedKeyIsReportedAndNotReplaced() throws Exception {
    Files.write(data.resolve("decision-id.key"), new byte[7]);
    assertThatThrownBy(() -> DecisionIds.open(data))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected a key of 32 bytes, found 7");
  }

  @Test
  void aSuccessorHasTheSameKeysForOtherThings(@TempDir Path directory) throws Exception {
    byte[] key = DecisionIds.open(directory).keyFor("conversations");
    assertThat(DecisionIds.open(directory).keyFor("conversations")).isEqualTo(key).hasSize(32);
    assertThat(DecisionIds.open(directory).keyFor("another")).isNotEqualTo(key);
  }
}
