package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.policy.Action;

/** Hears how a decision comes about; only explanations listen. */
interface Trace {
  /** A rule acts. */
  void acts(Rule rule, Action action, String how);

  /** A rule does not act. */
  void passes(Rule rule, Action action, String why);

  /** A finding does not count. */
  void ignored(Finding finding, String why);

  /**
   * A rule, or what stands in for one.
   *
   * @param policy the policy, or {@code built-in}
   * @param name as decisions name it
   */
  record Rule(String policy, String name) {}
}
