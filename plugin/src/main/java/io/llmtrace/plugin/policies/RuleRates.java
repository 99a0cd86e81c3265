package io.llmtrace.plugin.policies;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.language.Rule;
import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.RequestRate;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Counts requests for rules that limit them, on this node, of each tenant by itself. A change of
 * policies keeps what was counted for rules that go on. Bounded; thread-safe.
 */
public final class RuleRates {
  /** A key is forgotten when its minute is long over, or when there are too many. */
  private static final int MOST_KEYS = 100_000;

  private static final Duration KEPT = Duration.ofMinutes(2);

  private final Cache<String, RequestRate> rates =
      Caffeine.newBuilder()
          .maximumSize(MOST_KEYS)
          .expireAfterAccess(KEPT)
          .executor(Runnable::run)
          .build();
  private final LongSupplier nanos;

  public RuleRates() {
    this(System::nanoTime);
  }

  RuleRates(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /**
   * Counts one request.
   *
   * @param rule name of the rule, with its policy's
   * @return 0 where it is within the rate, else nanoseconds until one might be
   */
  public long take(String rule, Rule.Rate rate, Facts facts) {
    // Names of policies are a tenant's own: what one tenant does must not count for another.
    StringBuilder key = new StringBuilder(rule).append('\n').append(facts.tenant());
    for (Dimension dimension : rate.by()) {
      // Values are of clients and may hold anything: each with its length.
      String value = value(dimension, facts);
      key.append('\n').append(value.length()).append(':').append(value);
    }
    long now = nanos.getAsLong();
    return rates
        .get(key.toString(), k -> new RequestRate(rate.requestsPerMinute(), now))
        .take(rate.requestsPerMinute(), now);
  }

  private static String value(Dimension dimension, Facts facts) {
    return switch (dimension) {
      case TENANT -> facts.tenant();
      case CONSUMER -> facts.consumer();
      case ROUTE -> facts.route();
      case MODEL -> facts.model();
      case AGENT -> facts.agent();
    };
  }
}
