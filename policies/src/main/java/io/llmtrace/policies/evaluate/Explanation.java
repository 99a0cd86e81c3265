package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.policy.Action;
import java.util.ArrayList;
import java.util.List;

/**
 * How a decision came about. Immutable; as JSON it is what {@code policy explain --json} prints.
 *
 * @param verdict what was decided
 * @param steps every rule that was read, in order
 * @param ignored findings that did not count
 */
public record Explanation(Verdict verdict, List<Step> steps, List<Ignored> ignored) {
  public Explanation {
    steps = List.copyOf(steps);
    ignored = List.copyOf(ignored);
  }

  /**
   * One rule.
   *
   * @param policy the policy that it is of
   * @param rule its name, as decisions have it
   * @param action what it does where it acts
   * @param acts whether it did
   * @param why why, or why not, with the values that said so
   */
  public record Step(String policy, String rule, Action action, boolean acts, String why) {}

  /** A finding that did not count, and why. */
  public record Ignored(String finding, String why) {}

  /** Writes down what it hears. */
  static final class Listener implements Trace {
    private final List<Step> steps = new ArrayList<>();
    private final List<Ignored> ignored = new ArrayList<>();

    @Override
    public void acts(Trace.Rule rule, Action action, String how) {
      steps.add(new Step(rule.policy(), rule.name(), action, true, how));
    }

    @Override
    public void passes(Trace.Rule rule, Action action, String why) {
      steps.add(new Step(rule.policy(), rule.name(), action, false, why));
    }

    @Override
    public void ignored(Finding finding, String why) {
      ignored.add(new Ignored(PolicyProgram.shown(finding), why));
    }

    Explanation explanation(Verdict verdict) {
      return new Explanation(verdict, steps, ignored);
    }
  }
}
