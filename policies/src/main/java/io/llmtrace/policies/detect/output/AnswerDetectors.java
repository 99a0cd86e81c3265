package io.llmtrace.policies.detect.output;

import java.util.List;

/** The detectors of answers that the product ships. */
public final class AnswerDetectors {
  private AnswerDetectors() {}

  /**
   * Those that run by default, the cheapest first. Each is free where it has nothing to look for.
   */
  public static List<AnswerDetector> builtIn() {
    return List.of(
        new CanaryDetector(),
        new PromptLeakDetector(),
        new ExfiltrationDetector(),
        new InsecureCodeDetector());
  }

  /** The lexicon for toxic answers, for those who ask for it; its limits are in its description. */
  public static AnswerDetector toxicityLexicon() {
    return new ToxicityDetector();
  }
}
