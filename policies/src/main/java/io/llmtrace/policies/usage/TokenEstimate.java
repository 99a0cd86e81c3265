package io.llmtrace.policies.usage;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * Tokens of a text without its tokenizer: the sum of its features, each times a factor that was
 * fitted for the family ({@code training/tokens}). Linear and bounded: of a long text evenly spread
 * windows stand for the rest. Thread-safe.
 */
final class TokenEstimate {
  /** Characters up to which all of a text is looked at. */
  static final int READ_WHOLE = 1 << 16;

  private static final int WINDOW = 1 << 12;
  private static final int WINDOWS = READ_WHOLE / WINDOW;
  private static final String RESOURCE = "factors.json";
  private static final Map<ModelFamily, double[]> FACTORS = factors();

  private TokenEstimate() {}

  static long of(ModelFamily family, String text) {
    if (text.isEmpty()) {
      return 0;
    }
    double[] factors = FACTORS.get(family);
    if (factors == null) {
      throw new IllegalStateException("no factors for " + family.label());
    }
    if (text.length() <= READ_WHOLE) {
      return rounded(tokens(factors, text, 0, text.length()));
    }
    double tokens = 0;
    for (int i = 0; i < WINDOWS; i++) {
      int from = (int) ((long) (text.length() - WINDOW) * i / (WINDOWS - 1));
      tokens += tokens(factors, text, from, from + WINDOW);
    }
    return rounded(tokens * text.length() / READ_WHOLE);
  }

  private static long rounded(double tokens) {
    return Math.max(1, Math.round(tokens));
  }

  private static double tokens(double[] factors, String text, int from, int to) {
    double[] shape = TextShape.of(text, from, to);
    double sum = 0;
    for (int i = 0; i < shape.length; i++) {
      sum += factors[i] * shape[i];
    }
    return sum;
  }

  private static Map<ModelFamily, double[]> factors() {
    try (InputStream in = TokenEstimate.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is missing from the jar");
      }
      JsonNode root = WireJson.mapper().readTree(in);
      checkFeatures(root.path("features"));
      Map<ModelFamily, double[]> factors = new EnumMap<>(ModelFamily.class);
      for (ModelFamily family : ModelFamily.values()) {
        factors.put(family, numbers(root.path(family.label()), family.label()));
      }
      return factors;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void checkFeatures(JsonNode names) {
    for (TextShape.Feature feature : TextShape.Feature.values()) {
      String expected = feature.name().toLowerCase(Locale.ROOT);
      if (!names.path(feature.at).asText().equals(expected)) {
        throw new IllegalStateException(
            RESOURCE + ": feature " + feature.at + " is not " + expected);
      }
    }
  }

  private static double[] numbers(JsonNode row, String family) {
    double[] numbers = new double[TextShape.Feature.values().length];
    if (row.size() != numbers.length) {
      throw new IllegalStateException(RESOURCE + ": " + family + " has not one factor a feature");
    }
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = row.get(i).asDouble();
    }
    return numbers;
  }
}
