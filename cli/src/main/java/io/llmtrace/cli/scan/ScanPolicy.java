package io.llmtrace.cli.scan;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.DecisionEngine;
import io.llmtrace.policies.policy.Mode;
import java.util.List;

/**
 * What {@code scan} decides by: the built-in policy on what speaks of an attack. Secrets and
 * personal data are findings and leave the decision at allow: whether they may pass depends on who
 * sends them where, which a scan does not know. Stateless.
 */
public final class ScanPolicy {
  private static final DecisionEngine BUILT_IN = new DecisionEngine();

  private ScanPolicy() {}

  /** What enforce mode would do. */
  public static Action decide(List<Finding> findings) {
    List<Finding> attacks = findings.stream().filter(finding -> finding.type().isAttack()).toList();
    return BUILT_IN.decide(attacks, Mode.ENFORCE).action();
  }
}
