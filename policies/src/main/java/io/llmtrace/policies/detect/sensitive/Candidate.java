package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.Severity;
import java.util.Comparator;

/**
 * Something that may become a finding.
 *
 * @param from first character in the view
 * @param to character after it
 * @param note what evidence adds, for example {@code private range}; empty where nothing is added
 */
record Candidate(
    SensitiveKind kind,
    int from,
    int to,
    double confidence,
    Rank rank,
    String note,
    Severity severity) {

  /** How much a form says by itself: what says more wins where two overlap. */
  enum Rank {
    /** Words around it say what it is. */
    BY_CONTEXT,
    /** Its shape does, or a check holds. */
    BY_FORM,
    /** A prefix that one issuer uses, or a structure that decodes. */
    BY_ISSUER,
    /** A whole block, with its own beginning and end. */
    BLOCK
  }

  /** The strongest first: rank, then length, then confidence; the rest makes the order total. */
  static final Comparator<Candidate> STRONGEST =
      Comparator.comparing(Candidate::rank, Comparator.reverseOrder())
          .thenComparing(c -> c.from() - c.to())
          .thenComparing(Candidate::confidence, Comparator.reverseOrder())
          .thenComparing(Candidate::from)
          .thenComparing(c -> c.kind().id());

  boolean overlaps(Candidate other) {
    return from < other.to && other.from < to;
  }
}
