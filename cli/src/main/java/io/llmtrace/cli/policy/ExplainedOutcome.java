package io.llmtrace.cli.policy;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.evaluate.Explanation;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.trial.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What {@code policy explain} says; as JSON it is what {@code --json} prints. Immutable.
 *
 * @param action what enforce mode does
 * @param mode what the nearest policy asks for, or null where it leaves that open
 * @param rule the rule that decides
 * @param message what the caller reads, or null for what is said without a policy
 * @param blockStyle how a block is answered, or null where nothing is blocked
 * @param redacted the body that goes on, or null where it is the caller's
 * @param findings what was found
 * @param ignored what of that does not count
 * @param steps each rule that was read, in order
 * @param conflicts what layers change of those below them
 */
record ExplainedOutcome(
    Action action,
    @Nullable Mode mode,
    String rule,
    @Nullable String message,
    @Nullable BlockStyle blockStyle,
    @Nullable String redacted,
    List<Finding> findings,
    List<Explanation.Ignored> ignored,
    List<Explanation.Step> steps,
    List<String> conflicts) {

  /**
   * What became of a sample.
   *
   * @param layers the farthest first
   */
  static ExplainedOutcome of(Outcome outcome, List<String> conflicts, List<Policy> layers) {
    return new ExplainedOutcome(
        outcome.action(),
        layers.get(layers.size() - 1).mode(),
        outcome.rule(),
        outcome.action().compareTo(Action.LIMIT) >= 0 ? outcome.message().orElse(null) : null,
        outcome.action() == Action.BLOCK ? outcome.blockStyle() : null,
        outcome.redacted().orElse(null),
        outcome.findings(),
        outcome.explanation().ignored(),
        outcome.explanation().steps(),
        conflicts);
  }

  /** For people. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(action.label() + " by " + rule);
    if (mode != Mode.ENFORCE && action.compareTo(Action.FLAG) > 0) {
      lines.add("  the policy observes, so it is only flagged until its mode is enforce");
    }
    if (message != null) {
      lines.add("  message: " + message.strip());
    }
    if (blockStyle != null) {
      lines.add("  block style: " + blockStyle.label());
    }
    if (redacted != null) {
      lines.add("  goes on as: " + redacted);
    }
    part(lines, "found", findings.stream().map(ExplainedOutcome::shown).toList());
    part(
        lines,
        "of that does not count",
        ignored.stream().map(each -> each.finding() + ": " + each.why()).toList());
    part(lines, "rules, in order", steps.stream().map(ExplainedOutcome::shown).toList());
    part(lines, "between layers", conflicts);
    return lines;
  }

  private static void part(List<String> lines, String title, List<String> part) {
    if (!part.isEmpty()) {
      lines.add(title + ":");
      part.forEach(each -> lines.add("  " + each));
    }
  }

  private static String shown(Finding finding) {
    return String.format(
        Locale.ROOT,
        "%s by %s/%s, %s, confidence %.2f, in %s %s at %d to %d: %s",
        finding.type().label(),
        finding.detector(),
        finding.rule(),
        finding.severity().label(),
        finding.confidence(),
        finding.zone().label(),
        finding.pointer(),
        finding.start(),
        finding.end(),
        finding.evidence());
  }

  private static String shown(Explanation.Step step) {
    return String.format(
        Locale.ROOT,
        "%-6s %-6s %s: %s",
        step.acts() ? "acts" : "no",
        step.action().label(),
        step.rule(),
        step.why());
  }
}
