package io.llmtrace.policies.usage;

import io.llmtrace.policies.exchange.Usage;
import java.math.BigDecimal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What an exchange costs, exactly: no amount is rounded. Stateless. */
final class Cost {
  private static final int MILLION = 6;

  private Cost() {}

  /**
   * US dollars. Tokens of the prompt that a cache gave or took are charged as that and not again as
   * input.
   *
   * @return empty where the prompt is longer than the price is for
   */
  static Optional<BigDecimal> of(Price price, Usage usage) {
    Long longest = price.upToPromptTokens();
    if (longest != null && usage.promptTokens() > longest) {
      return Optional.empty();
    }
    // A provider that counts cached tokens beside the prompt, against its documents, pays no
    // refund.
    long cached = Math.min(usage.cachedTokens(), usage.promptTokens());
    long written = Math.min(usage.cacheWriteTokens(), usage.promptTokens() - cached);
    long plain = usage.promptTokens() - cached - written;
    BigDecimal sum =
        times(price.input(), plain)
            .add(times(orInput(price.cachedInput(), price), cached))
            .add(times(orInput(price.cacheWrite(), price), written))
            .add(times(price.output(), usage.completionTokens()));
    return Optional.of(sum.movePointLeft(MILLION));
  }

  private static BigDecimal orInput(@Nullable BigDecimal own, Price price) {
    return own == null ? price.input() : own;
  }

  private static BigDecimal times(BigDecimal price, long tokens) {
    return price.multiply(BigDecimal.valueOf(tokens));
  }
}
