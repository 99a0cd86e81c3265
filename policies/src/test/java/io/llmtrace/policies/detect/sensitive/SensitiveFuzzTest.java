package io.llmtrace.policies.detect.sensitive;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.llmtrace.policies.detect.Finding;
import java.util.List;

/**
 * Whatever the text, nothing is thrown and spans lie in it. In a normal build the saved inputs are
 * tried; {@code JAZZER_FUZZ=1 mvn test -pl policies -Dtest=SensitiveFuzzTest} looks for new ones.
 */
class SensitiveFuzzTest {
  private static final SensitiveDetector EVERYTHING =
      new SensitiveDetector(
          SensitiveSettings.standard()
              .with(SensitiveKinds.all().stream().map(SensitiveKind::id).toArray(String[]::new))
              .examples(SensitiveSettings.Examples.REPORTED));

  @FuzzTest(maxDuration = "10m")
  void any_text_is_read(FuzzedDataProvider data) {
    String text = data.consumeRemainingAsString();
    List<Finding> findings = Reading.of(EVERYTHING, text);
    int length = text.codePointCount(0, text.length());
    for (Finding finding : findings) {
      if (finding.start() < 0 || finding.start() >= finding.end() || finding.end() > length) {
        throw new AssertionError(finding.toString());
      }
    }
  }
}
