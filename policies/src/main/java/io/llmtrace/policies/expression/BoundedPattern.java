package io.llmtrace.policies.expression;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Regular expressions of people: RE2's syntax, so that they take time linear to what they read, and
 * no larger than is reasonable. RE2/J writes repetitions out: {@code ((a{1000}){1000}){1000}} would
 * take all memory there is, so how large a pattern becomes is found out before it is compiled.
 */
final class BoundedPattern {
  /** Characters of a pattern. */
  static final int LONGEST = 1_000;

  /** Instructions of RE2's program, about one for each character and class. */
  static final int LARGEST = 1_000;

  private static final int LONGEST_QUOTE = 40;

  private BoundedPattern() {}

  /**
   * Compiles a pattern.
   *
   * @throws IllegalArgumentException says for people what is wrong with it
   */
  static Pattern compile(String pattern) {
    if (pattern.length() > LONGEST) {
      throw new IllegalArgumentException(
          "the pattern has "
              + pattern.length()
              + " characters; at most "
              + LONGEST
              + " are possible");
    }
    if (new Scan(pattern).size() > LARGEST) {
      throw tooLarge();
    }
    Pattern compiled;
    try {
      compiled = Pattern.compile(pattern);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "the pattern is not RE2's: " + e.getDescription() + place(e), e);
    }
    if (compiled.programSize() > LARGEST) {
      throw tooLarge();
    }
    return compiled;
  }

  private static String place(PatternSyntaxException e) {
    String at = e.getPattern();
    if (at == null || at.isEmpty()) {
      return "";
    }
    return " at '"
        + (at.length() > LONGEST_QUOTE ? at.substring(0, LONGEST_QUOTE) + "…" : at)
        + "'";
  }

  private static IllegalArgumentException tooLarge() {
    return new IllegalArgumentException(
        "with its repetitions written out the pattern is larger than " + LARGEST + " instructions");
  }

  /** Counts atoms with repetitions written out; what it takes for an atom may be none. */
  private static final class Scan {
    private static final long TOO_MANY = 1L << 40;

    private final String pattern;
    private final Deque<Long> outer = new ArrayDeque<>();
    private int at;

    /** Atoms of the group so far, without the last one. */
    private long before;

    private long last;

    Scan(String pattern) {
      this.pattern = pattern;
    }

    long size() {
      while (at < pattern.length()) {
        char c = pattern.charAt(at++);
        switch (c) {
          case '\\' -> escape();
          case '[' -> {
            skipClass();
            atom(1);
          }
          case '(' -> {
            outer.push(before + last);
            before = 0;
            last = 1;
          }
          case ')' -> {
            long group = before + last + 1;
            before = outer.isEmpty() ? 0 : outer.pop();
            last = group;
          }
          case '*', '+', '?' -> last = Math.min(TOO_MANY, last + 1);
          case '{' -> repeat();
          default -> atom(1);
        }
      }
      while (!outer.isEmpty()) {
        before += outer.pop();
      }
      return before + last;
    }

    private void atom(long size) {
      before = Math.min(TOO_MANY, before + last);
      last = size;
    }

    private void escape() {
      if (pattern.startsWith("Q", at)) {
        int end = pattern.indexOf("\\E", at);
        int stop = end < 0 ? pattern.length() : end;
        for (at++; at < stop; at++) {
          atom(1);
        }
        at = end < 0 ? stop : end + 2;
        return;
      }
      char kind = at < pattern.length() ? pattern.charAt(at++) : ' ';
      if ((kind == 'x' || kind == 'p' || kind == 'P') && pattern.startsWith("{", at)) {
        int end = pattern.indexOf('}', at);
        at = end < 0 ? pattern.length() : end + 1;
      }
      atom(1);
    }

    private void skipClass() {
      if (pattern.startsWith("^", at)) {
        at++;
      }
      boolean first = true;
      while (at < pattern.length() && (first || pattern.charAt(at) != ']')) {
        first = false;
        if (pattern.startsWith("[:", at) && pattern.indexOf(":]", at + 2) >= 0) {
          at = pattern.indexOf(":]", at + 2) + 2;
        } else {
          at += pattern.charAt(at) == '\\' ? 2 : 1;
        }
      }
      at++;
    }

    /** {@code {n}}, {@code {n,}} or {@code {n,m}}; what is none of them is text. */
    private void repeat() {
      int end = pattern.indexOf('}', at);
      String bounds = end < 0 ? "" : pattern.substring(at, end);
      if (!bounds.matches("\\d+(,\\d*)?")) {
        atom(1);
        return;
      }
      at = end + 1;
      long most = 1;
      for (String bound : bounds.split(",", 2)) {
        if (!bound.isEmpty()) {
          most = Math.max(most, bound.length() > 6 ? TOO_MANY : Long.parseLong(bound));
        }
      }
      last = last > TOO_MANY / (most + 1) ? TOO_MANY : last * (most + 1);
    }
  }
}
