package io.llmtrace.policies.usage;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.llmtrace.policies.exchange.Usage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What models cost. A name that no entry matches has no price, and its exchanges no cost: that is
 * not the same as none. Immutable and thread-safe; a look-up takes a few probes of a map.
 */
public final class PriceTable {
  private static final String RESOURCE = "prices.yaml";
  private static final int LONGEST_NAME = 256;

  /** Ids of inference profiles name a region before the vendor: {@code us.anthropic.claude-…}. */
  private static final Pattern REGION =
      Pattern.compile("(?:us|eu|apac|jp|au|ca|us-gov|global)\\.(?=[a-z0-9-]+\\.)");

  /** What may stand behind a model's name without making it another model. */
  private static final Pattern VERSION =
      Pattern.compile(
          "(?:[-@](?:latest|v[0-9]+|[0-9]{3,8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}-[0-9]{4})"
              + "|:[0-9]+)+");

  private final Map<String, Price> named = new HashMap<>();
  private final Map<String, Price> beginnings = new HashMap<>();

  private PriceTable(List<Price> prices) {
    for (Price price : prices) {
      String model = price.model().toLowerCase(Locale.ROOT);
      if (model.endsWith("*")) {
        beginnings.put(key(price.provider(), model.substring(0, model.length() - 1)), price);
      } else {
        named.put(key(price.provider(), model), price);
      }
    }
  }

  /** The prices that are shipped. */
  public static PriceTable builtIn() {
    return new PriceTable(shipped());
  }

  /** The prices that are shipped and others, which count first where both match as well. */
  public static PriceTable with(List<Price> own) {
    List<Price> all = new ArrayList<>(shipped());
    all.addAll(own);
    return new PriceTable(all);
  }

  /** The price of a model, by the longest entry that its name begins with. */
  public Optional<Price> find(String provider, String model) {
    String name = plain(model);
    int end = name.length();
    while (end > 0) {
      String beginning = key(provider, name.substring(0, end));
      Price exact = named.get(beginning);
      if (exact != null
          && (end == name.length() || VERSION.matcher(name.substring(end)).matches())) {
        return Optional.of(exact);
      }
      Price any = beginnings.get(beginning);
      if (any != null) {
        return Optional.of(any);
      }
      end--;
    }
    return Optional.ofNullable(beginnings.get(key(provider, "")));
  }

  /**
   * US dollars that an exchange costs.
   *
   * @return empty where the model has no price, or none for a prompt of this length
   */
  public Optional<BigDecimal> cost(String provider, String model, Usage usage) {
    return find(provider, model).flatMap(price -> Cost.of(price, usage));
  }

  private static String key(String provider, String model) {
    return provider + '\n' + model;
  }

  /** In lower case, without the path or ARN before it and without a region. */
  private static String plain(String model) {
    String name = model.length() > LONGEST_NAME ? model.substring(0, LONGEST_NAME) : model;
    name = name.substring(name.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
    var region = REGION.matcher(name);
    return region.lookingAt() ? name.substring(region.end()) : name;
  }

  private static List<Price> shipped() {
    try (InputStream in = PriceTable.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is missing from the jar");
      }
      ObjectMapper yaml =
          new ObjectMapper(new YAMLFactory())
              .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
      List<Price> prices = new ArrayList<>();
      for (JsonNode table : yaml.readTree(in).path("tables")) {
        for (JsonNode provider : table.path("provider")) {
          table
              .path("models")
              .properties()
              .forEach(
                  model ->
                      prices.add(
                          price(provider.asText(), model.getKey(), model.getValue(), table)));
        }
      }
      return prices;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Price price(String provider, String model, JsonNode row, JsonNode table) {
    JsonNode longest = row.path("up_to_prompt_tokens");
    return new Price(
        provider,
        model,
        row.required("input").decimalValue(),
        amount(row.path("cached_input")),
        amount(row.path("cache_write")),
        row.required("output").decimalValue(),
        longest.isMissingNode() ? null : longest.asLong(),
        LocalDate.parse(table.required("as_of").asText()),
        table.required("source").asText());
  }

  private static @Nullable BigDecimal amount(JsonNode number) {
    return number.isNumber() ? number.decimalValue() : null;
  }
}
