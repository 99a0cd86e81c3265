package io.llmtrace.policies.detect.signatures;

import org.jspecify.annotations.Nullable;

/**
 * The character classes that RE2 knows by name. All of them hold ASCII alone.
 *
 * @see <a href="https://github.com/google/re2/wiki/Syntax">RE2 syntax</a>
 */
final class NamedClasses {
  private NamedClasses() {}

  /** The class of {@code \d}, {@code \s} or {@code \w}. */
  static CodePoints perl(char letter) {
    CodePoints set = new CodePoints();
    switch (letter) {
      case 'd' -> set.add('0', '9');
      case 's' -> {
        set.add('\t', '\n');
        set.add('\f', '\r');
        set.add(' ', ' ');
      }
      default -> {
        set.add('0', '9');
        letters(set);
        set.add('_', '_');
      }
    }
    return set;
  }

  /** The class of {@code [[:name:]]}; null for those that are not known exactly here. */
  static @Nullable CodePoints posix(String name) {
    CodePoints set = new CodePoints();
    switch (name) {
      case "alpha" -> letters(set);
      case "alnum", "word" -> {
        letters(set);
        set.add('0', '9');
        if (name.equals("word")) {
          set.add('_', '_');
        }
      }
      case "digit" -> set.add('0', '9');
      case "lower" -> set.add('a', 'z');
      case "upper" -> set.add('A', 'Z');
      case "xdigit" -> {
        set.add('0', '9');
        set.add('A', 'F');
        set.add('a', 'f');
      }
      case "space" -> {
        set.add('\t', '\r');
        set.add(' ', ' ');
      }
      default -> {
        return null;
      }
    }
    return set;
  }

  private static void letters(CodePoints set) {
    set.add('A', 'Z');
    set.add('a', 'z');
  }
}
