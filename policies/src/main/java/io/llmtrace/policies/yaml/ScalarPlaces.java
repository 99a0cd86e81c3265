package io.llmtrace.policies.yaml;

import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/**
 * Finds the places of a file at which the characters of a value stand: a value in a block, folded
 * or with escapes does not stand there as it reads. Immutable, thread-safe.
 */
public final class ScalarPlaces {
  private final String file;

  /** A place: line and column, counted from 1, the column in code points. */
  public record Place(int line, int column) {}

  /**
   * @param file the whole text that the nodes were read from
   */
  public ScalarPlaces(String file) {
    this.file = file;
  }

  /**
   * The place of a character of a value. With escapes in the value it may be a few characters off.
   *
   * @param line of the value, counted from 1
   * @param column of that line, counted from 1
   */
  public Place at(ScalarNode node, int line, int column) {
    String value = node.getValue();
    int target = offset(value, line, column);
    int at = start(node);
    int i = 0;
    while (i < target && at < file.length()) {
      if (isSpace(value.charAt(i))) {
        // However often a line is broken and set in: all of it is one stretch of space.
        while (i < target && isSpace(value.charAt(i))) {
          i++;
        }
        at = skipSpace(at);
      } else {
        int found = file.indexOf(value.charAt(i), at);
        if (found < 0) {
          break;
        }
        at = found + 1;
        i++;
      }
    }
    if (i < value.length() && !isSpace(value.charAt(i))) {
      int found = file.indexOf(value.charAt(i), at);
      at = found < 0 ? at : found;
    }
    return place(Math.min(at, file.length()));
  }

  private int start(ScalarNode node) {
    int at = offset(file, LocatedYaml.line(node), LocatedYaml.column(node));
    ScalarStyle style = node.getScalarStyle();
    if (style == ScalarStyle.LITERAL || style == ScalarStyle.FOLDED) {
      int end = file.indexOf('\n', at);
      return end < 0 ? file.length() : end + 1;
    }
    return style == ScalarStyle.PLAIN ? at : Math.min(at + 1, file.length());
  }

  private static int offset(String text, int line, int column) {
    int at = 0;
    for (int i = 1; i < line; i++) {
      int end = text.indexOf('\n', at);
      if (end < 0) {
        break;
      }
      at = end + 1;
    }
    int rest = Math.min(column - 1, text.codePointCount(at, text.length()));
    return text.offsetByCodePoints(at, Math.max(0, rest));
  }

  private int skipSpace(int from) {
    int at = from;
    while (at < file.length() && isSpace(file.charAt(at))) {
      at++;
    }
    return at;
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
  }

  private Place place(int at) {
    int line = 1;
    int begin = 0;
    for (int end = file.indexOf('\n'); end >= 0 && end < at; end = file.indexOf('\n', begin)) {
      line++;
      begin = end + 1;
    }
    return new Place(line, file.codePointCount(begin, at) + 1);
  }
}
