package io.llmtrace.policies.detect.text;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.llmtrace.policies.detect.SegmentReading;
import java.nio.charset.StandardCharsets;

/**
 * Reads whatever the fuzzer makes. In a build only the recorded inputs are read; to fuzz for ten
 * minutes: {@code JAZZER_FUZZ=1 mvn test -pl policies -Dtest=NormaliserFuzzTest -Djazzer.hooks=true
 * -Djacoco.skip=true}.
 */
class NormaliserFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void any_bytes_are_read_to_sound_forms(byte[] bytes) {
    // Both as UTF-8 and as the characters themselves: only these hold halves of pairs.
    Readings.check(Readings.of(new String(bytes, StandardCharsets.UTF_8)));
    Readings.check(Readings.of(new String(bytes, StandardCharsets.UTF_16BE)));
    char[] halves = new char[bytes.length / 2];
    for (int i = 0; i < halves.length; i++) {
      halves[i] = (char) (bytes[2 * i] << 8 | (bytes[2 * i + 1] & 0xFF));
    }
    SegmentReading reading = Readings.of(new String(halves));
    Readings.check(reading);
  }
}
