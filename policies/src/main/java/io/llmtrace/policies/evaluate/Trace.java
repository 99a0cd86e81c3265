package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.policy.Action;

/** Hears how a decision comes about; only explanations listen. */
interface Trace {
  /** A step acts. */
  void acts(Step step, Action action, String how);

  /** A step does not act. */
  void passes(Step step, Action action, String why);

  /** A finding does not count. */
  void ignored(Finding finding, String why);

  /**
   * A rule, or what stands in for one.
   *
   * @param policy the policy, or {@code built-in}
   * @param rule as decisions name it
   */
  record Step(String policy, String rule) {}
}
