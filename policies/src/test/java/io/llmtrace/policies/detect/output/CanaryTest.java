package io.llmtrace.policies.detect.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CanaryTest {
  private static final CanaryTokens OURS = tokens("tenant one's key");
  private static final CanaryTokens THEIRS = tokens("tenant two's key");

  @Property
  void a_token_is_recognised_by_its_tenant_alone(@ForAll long serial) {
    String token = OURS.issue(serial);
    assertThat(token).matches("cnry[0-9a-hj-km-np-tv-z]{26}");
    assertThat(detect(OURS, "the marker is " + token + ".")).hasSize(1);
    assertThat(detect(THEIRS, "the marker is " + token + ".")).isEmpty();
    assertThat(OURS.issue(serial + (1L << 48))).isEqualTo(token);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"upper", "spaced", "dashed", "backwards", "base64", "hex", "alike", "lines"})
  void however_it_is_written(String form) {
    String token = OURS.issue(7);
    String written =
        switch (form) {
          case "upper" -> token.toUpperCase(Locale.ROOT);
          case "spaced" -> String.join(" ", token.split(""));
          case "dashed" -> String.join("-", token.split("(?<=\\G.{4})"));
          case "backwards" -> new StringBuilder(token).reverse().toString();
          case "base64" -> base64("my marker is " + token);
          case "hex" -> HexFormat.of().formatHex(token.getBytes(StandardCharsets.UTF_8));
          case "alike" -> token.replace('0', 'O').replace('1', 'l');
          default -> String.join("\n", token.split("(?<=\\G.{10})"));
        };
    assertThat(detect(OURS, "Here: " + written + " (end)"))
        .extracting(f -> f.type() + " " + f.severity())
        .containsExactly(FindingType.CANARY_TOKEN_LEAKAGE + " " + Severity.CRITICAL);
  }

  @Test
  void points_at_the_token_and_does_not_show_it() {
    String token = OURS.issue(1);
    Finding finding = detect(OURS, "see " + token).get(0);
    assertThat(finding.start()).isEqualTo(4);
    assertThat(finding.end()).isEqualTo(4 + token.length());
    assertThat(finding.evidence()).doesNotContain(token.substring(8));
  }

  @Test
  void what_only_looks_like_one_is_ignored() {
    String token = OURS.issue(1);
    char other = token.charAt(10) == 'a' ? 'b' : 'a';
    assertThat(detect(OURS, token.substring(0, 10) + other + token.substring(11))).isEmpty();
    assertThat(detect(OURS, "cnry" + "a".repeat(26))).isEmpty();
    assertThat(detect(OURS, token.substring(0, 29))).isEmpty();
    assertThat(detect(OURS, "cnry ".repeat(10_000))).isEmpty();
  }

  @Test
  void without_canaries_nothing_is_read() {
    assertThat(Answers.detect(new CanaryDetector(), AnswerContext.unknown(), OURS.issue(1)))
        .isEmpty();
  }

  @Test
  void a_short_key_is_refused() {
    assertThatThrownBy(() -> new CanaryTokens(new byte[8]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("16");
  }

  private static List<Finding> detect(CanaryTokens tokens, String answer) {
    return Answers.detect(
        new CanaryDetector(), AnswerContext.unknown().withCanaries(tokens), answer);
  }

  private static CanaryTokens tokens(String key) {
    return new CanaryTokens(key.getBytes(StandardCharsets.UTF_8));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
