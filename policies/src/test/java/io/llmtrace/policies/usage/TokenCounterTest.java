package io.llmtrace.policies.usage;

import static org.assertj.core.api.Assertions.assertThat;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import io.llmtrace.policies.detect.InspectionBudget;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class TokenCounterTest {
  private static final Encoding O200K =
      Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.O200K_BASE);
  private static final Encoding CL100K =
      Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.CL100K_BASE);

  @Property(tries = 2_000)
  void cutting_a_text_in_pieces_does_not_change_its_tokens(@ForAll("texts") String text) {
    assertThat(OpenAiTokens.of(ModelFamily.O200K).count(text))
        .isEqualTo(O200K.countTokensOrdinary(text));
    assertThat(OpenAiTokens.of(ModelFamily.CL100K).count(text))
        .isEqualTo(CL100K.countTokensOrdinary(text));
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> piece =
        Arbitraries.oneOf(
            Arbitraries.of(
                "the",
                "The",
                "HTTPServer",
                "'s",
                "'LL",
                "’t",
                " ",
                "  ",
                "\n",
                "\r\n ",
                "\t",
                "12",
                "3456",
                "٣٤",
                "½",
                "é",
                "e\u0301",
                "ß",
                "ǅ",
                "漢字",
                "，",
                "。",
                "カ",
                "ﾞ",
                "한글",
                "ไทย",
                "नमस्ते",
                "🙂",
                "👩‍👩‍👧",
                "𝓗",
                ".",
                ",",
                "!?",
                "()",
                "//",
                "/",
                "_",
                "-",
                "$",
                "<|endoftext|>",
                "a",
                "ʰ",
                "Ⅷ",
                "\u00a0",
                "\u200b",
                "\ufeff"),
            Arbitraries.strings().ofMaxLength(3).excludeChars('\ufffe', '\uffff'));
    return piece
        .list()
        .ofMaxSize(30)
        .map(pieces -> String.join("", pieces))
        // Half of a pair is no text: it can't be written as UTF-8.
        .map(text -> text.replaceAll("[\\ud800-\\udbff](?![\\udc00-\\udfff])", ""))
        .map(text -> text.replaceAll("(?<![\\ud800-\\udbff])[\\udc00-\\udfff]", ""));
  }

  @Test
  void a_model_is_known_by_its_name_however_it_is_written() {
    assertThat(ModelFamily.of("openai", "gpt-4o-2024-08-06")).isEqualTo(ModelFamily.O200K);
    assertThat(ModelFamily.of("openai", "o1")).isEqualTo(ModelFamily.O200K);
    assertThat(ModelFamily.of("openai", "gpt-4-turbo")).isEqualTo(ModelFamily.CL100K);
    assertThat(ModelFamily.of("azure_openai", "gpt-35-turbo")).isEqualTo(ModelFamily.CL100K);
    assertThat(ModelFamily.of("openrouter", "openai/gpt-5-mini")).isEqualTo(ModelFamily.O200K);
    assertThat(ModelFamily.of("openai", "ft:gpt-4o-mini:acme::x1")).isEqualTo(ModelFamily.O200K);
    assertThat(ModelFamily.of("bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0"))
        .isEqualTo(ModelFamily.CLAUDE);
    assertThat(ModelFamily.of("bedrock", "meta.llama3-1-70b-instruct-v1:0"))
        .isEqualTo(ModelFamily.LLAMA);
    assertThat(ModelFamily.of("mistral", "codestral-latest")).isEqualTo(ModelFamily.MISTRAL);
    assertThat(ModelFamily.of("unknown", "house-model")).isEqualTo(ModelFamily.OTHER);
  }

  @Test
  void a_deployment_that_does_not_name_its_model_is_estimated() {
    TokenCounter counter = TokenCounter.of("azure_openai", "prod-chat");
    assertThat(counter.isExact()).isFalse();
    assertThat(counter.count("Hello, world!", InspectionBudget.unlimited()).source())
        .isEqualTo(UsageSource.ESTIMATED);
  }

  @Test
  void a_mebibyte_is_estimated_from_samples() {
    String text = "The quick brown fox jumps over the lazy dog. ".repeat(24_000);
    TokenCount count =
        TokenCounter.of("openai", "gpt-4o").count(text, InspectionBudget.unlimited());
    assertThat(count.source()).isEqualTo(UsageSource.ESTIMATED);
    assertThat((double) count.tokens()).isBetween(0.85 * 240_000, 1.15 * 240_000);
  }

  @Test
  void what_a_spent_budget_leaves_is_estimated() {
    TokenCount count =
        TokenCounter.of("openai", "gpt-4o")
            .count("word ".repeat(1_000), InspectionBudget.until(System.nanoTime() - 1));
    assertThat(count.source()).isEqualTo(UsageSource.ESTIMATED);
    assertThat(count.tokens()).isPositive();
  }

  @Test
  void a_text_without_any_place_to_cut_is_not_given_to_the_tokenizer_whole() {
    TokenCount count =
        TokenCounter.of("openai", "gpt-4o")
            .count("🙂".repeat(20_000), InspectionBudget.unlimited());
    assertThat(count.source()).isEqualTo(UsageSource.ESTIMATED);
  }
}
