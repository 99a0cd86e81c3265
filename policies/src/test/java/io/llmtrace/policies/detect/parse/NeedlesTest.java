package io.llmtrace.policies.detect.parse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NeedlesTest {
  private static final List<String> WORDS =
      List.of("ab", "a", " b ", "ca?t", "cab", "жы", "ж", "ss", "b\n", "dc");
  private static final String LETTERS = "aAbBcCdDtT sSſKЖжЫы\n.'";

  @Test
  void findsWhatAPassForEachWordFinds() {
    Random random = new Random(7);
    Needles all = Needles.lower(WORDS, ' ');
    for (int round = 0; round < 20_000; round++) {
      String text = text(random);
      int most = random.nextInt(14);
      String read = " " + Letters.lower(text.substring(0, Math.min(most, text.length()))) + " ";
      long expected = 0;
      for (int i = 0; i < WORDS.size(); i++) {
        expected |= holds(read, WORDS.get(i)) ? 1L << i : 0;
      }
      assertThat(all.which(text, most)).as("'%s', %d characters", text, most).isEqualTo(expected);
      assertThat(all.holdsAny(text, most)).isEqualTo(expected != 0);
    }
  }

  @Test
  void foldsTheLongSAndTheKelvinSignOnlyWhereAsked() {
    assertThat(Needles.folded(List.of("ask")).holdsAny("A\u017F\u212A", 10)).isTrue();
    assertThat(Needles.lower(List.of("ask"), ' ').holdsAny("A\u017F\u212A", 10)).isFalse();
    assertThat(Needles.lower(List.of("ask"), ' ').holdsAny("AS\u212A", 10)).isTrue();
  }

  @Test
  void seesNothingBehindTheCharactersAskedFor() {
    Needles needles = Needles.folded(List.of("bomb"));
    assertThat(needles.holdsAny("a bomb", 6)).isTrue();
    assertThat(needles.holdsAny("a bomb", 5)).isFalse();
    assertThat(needles.holdsAny("", 5)).isFalse();
  }

  @Test
  void moreWordsThanBitsHaveNoMask() {
    Needles many = Needles.folded(Collections.nCopies(65, "a"));
    assertThat(many.holdsAny("A", 1)).isTrue();
    assertThatThrownBy(() -> many.which("a", 1)).isInstanceOf(IllegalStateException.class);
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(14); i > 0; i--) {
      text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return text.toString();
  }

  private static boolean holds(String text, String word) {
    for (int at = 0; at + word.length() <= text.length(); at++) {
      boolean same = true;
      for (int i = 0; i < word.length() && same; i++) {
        same = word.charAt(i) == '?' || word.charAt(i) == text.charAt(at + i);
      }
      if (same) {
        return true;
      }
    }
    return false;
  }
}
