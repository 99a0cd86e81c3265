package io.llmtrace.policies.policy;

import org.jspecify.annotations.Nullable;

/**
 * What a policy says about an exchange.
 *
 * @param action what is done; in observe mode never more than {@link Action#FLAG}
 * @param would what enforce mode would have done
 * @param mode the mode in force
 * @param policy name of the policy that decided
 * @param rule the rule of the policy that decided, for example {@code default/high-blocks}
 * @param revision revision of the bundle the policy came in; 0 for the built-in one
 * @param category label of the finding type that decided, or null when nothing did
 */
public record Decision(
    Action action,
    Action would,
    Mode mode,
    String policy,
    String rule,
    long revision,
    @Nullable String category) {}
