package io.llmtrace.policies.detect.signatures;

import java.util.List;

/** What a pattern is made of, as far as a prefilter cares. */
sealed interface PatternTree {

  /** Nothing, or an assertion: it takes no characters. */
  record Empty() implements PatternTree {}

  /** A place between a word and what is none; it takes no characters. */
  record WordBoundary() implements PatternTree {}

  /** One code point. */
  record Literal(int codePoint) implements PatternTree {}

  /**
   * One code point out of a set.
   *
   * @param members code points that may match, by no means all that do not
   */
  record OneOf(CodePoints members) implements PatternTree {}

  record Sequence(List<PatternTree> parts) implements PatternTree {
    public Sequence {
      parts = List.copyOf(parts);
    }
  }

  record Choice(List<PatternTree> options) implements PatternTree {
    public Choice {
      options = List.copyOf(options);
    }
  }

  /**
   * A part several times.
   *
   * @param most {@link #UNBOUNDED} where there is no limit
   */
  record Repeat(PatternTree part, int least, int most) implements PatternTree {}

  /** No limit. */
  int UNBOUNDED = Integer.MAX_VALUE;
}
