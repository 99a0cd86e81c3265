package io.llmtrace.policies.detect.signatures;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Says which rules a piece of text may match, cheaply. It may name too many, never too few: what is
 * found does not depend on it. Thread-safe.
 */
interface CandidateFinder {
  /** Name of the engine, as shown to users. */
  String name();

  /**
   * Candidates in characters {@code [from, to)} of a text.
   *
   * @return numbers of the rules that may match; null for all
   */
  @Nullable BitSet candidates(String text, int from, int to);

  /** The finder that leaves the whole choice to the literals. */
  CandidateFinder LITERALS_ONLY =
      new CandidateFinder() {
        @Override
        public String name() {
          return "aho-corasick";
        }

        @Override
        public @Nullable BitSet candidates(String text, int from, int to) {
          return null;
        }
      };
}
