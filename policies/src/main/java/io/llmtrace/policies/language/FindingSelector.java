package io.llmtrace.policies.language;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.util.List;
import java.util.Set;

/**
 * Which findings a rule acts on: all that is given must hold; of several values one. Immutable.
 *
 * @param types of these types or of a type of these groups; both empty is every type
 * @param groups such as {@code attack}
 * @param rules found by these rules of a detector, which for secrets and personal data are kinds,
 *     such as {@code iban}, and for patterns of the policy their names
 * @param detectors found by these detectors
 * @param zones in text of these zones
 * @param severity as bad as this, or worse
 * @param confidence as sure as this, or surer; 0 to 1
 */
public record FindingSelector(
    Set<FindingType> types,
    Set<FindingType.Group> groups,
    List<NamePattern> rules,
    List<NamePattern> detectors,
    Set<Zone> zones,
    Severity severity,
    double confidence) {

  public FindingSelector {
    types = Copies.set(types);
    groups = Copies.set(groups);
    rules = Copies.list(rules);
    detectors = Copies.list(detectors);
    zones = Copies.set(zones);
  }

  public boolean selects(Finding finding) {
    return ((types.isEmpty() && groups.isEmpty())
            || types.contains(finding.type())
            || groups.contains(finding.type().group()))
        && finding.severity().atLeast(severity)
        && finding.confidence() >= confidence
        && (zones.isEmpty() || zones.contains(finding.zone()))
        && any(rules, finding.rule())
        && any(detectors, finding.detector());
  }

  private static boolean any(List<NamePattern> patterns, String name) {
    if (patterns.isEmpty()) {
      return true;
    }
    // Without an iterator: it is asked for each finding by each rule.
    for (int i = 0; i < patterns.size(); i++) {
      if (patterns.get(i).matches(name)) {
        return true;
      }
    }
    return false;
  }
}
