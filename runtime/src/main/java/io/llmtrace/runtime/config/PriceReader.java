package io.llmtrace.runtime.config;

import io.llmtrace.policies.usage.Price;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the list {@code prices}: what models cost where the shipped table is not right. */
final class PriceReader {
  /** US dollars for a million tokens; the dearest model costs some hundred. */
  private static final double DEAREST = 1_000_000;

  /** Providers list some hundred models together. */
  static final int MOST_PRICES = 1_000;

  private static final int LONGEST_PROMPT = 100_000_000;
  private static final Pattern PROVIDER = Pattern.compile("[a-z0-9][a-z0-9_-]{0,63}");

  /** A star anywhere else would look like one that works. */
  private static final Pattern MODEL = Pattern.compile("[^\\s*/]{0,199}\\*?");

  private PriceReader() {}

  static List<Price> prices(List<ConfigSection> sections) {
    List<Price> prices = new ArrayList<>();
    Set<String> models = new HashSet<>();
    for (ConfigSection section : sections) {
      Price price = price(section);
      section.finish();
      String name = price.provider() + " " + price.model().toLowerCase(Locale.ROOT);
      if (!price.provider().isEmpty() && !price.model().isEmpty() && !models.add(name)) {
        section.problem("model", "expected one price a model, there are two of " + name);
      }
      prices.add(price);
    }
    return prices;
  }

  private static Price price(ConfigSection section) {
    required(section, "provider", "model", "input", "output");
    return new Price(
        section.string(
            "provider",
            "",
            "the label of a provider, such as openai or bedrock",
            PROVIDER.asMatchPredicate()),
        section.string(
            "model",
            "",
            "a model's name without path and date, such as gpt-4o, or the beginning of one and a *",
            MODEL.asMatchPredicate()),
        amount(section, "input"),
        section.has("cached_input") ? amount(section, "cached_input") : null,
        section.has("cache_write") ? amount(section, "cache_write") : null,
        amount(section, "output"),
        longest(section),
        asOf(section),
        section.string("source", "llmtrace.yaml", "where it can be checked", text -> true));
  }

  private static void required(ConfigSection section, String... keys) {
    for (String key : keys) {
      if (!section.has(key)) {
        section.problem(
            key,
            "expected a price with provider, model, input and output (US dollars for a million tokens)");
      }
    }
  }

  private static BigDecimal amount(ConfigSection section, String key) {
    // valueOf goes by the shortest decimal, which is the one that was written.
    return BigDecimal.valueOf(section.number(key, 0, 0, DEAREST));
  }

  private static @Nullable Long longest(ConfigSection section) {
    return section.has("up_to_prompt_tokens")
        ? (long) section.integer("up_to_prompt_tokens", 0, 1, LONGEST_PROMPT)
        : null;
  }

  private static LocalDate asOf(ConfigSection section) {
    String text =
        section.string("as_of", "1970-01-01", "a day such as 2026-05-31", PriceReader::isDay);
    return LocalDate.parse(text);
  }

  private static boolean isDay(String text) {
    try {
      LocalDate.parse(text);
      return true;
    } catch (DateTimeParseException e) {
      // Not an error here: the problem is told with its place.
      return false;
    }
  }
}
