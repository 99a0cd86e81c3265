package io.llmtrace.policies.language;

import io.llmtrace.policies.yaml.LocatedYaml;

/** Bounds of a policy, so that one that somebody uploads costs no more than a large one may. */
final class PolicyLimits {
  /** 500 rules with every key and a few values each have some 25,000 nodes. */
  static final LocatedYaml.Bounds YAML = new LocatedYaml.Bounds(1 << 20, 12, 50_000);

  static final int MOST_RULES = 500;
  static final int MOST_PATTERNS = 100;
  static final int MOST_BUDGETS = 50;
  static final int MOST_EXCEPTIONS = 200;
  static final int MOST_NAMES = 500;
  static final int MOST_HEADERS = 20;
  static final int MOST_LABELS = 50;

  static final int LONGEST_MESSAGE = 1000;
  static final int LONGEST_DESCRIPTION = 2000;
  static final int LONGEST_PATTERN = 2000;
  static final int LONGEST_CONDITION = 4000;

  /** Instructions of all patterns together: memory, and time of the worst text. */
  static final int LARGEST_PATTERNS = 20_000;

  /**
   * Characters of all different conditions together. Checking one takes CEL some microseconds a
   * character, so this bounds the time that a file takes.
   */
  static final int LONGEST_CONDITIONS = 32_000;

  private PolicyLimits() {}
}
