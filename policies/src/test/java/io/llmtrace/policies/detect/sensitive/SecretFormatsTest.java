package io.llmtrace.policies.detect.sensitive;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every form of every secret that its form gives away, on values made from it. */
class SecretFormatsTest {
  static Stream<SecretFormats.Format> kinds() {
    return SecretFormats.all().stream().filter(f -> !f.shapes().isEmpty());
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void a_value_of_a_form_is_found_whole_and_alone(SecretFormats.Format kind) {
    String id = kind.kind().id();
    for (Shape shape : kind.shapes()) {
      String form = shape.toString();
      Random random = new Random(form.hashCode());
      for (int i = 0; i < 5; i++) {
        String value = Made.form(form, random);
        String text = "we saw " + value + (id.startsWith("azure_sas") ? "&sv=2024" : " in it");
        // A name such as AccountKey= is no part of the value.
        String shown = id.startsWith("azure_s") ? value.substring(value.indexOf('=') + 1) : value;
        assertThat(Reading.values(text)).contains(id + "=" + shown);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void a_value_that_is_cut_or_goes_on_before_is_not_of_the_form(SecretFormats.Format kind) {
    String id = kind.kind().id();
    for (Shape shape : kind.shapes()) {
      String value = Made.form(shape.toString(), new Random(shape.toString().hashCode()));
      int keep = Math.max(2, Math.min(value.length() / 3, 9));
      assertThat(Reading.kinds("we saw " + value.substring(0, keep) + " in it")).doesNotContain(id);
      assertThat(Reading.of("we saw Xq" + value + " in it"))
          .noneMatch(f -> f.rule().equals(id) && f.start() == 7);
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void a_placeholder_of_a_form_is_no_finding(SecretFormats.Format kind) {
    for (Shape shape : kind.shapes()) {
      String form = shape.toString();
      if (form.indexOf('{') >= 3 && !kind.kind().id().endsWith("webhook")) {
        String value = form.replaceAll("\\{[^}]*}", "X".repeat(24));
        assertThat(Reading.kinds("set " + value + " there")).doesNotContain(kind.kind().id());
      }
    }
  }

  @Test
  void a_checksum_that_does_not_hold_lowers_the_confidence_and_hides_nothing() {
    for (String prefix : new String[] {"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "npm_"}) {
      String right = Made.github(prefix, prefix.hashCode());
      char last = right.charAt(12) == 'a' ? 'b' : 'a';
      String wrong = right.substring(0, 12) + last + right.substring(13);
      Finding good = Reading.of("token " + right).get(0);
      Finding bad = Reading.of("token " + wrong).get(0);
      assertThat(good.rule()).isEqualTo(bad.rule());
      assertThat(good.confidence()).isGreaterThan(bad.confidence() + 0.1);
      assertThat(bad.evidence()).contains("checksum differs");
      assertThat(good.evidence()).doesNotContain("checksum");
    }
  }

  @Test
  void a_run_of_one_letter_in_both_cases_is_no_mask() {
    String token = Made.github("ghp_", 5);
    for (String run : new String[] {"xXxX", "XxxX", "xxXX"}) {
      assertThat(Reading.kinds("use " + token.substring(0, 20) + run + token.substring(24)))
          .as(run)
          .containsExactly("github_token");
    }
    for (String run : new String[] {"xxxx", "XXXX"}) {
      assertThat(Reading.kinds("use " + token.substring(0, 20) + run + token.substring(24)))
          .as(run)
          .isEmpty();
    }
  }

  @Test
  void evidence_shows_the_prefix_and_never_the_rest() {
    String token = Made.github("ghp_", 5);
    assertThat(Reading.of("use " + token).get(0).evidence())
        .isEqualTo("ghp_…(40 characters)")
        .doesNotContain(token.substring(4, 9));
  }

  @Test
  void what_the_form_says_is_found_behind_an_escape_and_in_an_address() {
    String token = Made.github("ghp_", 6);
    assertThat(Reading.kinds("{\"log\":\"line\\n" + token + "\\n\"}"))
        .containsExactly("github_token");
    assertThat(Reading.kinds("https://x.test/?t%3D" + token)).containsExactly("github_token");
    assertThat(Reading.kinds("git clone https://" + token + "@github.com/acme/demo.git"))
        .containsExactly("github_token");
  }

  @Test
  void keys_of_a_test_mode_weigh_less() {
    Finding live = Reading.of("sk_" + "live_" + Made.alnum(24, 1)).get(0);
    Finding test = Reading.of("sk_" + "test_" + Made.alnum(24, 1)).get(0);
    assertThat(live.rule()).isEqualTo("stripe_key").isEqualTo(test.rule());
    assertThat(live.severity()).isGreaterThan(test.severity());
    assertThat(test.evidence()).contains("test mode");
  }
}
