package io.llmtrace.policies.detect.signatures;

import io.llmtrace.policies.yaml.LocatedYaml;

/** Bounds of a pack, so that one that somebody uploads costs no more than a large one may. */
final class PackLimits {
  /** Depth; and nodes, of which the largest pack that is allowed needs about as many. */
  static final LocatedYaml.Bounds YAML = new LocatedYaml.Bounds(1 << 20, 8, 200_000);

  static final int MOST_RULES = 1000;

  /** What a rule may claim of itself: nobody has measured it on anybody else's traffic. */
  static final double MOST_CONFIDENCE = 0.95;

  static final int MOST_CASES = 50;
  static final int LONGEST_CASE = 10_000;

  /** Characters of a pattern with its words put in; RE2/J's parser recurses over groups. */
  static final int LONGEST_PATTERN = 6000;

  /**
   * Instructions of a pattern. RE2/J visits each at most once a character, so this bounds the time
   * of one step of the scan, see {@link SignatureProgram}.
   */
  static final int LARGEST_PROGRAM = 3000;

  /** Instructions of all patterns of a pack: memory. */
  static final int LARGEST_PACK = 300_000;

  /**
   * Characters of all cases of a pack, each times the instructions of its pattern: a few seconds. A
   * rule of a hundred instructions with four cases of a line each takes some 25,000.
   */
  static final long MOST_CASE_STEPS = 300_000_000;

  private PackLimits() {}
}
