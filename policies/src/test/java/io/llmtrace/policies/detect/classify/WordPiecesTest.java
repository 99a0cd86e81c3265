package io.llmtrace.policies.detect.classify;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Ids of the tiny vocabulary: [CLS] is 2, [SEP] 3, the word "a" 5. */
class WordPiecesTest {
  private static final long[] ONE = {10, 11};
  private static final long[] OTHER = {12, 13, 14};

  @Test
  void a_pair_is_put_together_as_the_template_of_the_tokenizer_says() throws Exception {
    WordPieces.Input bert = pair(tokenizer());
    assertThat(bert.ids).containsExactly(2, 10, 11, 3, 12, 13, 14, 3);
    assertThat(bert.types).containsExactly(0, 0, 0, 0, 1, 1, 1, 1);
    WordPieces.Input roberta =
        pair(
            with(
                "post_processor",
                "{\"type\":\"RobertaProcessing\",\"sep\":[\"[SEP]\",3],\"cls\":[\"[CLS]\",2],"
                    + "\"trim_offsets\":true,\"add_prefix_space\":false}"));
    assertThat(roberta.ids).containsExactly(2, 10, 11, 3, 3, 12, 13, 14, 3);
    assertThat(roberta.types).containsOnly(0);
  }

  @Test
  void so_it_is_where_a_short_word_takes_several_tokens() throws Exception {
    WordPieces.Input split =
        pair(
            with(
                "normalizer",
                "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"the ship of\"}"));
    assertThat(split.ids).containsExactly(2, 10, 11, 3, 12, 13, 14, 3);
    assertThat(split.types).containsExactly(0, 0, 0, 0, 1, 1, 1, 1);
  }

  @Test
  void windows_cover_a_text_and_share_what_they_are_told_to() throws Exception {
    try (WordPieces pieces = WordPieces.of("tiny", Map.of(), bytes(tokenizer()))) {
      String text = "the ship is warm and the harbour";
      WordPieces.Window first = pieces.window(text, 0, text.length(), 4, 2);
      assertThat(text.substring(0, first.reached)).isEqualTo("the ship is warm");
      assertThat(text.substring(first.next)).isEqualTo("is warm and the harbour");
      WordPieces.Window apart = pieces.window(text, 0, text.length(), 4, 0);
      assertThat(apart.next).isEqualTo(apart.reached);
      WordPieces.Window last = pieces.window(text, first.next, text.length(), 9, 2);
      assertThat(last.ids).hasSize(5);
      assertThat(last.reached).isEqualTo(text.length());
      assertThat(pieces.window(text, 0, 8, 9, 0).ids).hasSize(2);
    }
  }

  private static WordPieces.Input pair(String tokenizer) throws ModelException {
    try (WordPieces pieces = WordPieces.of("tiny", Map.of(), bytes(tokenizer))) {
      WordPieces.Pairs pairs = pieces.pairs("tiny");
      WordPieces.Input input = pairs.input(ONE, OTHER);
      assertThat(input.ids).hasSize(pairs.special() + ONE.length + OTHER.length);
      return input;
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String tokenizer() {
    return new String(TinyPairs.file("tokenizer.json"), StandardCharsets.UTF_8);
  }

  private static String with(String part, String other) {
    String changed =
        tokenizer()
            .replaceFirst("(?s)\"" + part + "\": ?\\{.*?\\},", "\"" + part + "\": " + other + ",");
    assertThat(changed).isNotEqualTo(tokenizer());
    return changed;
  }
}
