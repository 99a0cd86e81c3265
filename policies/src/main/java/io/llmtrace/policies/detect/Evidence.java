package io.llmtrace.policies.detect;

/** What may be shown of a match. */
final class Evidence {
  private static final int LONGEST = 120;

  private Evidence() {}

  /** A secret: its first four characters at most, and its length. */
  static String secret(String match) {
    String shown = match.length() > 12 ? match.substring(0, 4) : "";
    return shown + "…(" + match.length() + " characters)";
  }

  /**
   * Other text on one line; digits are masked, because a phrase may hold a number that is private.
   */
  static String phrase(String match) {
    String line = match.replaceAll("\\s+", " ").replaceAll("[0-9]", "#");
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST - 1) + "…";
  }
}
