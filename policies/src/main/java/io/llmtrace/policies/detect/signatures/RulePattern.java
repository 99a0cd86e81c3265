package io.llmtrace.policies.detect.signatures;

import com.google.re2j.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A pattern that RE2/J compiles when it is first tried: most rules never have a candidate, and
 * compiling all of them would be most of the start. Thread-safe.
 */
final class RulePattern {
  private final String text;
  private final PatternFacts facts;
  private volatile @Nullable Pattern compiled;

  RulePattern(String text) {
    this.text = text;
    this.facts = PatternFacts.of(text);
  }

  String text() {
    return text;
  }

  PatternFacts facts() {
    return facts;
  }

  /**
   * The compiled form.
   *
   * @throws com.google.re2j.PatternSyntaxException if it is no RE2 pattern
   */
  Pattern compiled() {
    Pattern pattern = compiled;
    if (pattern == null) {
      // Two threads may both compile; either result will do.
      pattern = Pattern.compile(text);
      compiled = pattern;
    }
    return pattern;
  }

  @Override
  public String toString() {
    return text;
  }
}
