package io.llmtrace.policies.language;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class NamePatternTest {
  private static String of(String letters, int most, Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(most); i >= 0; i--) {
      text.append(letters.charAt(random.nextInt(letters.length())));
    }
    return text.toString();
  }

  @Test
  void aStarStandsForAnyCharactersAndForNone() {
    Random random = new Random(4);
    int matched = 0;
    for (int i = 0; i < 100_000; i++) {
      String text = of("ab*", 7, random);
      String name = of("ab", 7, random);
      if (text.chars().filter(c -> c == '*').count() > NamePattern.MOST_STARS) {
        continue;
      }
      boolean expected = Pattern.matches(text.replace("*", ".*"), name);
      assertThat(NamePattern.of(text).matches(name)).as(text + " " + name).isEqualTo(expected);
      matched += expected ? 1 : 0;
    }
    assertThat(matched).isGreaterThan(5_000);
  }
}
