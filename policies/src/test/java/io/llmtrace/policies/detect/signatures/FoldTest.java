package io.llmtrace.policies.detect.signatures;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import org.junit.jupiter.api.Test;

class FoldTest {
  @Test
  void what_re2_takes_for_the_same_letter_folds_to_the_same() {
    StringBuilder cased = new StringBuilder();
    for (int c = 0; c <= Character.MAX_VALUE; c++) {
      boolean hasCase =
          Character.toLowerCase((char) c) != c
              || Character.toUpperCase((char) c) != c
              || Character.isLowerCase(c)
              || Character.isUpperCase(c);
      if (hasCase && !EndlessFolds.MEMBERS.get(c)) {
        cased.append((char) c);
      }
    }
    // Each bit of the fold parts the letters in two: any two that differ are parted by some bit.
    for (int bit = 0; bit < Character.SIZE; bit++) {
      StringBuilder members = new StringBuilder();
      StringBuilder strangers = new StringBuilder();
      for (char c : cased.toString().toCharArray()) {
        ((Fold.fold(c) >> bit & 1) == 0 ? members : strangers).append(c);
      }
      if (members.length() > 0) {
        Matcher matcher = Pattern.compile("(?i)[" + members + "]").matcher(strangers);
        assertThat(matcher.find()).as("bit %d", bit).isFalse();
      }
    }
    assertThat(cased.length()).isGreaterThan(2000);
  }

  @Test
  void what_folds_to_one_letter_has_one_symbol() {
    for (int c = 0; c <= Character.MAX_VALUE; c++) {
      assertThat(Fold.symbol((char) c)).isEqualTo(Fold.symbol(Fold.fold((char) c)));
    }
  }

  @Test
  void symbols_are_ascii_and_never_zero() {
    for (int c = 0; c <= Character.MAX_VALUE; c++) {
      assertThat(Fold.symbol((char) c)).isBetween((byte) 1, (byte) 127);
    }
  }
}
