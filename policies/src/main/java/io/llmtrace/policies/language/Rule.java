package io.llmtrace.policies.language;

import io.llmtrace.policies.expression.Expression;
import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One rule. With {@code findings} it acts on those findings that no rule above took, and takes
 * them; without, it acts on the exchange as a whole. Immutable.
 *
 * @param name unique in the policy
 * @param description for people; empty where there is none
 * @param match exchanges it is for
 * @param findings what it acts on, or null for the exchange as a whole
 * @param when must hold as well, or null
 * @param action what it does. Allow: these findings pass; without findings, reading ends here. Flag
 *     and redact go on. Block and limit are the strictest there is
 * @param rate for {@code limit}: what is allowed before the action holds; null without
 * @param message what the caller reads instead of the policy's message, or null
 * @param blockStyle how this block is answered, or null for the policy's
 * @param locked whether a nearer layer may neither replace nor precede it
 */
public record Rule(
    String name,
    String description,
    Match match,
    @Nullable FindingSelector findings,
    @Nullable Condition when,
    Action action,
    @Nullable Rate rate,
    @Nullable String message,
    @Nullable BlockStyle blockStyle,
    boolean locked) {

  /**
   * A condition.
   *
   * @param text in CEL
   * @param expression the same, checked
   */
  public record Condition(String text, Expression expression) {}

  /**
   * What is allowed in a minute, to each value of what is counted by.
   *
   * @param requestsPerMinute at least 1
   * @param by what is counted by; empty is all together
   */
  public record Rate(int requestsPerMinute, Set<Dimension> by) {
    public Rate {
      by = Copies.set(by);
    }
  }
}
