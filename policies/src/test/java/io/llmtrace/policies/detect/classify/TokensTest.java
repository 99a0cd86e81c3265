package io.llmtrace.policies.detect.classify;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class TokensTest {
  @Test
  void words_are_the_same_in_any_case_and_with_any_apostrophe() {
    assertThat(hashes("don't Ignore THIS"))
        .isEqualTo(hashes("DON\u2019T ignore this"))
        .isEqualTo(hashes("dont ignore this"));
  }

  @Test
  void addresses_hosts_mail_and_numbers_are_one_token_of_their_class_whatever_they_say() {
    assertThat(hashes("see https://collect.example.org/a?q=1 now"))
        .isEqualTo(hashes("see http://elsewhere.net/long/path?x={y} now"))
        .isNotEqualTo(hashes("see http://elsewhere.net/long/path now"));
    assertThat(hashes("ask bob@corp.example.")).isEqualTo(hashes("ask a.b-c@mail.test."));
    assertThat(hashes("ping api.pixel-svc.example")).isEqualTo(hashes("ping intra.acme.com"));
    assertThat(hashes("room 1234")).isEqualTo(hashes("room 9876"));
    assertThat(hashes("A".repeat(40))).isEqualTo(hashes("B7".repeat(40)));
  }

  @Test
  void a_dotted_name_that_is_no_host_keeps_its_words() {
    assertThat(hashes("logger.info")).hasSize(1);
    assertThat(pieces("config.load(path)"))
        .containsExactly("config", ".", "load", "(", "path", ")");
  }

  @Test
  void scripts_without_spaces_are_read_character_by_character() {
    assertThat(pieces("\u5ffd\u7565\u6307\u4ee4")).hasSize(4);
    assertThat(pieces("\uc9c0\uc2dc\ub97c \ubb34\uc2dc")).hasSize(2);
  }

  @Test
  void runs_of_marks_are_at_most_three_different_ones_or_one_repeated() {
    assertThat(pieces("%%%%%%%% x")).containsExactly("%%%%%%%%", "x");
    assertThat(pieces("<|[{( x")).containsExactly("<|[", "{(", "x");
  }

  @Property
  void every_token_stands_where_it_says_and_none_overlap(@ForAll String text) {
    Tokens tokens = read(text);
    int at = 0;
    for (int t = 0; t < tokens.count; t++) {
      assertThat(tokens.from[t]).isGreaterThanOrEqualTo(at);
      assertThat(tokens.to[t]).isGreaterThan(tokens.from[t]);
      at = tokens.to[t];
    }
    assertThat(at).isLessThanOrEqualTo(text.length());
  }

  @Property
  void a_token_never_has_more_features_than_there_is_room_for(@ForAll String text) {
    NgramFeatures features = new NgramFeatures();
    features.read(text, 0, text.length(), io.llmtrace.policies.exchange.Zone.USER);
    int[] room = new int[NgramFeatures.MOST];
    for (int t = 0; t < features.tokens.count; t++) {
      assertThat(features.of(t, room)).isBetween(2, NgramFeatures.MOST);
    }
  }

  @Test
  void the_longest_words_of_any_script_have_room_too() {
    for (String letter : List.of("a", "\u044f", "\u0e01", "\uac00", "7a", "\u0661\u044f")) {
      a_token_never_has_more_features_than_there_is_room_for(letter.repeat(300));
    }
  }

  @Test
  void a_letter_of_another_script_behind_a_run_that_is_no_word_does_not_make_it_one() {
    String run = "x7".repeat(60);
    assertThat(pieces(run + "\u00e9 b")).containsExactly(run, "\u00e9", "b");
    a_token_never_has_more_features_than_there_is_room_for(run + "\u00e9");
    a_token_never_has_more_features_than_there_is_room_for("a'".repeat(60) + "\u044f");
  }

  private static Tokens read(String text) {
    Tokens tokens = new Tokens();
    tokens.read(text, 0, text.length());
    return tokens;
  }

  private static List<Integer> hashes(String text) {
    Tokens tokens = read(text);
    List<Integer> hashes = new ArrayList<>();
    for (int t = 0; t < tokens.count; t++) {
      hashes.add(tokens.hash[t]);
    }
    return hashes;
  }

  private static List<String> pieces(String text) {
    Tokens tokens = read(text);
    List<String> pieces = new ArrayList<>();
    for (int t = 0; t < tokens.count; t++) {
      pieces.add(text.substring(tokens.from[t], tokens.to[t]));
    }
    return pieces;
  }
}
