package io.llmtrace.policies.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.language.TextPattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TextPatternsTest {
  private static final List<String> PATTERNS =
      List.of(
          "(?i)\\b(project\\s+aurora|model\\s+x9)\\b",
          "(?i)kelvin",
          "CUST-[0-9]{8}",
          "^secret|secret$",
          "[^a-z \\n0-9A-Z-]{2}",
          "\\p{Greek}+",
          "(?i)größe",
          "x.*?y",
          "(?s)x.y",
          "\uD83D\uDE80",
          "[\uD83D\uDE80-\uD83D\uDE85]z",
          "\\Qa.b\\E",
          "(?i:STRASSE|ſ)",
          "\\d{3}\\b");

  private static final List<String> PIECES =
      List.of(
          "Project  Aurora",
          "model x9",
          "mOdEl\nX9",
          "\u212Aelvin",
          "kelvin",
          "CUST-12345678",
          "cust-12345678",
          "CUST-1234567",
          "secret",
          "x\ny",
          "x-y",
          "αβγ",
          "GRÖSSE",
          "GRÖßE",
          "größe",
          "\uD83D\uDE80",
          "\uD83D\uDE80z",
          "\uD83D\uDE80Z",
          "\uD83D\uDE81z",
          "a.b",
          "axb",
          "ſ",
          "strasse",
          "S",
          "123",
          "1234",
          "éé",
          "—…",
          " ",
          "\n",
          "_",
          "\t",
          "q");

  /** RE2/J alone says what is found, whatever is left out before it is asked. */
  @Test
  void whatIsFoundIsWhatRe2FindsInTheWholeText() {
    List<TextPattern> all = new ArrayList<>();
    for (int i = 0; i < PATTERNS.size(); i++) {
      all.add(new TextPattern("p" + i, PATTERNS.get(i), Set.of(), Severity.HIGH));
    }
    TextPatterns patterns = new TextPatterns(all);
    Random random = new Random(8);
    int found = 0;
    for (int n = 0; n < 3_000; n++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(6); i >= 0; i--) {
        text.append(PIECES.get(random.nextInt(PIECES.size())));
      }
      Segment segment = new Segment(Zone.USER, "/messages/0/content", "", text.toString());
      List<Finding> findings = new ArrayList<>();
      assertThat(patterns.find("t", List.of(segment), InspectionBudget.unlimited(), findings))
          .isTrue();
      List<String> expected = new ArrayList<>();
      for (TextPattern each : all) {
        Matcher matcher = Pattern.compile(each.pattern()).matcher(text);
        while (matcher.find()) {
          expected.add(
              each.name()
                  + " "
                  + text.codePointCount(0, matcher.start())
                  + " "
                  + text.codePointCount(0, matcher.end()));
        }
      }
      assertThat(findings.stream().map(f -> f.rule() + " " + f.start() + " " + f.end()))
          .as(text.toString())
          .containsExactlyElementsOf(expected);
      found += expected.size();
    }
    assertThat(found).isGreaterThan(5_000);
  }
}
