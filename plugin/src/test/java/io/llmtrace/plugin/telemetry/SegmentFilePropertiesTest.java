package io.llmtrace.plugin.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class SegmentFilePropertiesTest {
  private static List<String> read(SegmentFile.Contents contents) {
    return contents.records().stream().map(r -> new String(r, StandardCharsets.UTF_8)).toList();
  }

  @Property(tries = 500)
  void damageInventsNothingAndKeepsAllBeforeIt(
      @ForAll @Size(min = 1, max = 8) List<@IntRange(min = 1, max = 300) Integer> sizes,
      @ForAll @IntRange(min = 0, max = 100_000) int where,
      @ForAll @IntRange(min = 0, max = 255) int flip) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(SegmentFile.header("node-1"));
    List<String> written = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    for (int size : sizes) {
      String json = "\"" + "x".repeat(size) + written.size() + "\"";
      file.writeBytes(SegmentFile.frame(json.getBytes(StandardCharsets.UTF_8)));
      written.add(json);
      ends.add(file.size());
    }
    byte[] bytes = file.toByteArray();
    int at = where % bytes.length;
    byte[] damaged;
    if (flip == 0) {
      damaged = Arrays.copyOf(bytes, at);
    } else {
      damaged = bytes.clone();
      damaged[at] ^= (byte) flip;
    }
    int header = SegmentFile.header("node-1").length;
    int whole = at < header ? 0 : (int) ends.stream().filter(e -> e <= at).count();
    SegmentFile.Contents contents = SegmentFile.decode(damaged);
    List<String> expected = new ArrayList<>(written.subList(0, whole));
    if (flip != 0 && at >= header) {
      // Only the record that is hit is gone.
      expected.addAll(written.subList(whole + 1, written.size()));
      assertThat(contents.lost()).isEqualTo(1);
    } else if (flip != 0) {
      assertThat(contents.lost()).isEqualTo(Math.max(1, written.size()));
    }
    assertThat(read(contents)).isEqualTo(expected);
    boolean cutBetweenFrames = flip == 0 && (ends.contains(at) || at == header);
    assertThat(contents.damaged()).isEqualTo(!cutBetweenFrames);
  }
}
