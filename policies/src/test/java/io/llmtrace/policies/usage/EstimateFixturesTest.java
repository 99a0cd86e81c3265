package io.llmtrace.policies.usage;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Against counts of open tokenizers, see {@code training/tokens/counts.py}. */
class EstimateFixturesTest {
  private static final Map<String, String> MODELS =
      Map.of(
          "claude", "claude-2.1",
          "llama", "llama-3.3-70b",
          "gemini", "gemini-2.5-flash",
          "qwen", "qwen3-32b",
          "deepseek", "deepseek-chat",
          "mistral", "mistral-large-latest");

  @Test
  void the_median_error_of_texts_that_were_not_fitted_is_within_ten_percent() throws Exception {
    Map<String, String> texts = new HashMap<>();
    for (JsonNode line : TokenFixtures.lines("openai.jsonl")) {
      texts.put(line.path("id").asText(), line.path("text").asText());
    }
    List<JsonNode> counts = TokenFixtures.lines("others.jsonl");
    MODELS.forEach(
        (family, model) -> {
          TokenCounter counter = TokenCounter.of("", model);
          double[] errors =
              counts.stream()
                  .mapToDouble(
                      row -> {
                        double truth = row.path(family).asDouble();
                        String text = texts.get(row.path("id").asText());
                        return Math.abs(counter.estimate(text) - truth) / truth;
                      })
                  .sorted()
                  .toArray();
          double median = errors[errors.length / 2];
          System.out.printf(
              Locale.ROOT,
              "%s: median error %.1f %%, 90th percentile %.1f %%, of %d texts%n",
              family,
              100 * median,
              100 * errors[errors.length * 9 / 10],
              errors.length);
          assertThat(median).as(family + " " + Arrays.toString(errors)).isLessThan(0.10);
        });
    assertThat(counts).hasSizeGreaterThan(50);
  }
}
