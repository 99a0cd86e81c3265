package io.llmtrace.policies.wire;

import io.llmtrace.policies.policy.Action;

/**
 * What a candidate policy would have decided about an exchange that another version decided about.
 *
 * @param policy name of the candidate
 * @param version of the candidate
 * @param action what enforce mode would have done
 * @param rule the rule that would have decided
 */
public record ShadowDecision(String policy, int version, Action action, String rule) {}
