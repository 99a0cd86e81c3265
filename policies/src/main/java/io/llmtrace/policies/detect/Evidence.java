package io.llmtrace.policies.detect;

/** What may be shown of a match. */
public final class Evidence {
  private static final int LONGEST = 120;

  private Evidence() {}

  /** A secret: its first four characters at most, and its length. */
  public static String secret(String match) {
    String shown = match.length() > 12 ? match.substring(0, 4) : "";
    return shown + "…(" + match.length() + " characters)";
  }

  /**
   * Other text on one line. Digits are masked, because a phrase may hold a number that is private,
   * and so is the rest of any run as long as a key, because a command or an address may hold one.
   */
  public static String phrase(String match) {
    String line =
        match
            .replaceAll("\\s+", " ")
            .replaceAll("([A-Za-z0-9+_=-]{4})[A-Za-z0-9+_=-]{16,}", "$1…")
            .replaceAll("[0-9]", "#");
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST - 1) + "…";
  }
}
