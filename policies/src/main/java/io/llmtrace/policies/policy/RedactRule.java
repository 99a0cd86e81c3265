package io.llmtrace.policies.policy;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.sensitive.SensitiveDetector;
import java.util.Set;

/**
 * Which findings are replaced by placeholders. Immutable.
 *
 * @param types findings of these types are
 * @param kinds and those of these kinds of secrets and personal data, for example {@code iban}
 * @param least severity that a finding has at least; examples and test values are {@code info}
 */
public record RedactRule(Set<FindingType> types, Set<String> kinds, Severity least) {
  /** Nothing is replaced. */
  public static final RedactRule NONE = new RedactRule(Set.of(), Set.of(), Severity.LOW);

  public RedactRule {
    types = Set.copyOf(types);
    kinds = Set.copyOf(kinds);
  }

  /** Whether nothing is ever replaced. */
  public boolean isNone() {
    return types.isEmpty() && kinds.isEmpty();
  }

  /**
   * Whether a finding is one of those. A weak one is not: it would be something else too often. One
   * that stands for others may stand for some of those.
   */
  public boolean covers(Finding finding) {
    if (finding.standsForMore()) {
      return !isNone();
    }
    return (types.contains(finding.type())
            || (finding.detector().equals(SensitiveDetector.NAME)
                && kinds.contains(finding.rule())))
        && finding.severity().atLeast(least)
        && finding.confidence() >= DecisionEngine.THRESHOLD;
  }
}
