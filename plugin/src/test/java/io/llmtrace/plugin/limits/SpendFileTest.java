package io.llmtrace.plugin.limits;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.SpendSnapshot;
import io.llmtrace.policies.limit.Window;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpendFileTest {
  private static final SpendSnapshot SPENT =
      new SpendSnapshot(
          1_800_000_000_000L,
          List.of(
              new SpendSnapshot.Entry(
                  "b",
                  Set.of(Dimension.TENANT),
                  List.of("acme"),
                  Window.MONTH,
                  Map.of(1_799_971_200_000L, 5L)),
              new SpendSnapshot.Entry(
                  "b", Set.of(Dimension.TENANT), null, Window.DAY, Map.of(0L, 7L))));

  @TempDir private Path directory;

  @Test
  void gives_back_what_was_kept_and_nothing_where_nothing_was() throws Exception {
    SpendFile file = new SpendFile(directory);
    assertThat(file.read()).isEmpty();
    file.write(SPENT);
    assertThat(new SpendFile(directory).read()).contains(SPENT);
    assertThat(file.problems()).isEmpty();
    assertThat(Files.getPosixFilePermissions(directory.resolve(SpendFile.NAME)))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void any_changed_byte_is_noticed_and_the_file_set_aside() throws Exception {
    Path path = directory.resolve(SpendFile.NAME);
    new SpendFile(directory).write(SPENT);
    byte[] good = Files.readAllBytes(path);
    for (int i = 0; i < good.length; i += 7) {
      byte[] bad = good.clone();
      bad[i] ^= 1;
      Files.write(path, bad);
      SpendFile file = new SpendFile(directory);
      assertThat(file.read()).isEmpty();
      assertThat(file.problems()).singleElement().asString().contains("damaged", "limits-spent");
      assertThat(path).doesNotExist();
      assertThat(directory.resolve(SpendFile.NAME + ".damaged")).hasBinaryContent(bad);
    }
  }

  @Test
  void what_another_release_wrote_wrongly_is_damaged_too() throws Exception {
    for (String json :
        List.of(
            "null",
            "[]",
            "{'at':1,'entries':[null]}",
            "{'at':1}",
            "{'at':1,'entries':[{'limit':'b'}]}",
            "{'at':1,'entries':[{'limit':'b','by':['planet']}]}",
            "{'at':1,'entries':[{'limit':'b','by':[],'window':'day','spent':{'1':-5}}]}")) {
      String written = json.replace('\'', '"');
      CRC32 crc = new CRC32();
      crc.update(written.getBytes(StandardCharsets.UTF_8));
      Files.writeString(
          directory.resolve(SpendFile.NAME), "%08x\n%s".formatted(crc.getValue(), written));
      SpendFile file = new SpendFile(directory);
      assertThat(file.read()).as(json).isEmpty();
      assertThat(file.problems()).as(json).hasSize(1);
    }
  }

  @Test
  void a_write_that_fails_is_a_problem_until_one_succeeds() throws Exception {
    Path blocked = Files.createFile(directory.resolve("blocked"));
    SpendFile file = new SpendFile(blocked);
    file.write(SPENT);
    assertThat(file.isBehind()).isTrue();
    assertThat(file.problems()).singleElement().asString().contains("cannot be written");
    Files.delete(blocked);
    file.write(SPENT);
    assertThat(file.problems()).isEmpty();
  }
}
