package io.llmtrace.policies.detect.signatures;

import java.util.Locale;

/**
 * What names the rules that a text may match before RE2/J decides. Findings are the same with each.
 */
public enum SignatureEngine {
  /**
   * Literals, and Hyperscan beside them, where it runs, once enough texts came that are full of
   * half matches for it to be worth compiling. The default.
   */
  AUTO,
  /** Hyperscan from the first text on, or an error. */
  HYPERSCAN,
  /** Literals only, in pure Java. */
  AHO_CORASICK;

  /** The system property that says which: {@code auto}, {@code hyperscan}, {@code aho-corasick}. */
  public static final String PROPERTY = "llmtrace.signatures.engine";

  /**
   * What the system property says.
   *
   * @throws IllegalArgumentException if it names no engine
   */
  public static SignatureEngine configured() {
    String name = System.getProperty(PROPERTY, "auto");
    try {
      return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          PROPERTY + " is '" + name + "'; expected auto, hyperscan or aho-corasick", e);
    }
  }
}
