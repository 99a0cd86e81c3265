package io.llmtrace.policies.detect.signatures;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Zone;
import java.util.List;

/**
 * Bytes from outside: packs and texts. In the ordinary build the kept inputs are run; fuzz with
 * {@code JAZZER_FUZZ=1 mvn test -pl policies -Dtest=PackFuzzTest#texts}.
 */
class PackFuzzTest {
  private static final SignatureProgram PROGRAM = SignaturePack.builtIn().program();

  @FuzzTest(maxDuration = "10m")
  void packs(FuzzedDataProvider data) {
    try {
      assertThat(SignaturePack.parse("fuzzed", data.consumeRemainingAsString()).rules())
          .isNotEmpty();
    } catch (PackException e) {
      assertThat(e.problems()).isNotEmpty();
    }
  }

  @FuzzTest(maxDuration = "10m")
  void patterns(FuzzedDataProvider data) {
    String pattern = data.consumeString(200);
    String yaml =
        """
        rules:
          - {id: f, type: jailbreak, severity: low, confidence: 0.5, zones: [user], rationale: r,
             source: s, matches: [a], does_not_match: [b], pattern: %s}
        """
            .formatted(quoted(pattern));
    try {
      SignaturePack pack = SignaturePack.parse("fuzzed", yaml);
      read(pack.program(), data.consumeRemainingAsString());
    } catch (PackException e) {
      assertThat(e.problems()).isNotEmpty();
    }
  }

  @FuzzTest(maxDuration = "10m")
  void texts(FuzzedDataProvider data) {
    read(PROGRAM, data.consumeRemainingAsString());
  }

  private static void read(SignatureProgram program, String text) {
    for (Zone zone : List.of(Zone.USER, Zone.DOCUMENT, Zone.TOOL_CALL, Zone.METADATA)) {
      program.read(
          text,
          zone,
          CandidateFinder.LITERALS_ONLY,
          program.counts(),
          InspectionBudget.until(1, () -> 0),
          (rule, start, end) -> assertThat(start).isBetween(0, end - 1).isLessThan(text.length()));
    }
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      quoted.append(String.format("\\u%04x", (int) text.charAt(i)));
    }
    return quoted.append('"').toString();
  }
}
