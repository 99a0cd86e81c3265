package io.llmtrace.controlplane.prices;

import io.llmtrace.policies.usage.ListedPrice;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A price in the table. Amounts are US dollars for a million tokens.
 *
 * @param listedIn {@code built_in}, {@code file} or {@code stored}
 * @param tenant for whom; absent for everybody who has none of their own
 * @param upToPromptTokens a longer prompt has no known cost; absent for any length
 * @param validFrom day from which it holds (UTC); of others than stored ones the day as of which it
 *     is known
 * @param validUntil day from which it holds no more; absent until further notice
 * @param source where it can be checked
 * @param state {@code effective}, {@code shadowed} by another of the same model, {@code later} or
 *     {@code ended}
 * @param id of a stored one
 * @param revision of a stored one
 */
record PriceLine(
    String provider,
    String model,
    String unit,
    BigDecimal input,
    @Nullable BigDecimal cachedInput,
    @Nullable BigDecimal cacheWrite,
    BigDecimal output,
    @Nullable Long upToPromptTokens,
    String listedIn,
    @Nullable String tenant,
    String validFrom,
    @Nullable String validUntil,
    String source,
    String state,
    @Nullable String id,
    @Nullable Long revision) {

  /** Sorts; unique. */
  List<String> order() {
    return List.of(
        provider, model, tenant == null ? "" : tenant, validFrom, id == null ? listedIn : id);
  }

  /**
   * A line.
   *
   * @param same all prices of the same provider and model, the first that counts first
   */
  static PriceLine of(ListedPrice listed, List<ListedPrice> same, LocalDate today) {
    var price = listed.price();
    String tenant = listed.tenant();
    return new PriceLine(
        price.provider(),
        price.model().toLowerCase(Locale.ROOT),
        PriceFields.UNIT,
        price.input(),
        price.cachedInput(),
        price.cacheWrite(),
        price.output(),
        price.upToPromptTokens(),
        listed.by().source(),
        tenant,
        listed.by().validFrom(),
        listed.until() == null ? null : listed.until().toString(),
        price.source(),
        state(listed, same, today),
        listed.by().id(),
        listed.by().revision());
  }

  private static String state(ListedPrice listed, List<ListedPrice> same, LocalDate today) {
    LocalDate from = listed.from();
    LocalDate until = listed.until();
    if (from != null && today.isBefore(from)) {
      return "later";
    }
    if (until != null && !today.isBefore(until)) {
      return "ended";
    }
    String who = listed.tenant() == null ? "" : listed.tenant();
    return same.stream()
            .filter(each -> each.isFor(who, today))
            .findFirst()
            .orElse(listed)
            .equals(listed)
        ? "effective"
        : "shadowed";
  }
}
