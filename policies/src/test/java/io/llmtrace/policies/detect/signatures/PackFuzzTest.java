package io.llmtrace.policies.detect.signatures;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Bytes from outside: packs and texts. In the ordinary build the kept inputs are run; fuzz with
 * {@code JAZZER_FUZZ=1 mvn test -pl policies -Dtest=PackFuzzTest#texts}.
 */
class PackFuzzTest {
  private static final SignatureProgram PROGRAM = SignaturePack.builtIn().program();
  private static final @Nullable CandidateFinder HYPERSCAN = hyperscan();

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
    if (pattern.chars().anyMatch(c -> c >= 0x1C80 && c <= 0x1C88)) {
      // RE2/J 1.8 never comes back from these under (?i); see EndlessFolds.
      return;
    }
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
    String text = data.consumeRemainingAsString();
    List<String> literals = read(PROGRAM, text);
    if (HYPERSCAN != null) {
      assertThat(read(PROGRAM, text, HYPERSCAN)).isEqualTo(literals);
    }
  }

  /** Null where it does not run: the literals are then all there is. */
  private static @Nullable CandidateFinder hyperscan() {
    try {
      return HyperscanFinder.compile(PROGRAM.rules());
    } catch (IllegalStateException | LinkageError e) {
      assertThat(e).hasMessageMatching("(?s).*");
      return null;
    }
  }

  private static List<String> read(SignatureProgram program, String text) {
    return read(program, text, CandidateFinder.LITERALS_ONLY);
  }

  private static List<String> read(SignatureProgram program, String text, CandidateFinder finder) {
    List<String> matches = new ArrayList<>();
    for (Zone zone : List.of(Zone.USER, Zone.DOCUMENT, Zone.TOOL_CALL, Zone.METADATA)) {
      program.read(
          text,
          zone,
          finder,
          program.counts(),
          InspectionBudget.until(1, () -> 0),
          (rule, start, end) -> {
            assertThat(start).isBetween(0, end - 1).isLessThan(text.length());
            matches.add(zone + " " + rule + " " + start + " " + end);
          });
    }
    return matches;
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      quoted.append(String.format("\\u%04x", (int) text.charAt(i)));
    }
    return quoted.append('"').toString();
  }
}
