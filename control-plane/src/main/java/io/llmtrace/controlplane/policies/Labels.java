package io.llmtrace.controlplane.policies;

/** Labels of instances. Stateless. */
public final class Labels {
  /** What a label must be. */
  public static final String EXPECTED =
      "name:value, the name of letters, digits, dot, dash and underscore, each of 1 to 63"
          + " characters";

  private Labels() {}

  public static boolean isName(String text) {
    return text.matches("[A-Za-z0-9._-]{1,63}");
  }

  public static boolean isValue(String text) {
    return text.matches("[\\x21-\\x7e]{1,63}");
  }
}
