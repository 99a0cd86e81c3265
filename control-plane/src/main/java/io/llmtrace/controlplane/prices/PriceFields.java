package io.llmtrace.controlplane.prices;

import io.llmtrace.controlplane.access.TenantId;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.JsonBody;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a price that somebody sent. Amounts are US dollars for a million tokens.
 *
 * @param tenant null for everybody who has none of their own
 */
record PriceFields(
    @Nullable String tenant,
    String provider,
    String model,
    BigDecimal input,
    @Nullable BigDecimal cachedInput,
    @Nullable BigDecimal cacheWrite,
    BigDecimal output,
    @Nullable Long upToPromptTokens,
    LocalDate validFrom,
    @Nullable LocalDate validUntil,
    String source) {

  static final String UNIT = "usd_per_million_tokens";

  private static final BigDecimal DEAREST = BigDecimal.valueOf(1_000_000);
  private static final long LONGEST_PROMPT = 100_000_000;
  private static final int LONGEST_SOURCE = 500;
  private static final Pattern PROVIDER = Pattern.compile("[a-z0-9][a-z0-9_-]{0,63}");

  /** A star anywhere else would look like one that works. */
  private static final Pattern MODEL = Pattern.compile("[^\\s*/\\p{Cntrl}]{0,199}\\*?");

  /** Body of a price. */
  static final class Body implements BodyFields {
    @Override
    public void read(JsonBody body) {
      PriceFields unused = of(body, LocalDate.EPOCH);
    }
  }

  static PriceFields of(JsonBody body, LocalDate today) {
    String tenant = body.text("tenant", TenantId.EXPECTED, TenantId::isOne);
    String provider =
        body.requiredText(
            "provider",
            "the label of a provider, such as openai or bedrock",
            PROVIDER.asMatchPredicate());
    String model =
        body.requiredText(
            "model",
            "a model's name without path and date, such as gpt-4o, or the beginning of one and a *",
            text -> !text.isEmpty() && MODEL.matcher(text).matches());
    String unused = body.choice("unit", java.util.List.of(UNIT));
    BigDecimal input = amount(body, "input", true);
    BigDecimal cached = amount(body, "cached_input", false);
    BigDecimal written = amount(body, "cache_write", false);
    BigDecimal output = amount(body, "output", true);
    long longest = body.integer("up_to_prompt_tokens", 0, 1, LONGEST_PROMPT);
    LocalDate from = day(body, "valid_from");
    LocalDate until = day(body, "valid_until");
    LocalDate begin = from == null ? today : from;
    if (until != null && !until.isAfter(begin)) {
      body.wrong("valid_until", "expected a day after valid_from, " + begin);
    }
    String source =
        body.text(
            "source",
            "a text of 1 to " + LONGEST_SOURCE + " characters that says where it can be checked",
            text ->
                !text.isBlank()
                    && text.length() <= LONGEST_SOURCE
                    && text.chars().noneMatch(Character::isISOControl));
    return new PriceFields(
        tenant,
        provider,
        model.toLowerCase(Locale.ROOT),
        input == null ? BigDecimal.ZERO : input,
        cached,
        written,
        output == null ? BigDecimal.ZERO : output,
        longest == 0 ? null : Long.valueOf(longest),
        begin,
        until,
        source == null ? "api" : source);
  }

  private static @Nullable BigDecimal amount(JsonBody body, String field, boolean required) {
    if (required) {
      body.required(field, "US dollars for a million tokens");
    }
    return body.decimal(field, BigDecimal.ZERO, DEAREST);
  }

  private static @Nullable LocalDate day(JsonBody body, String field) {
    return body.parsed(
        field,
        "a day such as 2026-05-31",
        text -> {
          try {
            LocalDate day = LocalDate.parse(text);
            return day.getYear() >= 2000 && day.getYear() < 10_000 ? day : null;
          } catch (DateTimeException e) {
            return null;
          }
        });
  }
}
