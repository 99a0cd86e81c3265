package io.llmtrace.plugin.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;

/**
 * Files of the spool on any bytes: what is whole is read, the rest is counted as lost. Fuzzed with
 * {@code .ci/fuzz}.
 */
class SegmentFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void files(byte[] bytes) {
    read(bytes);
  }

  /** Behind a good header and one good record: sums would keep a fuzzer before them for ever. */
  @FuzzTest(maxDuration = "10m")
  void records(byte[] bytes) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(SegmentFile.header("node"));
    file.writeBytes(SegmentFile.frame(new byte[] {'{', '}'}));
    file.writeBytes(bytes);
    assertThat(read(file.toByteArray()).records()).isNotEmpty();
  }

  private static SegmentFile.Contents read(byte[] bytes) {
    SegmentFile.Contents contents = SegmentFile.decode(bytes);
    assertThat(contents.goodBytes()).isBetween(0, bytes.length);
    assertThat(contents.damaged())
        .isEqualTo(contents.goodBytes() < bytes.length || bytes.length == 0);
    assertThat(contents.records().stream().mapToLong(each -> each.length).sum())
        .isLessThanOrEqualTo(bytes.length);
    return contents;
  }
}
