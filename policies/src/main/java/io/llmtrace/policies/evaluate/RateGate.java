package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.language.Rule;

/**
 * Counts requests for the rules that limit them. An exchange is counted once by each rule, however
 * often it is decided about.
 */
@FunctionalInterface
public interface RateGate {
  /** Lets everything pass, and counts nothing. */
  RateGate OPEN = (policy, rule, rate, facts) -> 0;

  /**
   * Counts an exchange.
   *
   * @return 0 where it is within the rate, else nanoseconds until one might be
   */
  long take(String policy, String rule, Rule.Rate rate, Facts facts);
}
