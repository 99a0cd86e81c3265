package io.llmtrace.policies.detect.signatures;

import java.util.Locale;

/**
 * What names the rules that a text may match before RE2/J decides. Findings are the same with each.
 */
public enum SignatureEngine {
  /** Hyperscan once it is compiled, where it runs; literals until then, and elsewhere. */
  AUTO,
  /** Hyperscan from the first text on, or an error. */
  HYPERSCAN,
  /** Literals only, in pure Java. */
  AHO_CORASICK;

  /**
   * The system property that says which: {@code auto}, {@code hyperscan}, {@code aho-corasick}. The
   * last is the default until the two are shown to find the same in texts of all scripts.
   */
  public static final String PROPERTY = "llmtrace.signatures.engine";

  /**
   * What the system property says.
   *
   * @throws IllegalArgumentException if it names no engine
   */
  public static SignatureEngine configured() {
    String name = System.getProperty(PROPERTY, "aho-corasick");
    try {
      return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          PROPERTY + " is '" + name + "'; expected auto, hyperscan or aho-corasick", e);
    }
  }
}
