package io.llmtrace.policies.yaml;

/**
 * Something in a file that is wrong, or that somebody should look at. Immutable.
 *
 * @param line counted from 1
 * @param column counted from 1, in code points
 * @param path such as {@code rules[2].action}; empty for the file as a whole
 * @param message what was expected, and what was there
 * @param suggestion what was probably meant, as a sentence; empty where nobody can tell
 */
public record YamlProblem(int line, int column, String path, String message, String suggestion) {
  /** {@code line:column: path: message (suggestion)}. */
  @Override
  public String toString() {
    return line
        + ":"
        + column
        + ": "
        + (path.isEmpty() ? "" : path + ": ")
        + message
        + (suggestion.isEmpty() ? "" : " (" + suggestion + ")");
  }
}
