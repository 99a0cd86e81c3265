package io.llmtrace.policies.detect.signatures;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.Optional;

/**
 * Whether a pattern that somebody wrote may be run: RE2, not so large that it slows everybody, and
 * not so loose that it matches nothing at all. Immutable.
 *
 * @param instructions of its program; 0 where there is none
 * @param refusal why it may not be run, beginning with a verb; empty when it may
 */
public record PatternCheck(int instructions, Optional<String> refusal) {
  /** Characters of a pattern; RE2/J's parser recurses over groups. */
  public static final int LONGEST = PackLimits.LONGEST_PATTERN;

  /** Checks a pattern of at most {@link #LONGEST} characters. */
  public static PatternCheck of(String pattern) {
    if (pattern.length() > LONGEST) {
      return refused(0, "must be at most " + LONGEST + " characters");
    }
    try {
      // Before RE2/J builds it: repetitions inside each other multiply, and on some characters it
      // does not come to an end.
      long estimate = PatternFacts.size(PatternParser.parse(pattern));
      if (estimate > PackLimits.LARGEST_PROGRAM) {
        return refused(0, tooLarge(estimate));
      }
      Pattern compiled = Pattern.compile(pattern);
      int size = compiled.programSize();
      if (size > PackLimits.LARGEST_PROGRAM) {
        return refused(size, tooLarge(size));
      }
      return compiled.matcher("").find()
          ? refused(size, "matches the empty text")
          : new PatternCheck(size, Optional.empty());
    } catch (PatternSyntaxException | UnsupportedOperationException e) {
      return refused(
          0,
          "is no RE2 pattern that can be used (it has no look-around and no back references): "
              + e.getMessage());
    }
  }

  private static PatternCheck refused(int instructions, String why) {
    return new PatternCheck(instructions, Optional.of(why));
  }

  private static String tooLarge(long size) {
    return "compiles to about "
        + size
        + " instructions, more than "
        + PackLimits.LARGEST_PROGRAM
        + "; bound its repetitions or split it";
  }
}
