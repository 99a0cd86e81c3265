package io.llmtrace.policies.language;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * A name, or the beginning, middle or end of one: {@code *} stands for any characters, also none.
 * Upper and lower case differ. Matching takes time in proportion to the name. Immutable.
 *
 * @param text 1 to 200 characters, at most four of them {@code *}
 */
public record NamePattern(@JsonValue String text) {
  public static final int LONGEST = 200;
  public static final int MOST_STARS = 4;

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException when it is empty, too long or has too many stars
   */
  @JsonCreator
  public static NamePattern of(String text) {
    return new NamePattern(text);
  }

  public NamePattern {
    if (text.isEmpty()
        || text.length() > LONGEST
        || text.chars().filter(c -> c == '*').count() > MOST_STARS) {
      throw new IllegalArgumentException(
          "expected 1 to " + LONGEST + " characters, at most " + MOST_STARS + " of them *");
    }
  }

  /** Whether it is this name, or stands for it. */
  public boolean matches(String name) {
    int star = text.indexOf('*');
    if (star < 0) {
      return text.equals(name);
    }
    if (!name.regionMatches(0, text, 0, star)) {
      return false;
    }
    // Each part between stars at its first place: a later one could not do better.
    int at = star;
    while (true) {
      int next = text.indexOf('*', star + 1);
      if (next < 0) {
        int tail = text.length() - star - 1;
        int from = name.length() - tail;
        return from >= at && name.regionMatches(from, text, star + 1, tail);
      }
      String part = text.substring(star + 1, next);
      int found = name.indexOf(part, at);
      if (found < 0) {
        return false;
      }
      at = found + part.length();
      star = next;
    }
  }
}
