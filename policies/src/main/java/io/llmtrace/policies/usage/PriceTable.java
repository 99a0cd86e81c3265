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
import java.util.Comparator;
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

  private final List<ListedPrice> listed;
  private final Map<String, List<ListedPrice>> named = new HashMap<>();
  private final Map<String, List<ListedPrice>> beginnings = new HashMap<>();

  private PriceTable(List<ListedPrice> listed) {
    this.listed = List.copyOf(listed);
    for (ListedPrice each : listed) {
      String model = each.price().model().toLowerCase(Locale.ROOT);
      String provider = each.price().provider();
      if (model.endsWith("*")) {
        add(beginnings, key(provider, model.substring(0, model.length() - 1)), each);
      } else {
        add(named, key(provider, model), each);
      }
    }
  }

  private static void add(Map<String, List<ListedPrice>> to, String key, ListedPrice price) {
    List<ListedPrice> all = to.computeIfAbsent(key, unused -> new ArrayList<>(1));
    // What is listed later counts first among equals, and sorting is stable.
    all.add(0, price);
    all.sort(Comparator.comparingInt(ListedPrice::rank));
  }

  /** The prices that are shipped. */
  public static PriceTable builtIn() {
    return with(List.of());
  }

  /** The prices that are shipped and others, which count first where both match as well. */
  public static PriceTable with(List<Price> own) {
    List<ListedPrice> all = new ArrayList<>();
    shipped().forEach(price -> all.add(listed(ListedPrice.BUILT_IN, price)));
    own.forEach(price -> all.add(listed(ListedPrice.FILE, price)));
    return new PriceTable(all);
  }

  /** These prices and what was said at the control plane, which counts first. */
  public PriceTable with(PriceOverrides stored) {
    List<ListedPrice> all = new ArrayList<>(listed);
    stored.prices().forEach(each -> all.add(listed(each)));
    return new PriceTable(all);
  }

  private static ListedPrice listed(String source, Price price) {
    return new ListedPrice(
        price, null, new PricedBy(source, price.asOf().toString(), null, null), null, null);
  }

  private static ListedPrice listed(PriceOverride each) {
    LocalDate from = LocalDate.parse(each.validFrom());
    return new ListedPrice(
        new Price(
            each.provider(),
            each.model(),
            each.input(),
            each.cachedInput(),
            each.cacheWrite(),
            each.output(),
            each.upToPromptTokens(),
            from,
            each.source()),
        each.tenant(),
        new PricedBy(ListedPrice.STORED, each.validFrom(), each.id(), each.revision()),
        from,
        each.validUntil() == null ? null : LocalDate.parse(each.validUntil()));
  }

  /** All prices, also those that others are before. */
  public List<ListedPrice> listed() {
    return listed;
  }

  /**
   * The price of a model for a tenant on a day, by the longest entry that its name begins with.
   *
   * @param tenant whose exchange it is
   * @param day of the exchange, UTC
   */
  public Optional<ListedPrice> find(String tenant, String provider, String model, LocalDate day) {
    String name = plain(model);
    int end = name.length();
    while (end > 0) {
      String beginning = key(provider, name.substring(0, end));
      ListedPrice exact = first(named.get(beginning), tenant, day);
      if (exact != null
          && (end == name.length() || VERSION.matcher(name.substring(end)).matches())) {
        return Optional.of(exact);
      }
      ListedPrice any = first(beginnings.get(beginning), tenant, day);
      if (any != null) {
        return Optional.of(any);
      }
      end--;
    }
    return Optional.ofNullable(first(beginnings.get(key(provider, "")), tenant, day));
  }

  private static @Nullable ListedPrice first(
      @Nullable List<ListedPrice> prices, String tenant, LocalDate day) {
    if (prices != null) {
      for (ListedPrice each : prices) {
        if (each.isFor(tenant, day)) {
          return each;
        }
      }
    }
    return null;
  }

  /**
   * What an exchange costs.
   *
   * @return empty where the model has no price, or none for a prompt of this length
   */
  public Optional<Priced> cost(
      String tenant, String provider, String model, LocalDate day, Usage usage) {
    return find(tenant, provider, model, day)
        .flatMap(listed -> Cost.of(listed.price(), usage).map(usd -> new Priced(usd, listed.by())));
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
