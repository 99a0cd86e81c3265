package io.llmtrace.policies.policy;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The built-in policy: critical and high findings at or over the threshold block, medium ones flag,
 * the rest is let through. Personal data alone never blocks: people write about people. Nor does an
 * answer that no document supports: that is a reason to look at it. Thread-safe.
 */
public final class DecisionEngine {
  /** Name of the policy in decisions. */
  public static final String BUILT_IN = "built-in";

  /** The rule of a decision that no rule made. */
  public static final String ALLOW = "default/allow";

  static final double THRESHOLD = 0.5;

  /**
   * Decides; the strictest finding wins, the first of equals.
   *
   * @param mode in {@link Mode#OBSERVE} nothing stricter than a flag is done
   */
  public Decision decide(List<Finding> findings, Mode mode) {
    return decide(findings, mode, RedactRule.NONE);
  }

  /**
   * The same where some findings are to be replaced: a secret that would block is replaced instead,
   * an attack that blocks still blocks.
   */
  public Decision decide(List<Finding> findings, Mode mode, RedactRule redact) {
    Action would = Action.ALLOW;
    String rule = ALLOW;
    @Nullable String category = null;
    for (Finding finding : findings) {
      Action action = action(finding, redact);
      if (action.compareTo(would) > 0) {
        would = action;
        category = finding.type().label();
        rule = rule(finding, action);
      }
    }
    Action action = mode == Mode.OBSERVE && would != Action.ALLOW ? Action.FLAG : would;
    return new Decision(action, would, mode, BUILT_IN, rule, 0, category);
  }

  /** Name of the rule by which an action is taken about a finding. */
  public static String rule(Finding finding, Action action) {
    return action == Action.REDACT
        ? "route/redact"
        : "default/" + finding.severity().label() + "-" + action.label() + "s";
  }

  /** What is done about one finding. */
  public static Action action(Finding finding, RedactRule redact) {
    Action action = action(finding);
    boolean blocks = action == Action.BLOCK && finding.type().isAttack();
    return !blocks && redact.covers(finding) ? Action.REDACT : action;
  }

  private static Action action(Finding finding) {
    if (!finding.severity().atLeast(Severity.MEDIUM)) {
      return Action.ALLOW;
    }
    // The severity of an attack follows from its confidence already, by the profile's thresholds.
    if (finding.type().group() != FindingType.Group.ATTACK && finding.confidence() < THRESHOLD) {
      return Action.ALLOW;
    }
    boolean blocks =
        finding.severity().atLeast(Severity.HIGH)
            && finding.type() != FindingType.PII_DETECTED
            && finding.type() != FindingType.UNGROUNDED_ANSWER;
    return blocks ? Action.BLOCK : Action.FLAG;
  }
}
