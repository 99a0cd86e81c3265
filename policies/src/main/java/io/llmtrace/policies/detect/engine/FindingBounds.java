package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Finding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Findings, each once, and only so many. The bound is for each rule and not for all: else a prompt
 * full of slight findings would crowd out the one that blocks. Secrets and personal data are kept
 * beyond it, since each of them may have to be replaced; where there are too many of them as well,
 * one finding that points at nothing says so, which no redaction accepts. Not thread-safe.
 */
public final class FindingBounds {
  /** Findings of one rule that are kept, and that records tell. */
  public static final int MOST_OF_A_RULE = 20;

  /** Secrets and personal data that are kept. */
  static final int MOST_LEAKS = 5_000;

  /** So few are looked through faster than they are indexed, and no rule can have too many. */
  private static final int FEW = 8;

  private final int mostLeaks;
  private final List<Finding> findings = new ArrayList<>();
  private final Set<Finding> known = new HashSet<>();
  private final Map<String, Integer> ofRules = new HashMap<>();
  private int leaks;
  private @Nullable Finding overflow;

  FindingBounds() {
    this(MOST_LEAKS);
  }

  private FindingBounds(int mostLeaks) {
    this.mostLeaks = mostLeaks;
  }

  /** As many of the findings as a record tells: of each rule the first twenty. */
  public static List<Finding> told(List<Finding> all) {
    return all.size() <= FEW ? all : bounded(all, new FindingBounds(0));
  }

  /** As many of the findings as are kept. */
  static List<Finding> kept(List<Finding> all) {
    return all.size() <= 1 ? all : bounded(all, new FindingBounds());
  }

  private static List<Finding> bounded(List<Finding> all, FindingBounds bounds) {
    all.forEach(bounds::add);
    return bounds.findings;
  }

  /** What is kept; not a copy. */
  List<Finding> findings() {
    return findings;
  }

  void add(Finding finding) {
    if (findings.size() < FEW) {
      if (!findings.contains(finding)) {
        findings.add(finding);
      }
      return;
    }
    if (known.isEmpty()) {
      findings.forEach(this::index);
    }
    if (known.contains(finding)) {
      return;
    }
    boolean leak = finding.type().isSensitiveData();
    if (ofRules.getOrDefault(rule(finding), 0) < MOST_OF_A_RULE || (leak && leaks < mostLeaks)) {
      index(finding);
      findings.add(finding);
    } else if (leak && mostLeaks > 0 && overflow == null) {
      overflow =
          new Finding(
              finding.type(),
              finding.severity(),
              finding.confidence(),
              finding.zone(),
              "",
              0,
              0,
              finding.detector(),
              Finding.TOO_MANY,
              "");
      index(overflow);
      findings.add(overflow);
    }
  }

  private void index(Finding finding) {
    known.add(finding);
    ofRules.merge(rule(finding), 1, Integer::sum);
    leaks += finding.type().isSensitiveData() ? 1 : 0;
  }

  private static String rule(Finding finding) {
    return finding.detector() + "/" + finding.rule();
  }
}
