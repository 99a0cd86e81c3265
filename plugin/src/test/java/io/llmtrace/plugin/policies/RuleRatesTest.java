package io.llmtrace.plugin.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.language.Rule;
import io.llmtrace.policies.limit.Dimension;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RuleRatesTest {
  private static final long SECOND = 1_000_000_000L;
  private final AtomicLong now = new AtomicLong();
  private final RuleRates rates = new RuleRates(now::get);

  private static Facts of(String tenant) {
    return AnswerPolicy.unknown(PolicyTable.BUILT_IN, tenant, "", Caller.of(Dialect.OPENAI_CHAT), 0)
        .facts();
  }

  @Test
  void aMinutesWorthPassesAndThenAsItFills() {
    Rule.Rate rate = new Rule.Rate(6, Set.of());
    for (int i = 0; i < 6; i++) {
      assertThat(rates.take("p/r", rate, of("a"))).isZero();
    }
    assertThat(rates.take("p/r", rate, of("a"))).isEqualTo(10 * SECOND);
    assertThat(rates.take("p/r", rate, of("b")))
        .as("another tenant's policy of that name")
        .isZero();
    now.addAndGet(10 * SECOND);
    assertThat(rates.take("p/r", rate, of("a"))).isZero();
    assertThat(rates.take("p/r", rate, of("a"))).isPositive();
  }

  @Test
  void eachKeyAndEachRuleHasItsOwn() {
    Rule.Rate rate = new Rule.Rate(1, Set.of(Dimension.TENANT));
    assertThat(rates.take("p/r", rate, of("a"))).isZero();
    assertThat(rates.take("p/r", rate, of("a"))).isPositive();
    assertThat(rates.take("p/r", rate, of("b"))).isZero();
    assertThat(rates.take("p/s", rate, of("a"))).isZero();
  }

  @Test
  void aRateThatChangesKeepsWhatWasCounted() {
    for (int i = 0; i < 6; i++) {
      assertThat(rates.take("p/r", new Rule.Rate(6, Set.of()), of("a"))).isZero();
    }
    assertThat(rates.take("p/r", new Rule.Rate(12, Set.of()), of("a"))).isEqualTo(5 * SECOND);
    now.addAndGet(5 * SECOND);
    assertThat(rates.take("p/r", new Rule.Rate(12, Set.of()), of("a"))).isZero();
  }
}
