package io.llmtrace.policies.detect.signatures;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PatternFactsTest {
  @Test
  void names_the_words_that_a_match_must_hold() {
    PatternFacts facts = PatternFacts.of("(?i)\\b(?:ignore|Forget)\\b[^.\\n]{0,20}\\brules?\\b");
    assertThat(facts.required())
        .containsExactly(
            Set.of(word("ignore"), word("forget")), Set.of(word("rule"), word("rules")));
  }

  @Test
  void counts_the_characters_of_the_longest_match() {
    assertThat(PatternFacts.of("ab[^x]{0,10}c?").longest()).isEqualTo(2 + 10 + 1);
    assertThat(PatternFacts.of("ab[^x]{0,10}c?").longestOfAll()).isEqualTo(2 + 20 + 1);
    assertThat(PatternFacts.of("ab[xy]{0,10}c?").longest()).isEqualTo(2 + 10 + 1);
    assertThat(PatternFacts.of("ab+").isBounded()).isFalse();
  }

  @Test
  void joins_neighbours_and_multiplies_choices() {
    assertThat(PatternFacts.of("ab[cd]e(?:fg|h)").required())
        .containsExactly(Set.of("abcefg", "abceh", "abdefg", "abdeh"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\w+", "(?:ab)?", "a|bcd", "[^x]{3}", ".*"})
  void says_nothing_where_no_word_is_needed(String pattern) {
    assertThat(PatternFacts.of(pattern).required()).isEmpty();
  }

  @Test
  void does_not_guess_at_syntax_that_it_does_not_know() {
    assertThat(PatternFacts.of("abc\\C")).isEqualTo(PatternFacts.NONE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[\\p{", "a\\p{b", "[x\\P{y]", "[[:", "[[:]", "a{", "(?", "\\", "["})
  void comes_to_an_end_on_what_is_not_closed(String pattern) {
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(20), () -> assertThat(PatternFacts.of(pattern)).isNotNull());
  }

  @Test
  void repeats_what_must_be_there_several_times() {
    assertThat(PatternFacts.of("x?#{3,9}").required()).containsExactly(Set.of("###"));
  }

  @Test
  void keeps_the_order_of_the_pattern() {
    assertThat(PatternFacts.of("[/\\\\]\\w{1,3}secret\\w(?:ab|cd)\\w{2}").required())
        .containsExactly(Set.of("/", "\\"), Set.of("secret"), Set.of("ab", "cd"));
  }

  private static String word(String word) {
    return PatternFacts.BOUNDARY + word + PatternFacts.BOUNDARY;
  }
}
