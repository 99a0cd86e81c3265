package io.llmtrace.policies.detect.signatures;

import com.google.re2j.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A pattern that is compiled, for RE2/J and as an automaton, when it is first tried: most rules
 * never have a candidate, and compiling all of them would be most of the start. Thread-safe.
 */
final class RulePattern {
  private final String text;
  private final PatternFacts facts;
  private volatile @Nullable Pattern compiled;
  private volatile @Nullable LazyAutomaton automaton;

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

  /** Whether it may match in a piece of text; as {@link LazyAutomaton#mayMatch}. */
  boolean mayMatch(char[] text, int first, int last, int to) {
    LazyAutomaton quick = automaton;
    if (quick == null) {
      quick = LazyAutomaton.of(this.text);
      automaton = quick;
    }
    return quick.mayMatch(text, first, last, to);
  }

  @Override
  public String toString() {
    return text;
  }
}
