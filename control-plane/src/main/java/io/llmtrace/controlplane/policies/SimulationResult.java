package io.llmtrace.controlplane.policies;

import java.util.List;
import java.util.Map;

/**
 * What would have changed.
 *
 * @param exchanges that were looked at
 * @param different those that the candidate decides differently
 * @param decisions by what was and what would have been done
 * @param rules by which the candidate decides, with how often
 * @param notEvaluable exchanges of which nothing can be said, by what their records do not hold:
 *     {@code headers}, {@code tools}, {@code zones}, {@code max_tokens}, {@code uninspected_parts}
 * @param partlyEvaluable exchanges that are counted above, though something was not looked at:
 *     {@code text} for patterns, since records hold none; {@code profile}, since detectors are not
 *     asked again; {@code rate}, since rules that limit let all pass
 * @param examples of differences, without any text
 */
record SimulationResult(
    long exchanges,
    long different,
    List<SimulatedDecisions> decisions,
    List<SimulatedRule> rules,
    Map<String, Long> notEvaluable,
    Map<String, Long> partlyEvaluable,
    List<SimulatedExchange> examples) {

  /**
   * Exchanges that were decided alike.
   *
   * @param before what enforce mode did, or would have done
   * @param after what the candidate does in enforce mode
   */
  record SimulatedDecisions(String before, String after, long exchanges) {}

  /** A rule with how often it decides. */
  record SimulatedRule(String rule, String action, long exchanges) {}

  /**
   * An exchange that is decided differently.
   *
   * @param id decision id of a stored one; {@code line-3} of a sample
   * @param ruleBefore the rule that decided
   * @param ruleAfter the candidate's
   */
  record SimulatedExchange(
      String id,
      String before,
      String after,
      String ruleBefore,
      String ruleAfter,
      List<String> findingTypes) {}
}
