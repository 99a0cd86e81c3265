package io.llmtrace.policies.detect.signatures;

import io.llmtrace.policies.detect.signatures.PatternTree.Choice;
import io.llmtrace.policies.detect.signatures.PatternTree.Empty;
import io.llmtrace.policies.detect.signatures.PatternTree.Literal;
import io.llmtrace.policies.detect.signatures.PatternTree.OneOf;
import io.llmtrace.policies.detect.signatures.PatternTree.Repeat;
import io.llmtrace.policies.detect.signatures.PatternTree.Sequence;
import io.llmtrace.policies.detect.signatures.PatternTree.WordBoundary;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reads RE2 syntax as a {@link PatternTree} that matches at least what RE2 does: assertions other
 * than {@code \b} are dropped, case is ignored, Unicode classes hold everything. RE2/J says whether
 * a pattern is right; its own tree is not public.
 *
 * @see <a href="https://github.com/google/re2/wiki/Syntax">RE2 syntax</a>
 */
final class PatternParser {
  /** Groups inside each other; deeper patterns are not analysed. */
  private static final int DEEPEST = 50;

  /** The two characters beyond ASCII that are an ASCII letter when case is ignored. */
  private static final int KELVIN = 0x212A;

  private static final int LONG_S = 0x17F;

  private static final java.util.regex.Pattern COUNT =
      java.util.regex.Pattern.compile("\\d{1,4}(,\\d{0,4})?");

  private final String pattern;
  private int at;
  private int depth;
  private boolean caseMatters = true;
  private boolean dotIsAll;

  /** Whether the bracket that is read holds a class that is not known exactly. */
  private boolean large;

  private PatternParser(String pattern) {
    this.pattern = pattern;
  }

  /**
   * Reads a pattern that RE2/J accepts.
   *
   * @throws UnsupportedOperationException for syntax that is not known here
   */
  static PatternTree parse(String pattern) {
    PatternParser parser = new PatternParser(pattern);
    try {
      PatternTree tree = parser.choice();
      if (parser.at < pattern.length()) {
        throw parser.unknown();
      }
      return tree;
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw new UnsupportedOperationException("syntax at the end of " + pattern, e);
    }
  }

  private UnsupportedOperationException unknown() {
    return new UnsupportedOperationException("syntax at character " + at + " of " + pattern);
  }

  private boolean more() {
    return at < pattern.length();
  }

  private boolean take(String expected) {
    if (pattern.startsWith(expected, at)) {
      at += expected.length();
      return true;
    }
    return false;
  }

  private PatternTree choice() {
    if (++depth > DEEPEST) {
      throw unknown();
    }
    List<PatternTree> options = new ArrayList<>();
    do {
      options.add(sequence());
    } while (take("|"));
    depth--;
    return options.size() == 1 ? options.get(0) : new Choice(options);
  }

  private PatternTree sequence() {
    List<PatternTree> parts = new ArrayList<>();
    while (more() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
      parts.addAll(piece());
    }
    return parts.size() == 1 ? parts.get(0) : new Sequence(parts);
  }

  /** One piece with its repetitions; several where {@code \Q…\E} stood. */
  private List<PatternTree> piece() {
    if (take("\\Q")) {
      int end = pattern.indexOf("\\E", at);
      String quoted = pattern.substring(at, end < 0 ? pattern.length() : end);
      at = end < 0 ? pattern.length() : end + 2;
      List<PatternTree> parts = new ArrayList<>();
      quoted.codePoints().forEach(c -> parts.add(literal(c)));
      if (more() && "*+?{".indexOf(pattern.charAt(at)) >= 0) {
        throw unknown();
      }
      return parts;
    }
    PatternTree part = atom();
    while (more()) {
      if (take("*")) {
        part = new Repeat(part, 0, PatternTree.UNBOUNDED);
      } else if (take("+")) {
        part = new Repeat(part, 1, PatternTree.UNBOUNDED);
      } else if (take("?")) {
        part = new Repeat(part, 0, 1);
      } else if (isCount()) {
        part = counted(part);
      } else {
        break;
      }
      take("?");
    }
    return List.of(part);
  }

  /** A brace that is no count stands for itself. */
  private boolean isCount() {
    if (pattern.charAt(at) != '{') {
      return false;
    }
    int end = pattern.indexOf('}', at);
    return end > 0 && COUNT.matcher(pattern.substring(at + 1, end)).matches();
  }

  private PatternTree counted(PatternTree part) {
    int end = pattern.indexOf('}', at);
    String[] counts = pattern.substring(at + 1, end).split(",", -1);
    at = end + 1;
    int least = Integer.parseInt(counts[0]);
    int most =
        counts.length == 1
            ? least
            : counts[1].isEmpty() ? PatternTree.UNBOUNDED : Integer.parseInt(counts[1]);
    return new Repeat(part, least, most);
  }

  private PatternTree atom() {
    if (take("(")) {
      return group();
    }
    if (take("[")) {
      return new OneOf(bracket());
    }
    if (take(".")) {
      CodePoints any = new CodePoints();
      any.add('\n', '\n');
      return new OneOf(dotIsAll ? CodePoints.everything() : any.complement(true));
    }
    if (take("^") || take("$")) {
      return new Empty();
    }
    if (take("\\")) {
      return escape();
    }
    int c = pattern.codePointAt(at);
    at += Character.charCount(c);
    return literal(c);
  }

  private Literal literal(int c) {
    refuseEndless(c, c);
    return new Literal(c);
  }

  private void refuseEndless(int from, int to) {
    int endless = caseMatters ? -1 : EndlessFolds.MEMBERS.nextSetBit(from);
    if (endless >= 0 && endless <= to) {
      throw new UnsupportedOperationException(
          String.format("character U+%04X under (?i)", endless));
    }
  }

  private PatternTree group() {
    boolean outerCase = caseMatters;
    boolean outerDot = dotIsAll;
    if (take("?")) {
      if (take("P<") || take("<")) {
        at = pattern.indexOf('>', at) + 1;
      } else if (flags()) {
        return new Empty();
      }
    }
    PatternTree inner = choice();
    if (!take(")")) {
      throw unknown();
    }
    caseMatters = outerCase;
    dotIsAll = outerDot;
    return inner;
  }

  /** Reads flags; true if they hold for the rest of the group around them. */
  private boolean flags() {
    boolean on = true;
    while (true) {
      char c = pattern.charAt(at++);
      switch (c) {
        case '-' -> on = false;
        case 'i' -> caseMatters = !on;
        case 's' -> dotIsAll = on;
        case 'm', 'U' -> {
          // Neither changes which characters may match.
        }
        case ')' -> {
          return true;
        }
        case ':' -> {
          return false;
        }
        default -> throw unknown();
      }
    }
  }

  private PatternTree escape() {
    char c = pattern.charAt(at);
    if ("bBAz".indexOf(c) >= 0) {
      at++;
      return c == 'b' ? new WordBoundary() : new Empty();
    }
    if (c == 'C') {
      throw unknown();
    }
    if (isClass(c)) {
      return new OneOf(escapedClass());
    }
    return literal(escaped());
  }

  private static boolean isClass(char c) {
    return "dDsSwWpP".indexOf(c) >= 0;
  }

  private CodePoints escapedClass() {
    char c = pattern.charAt(at++);
    if (c == 'p' || c == 'P') {
      boolean named = pattern.charAt(at) == '{';
      int end = named ? pattern.indexOf('}', at) : at;
      if (end < 0) {
        // Not the beginning once more: that never ends.
        throw unknown();
      }
      at = end + 1;
      return CodePoints.everything();
    }
    CodePoints set = NamedClasses.perl(Character.toLowerCase(c));
    return Character.isUpperCase(c) ? set.complement(caseMatters) : withCase(set);
  }

  /** A character class behind its bracket. */
  private CodePoints bracket() {
    boolean negated = take("^");
    CodePoints set = new CodePoints();
    large = false;
    boolean first = true;
    while (first || pattern.charAt(at) != ']') {
      first = false;
      if (pattern.startsWith("[:", at)) {
        int end = pattern.indexOf(":]", at);
        set.addAll(posix(pattern.substring(at + 2, end)));
        at = end + 2;
      } else if (pattern.charAt(at) == '\\' && isClass(pattern.charAt(at + 1))) {
        at++;
        set.addAll(escapedClassInBracket());
      } else {
        int from = member();
        int to = from;
        if (pattern.charAt(at) == '-' && pattern.charAt(at + 1) != ']') {
          at++;
          to = member();
        }
        refuseEndless(from, to);
        set.add(from, to);
      }
    }
    at++;
    if (negated) {
      return large ? CodePoints.everything() : set.complement(caseMatters);
    }
    return withCase(set);
  }

  private CodePoints escapedClassInBracket() {
    // A set that may be too large must not be taken out of another one.
    large |= "dsw".indexOf(pattern.charAt(at)) < 0;
    return escapedClass();
  }

  private CodePoints posix(String name) {
    CodePoints set = NamedClasses.posix(name);
    large |= set == null;
    return set == null ? CodePoints.everything() : set;
  }

  private CodePoints withCase(CodePoints set) {
    if (!caseMatters && set.hasAny('k', 'K')) {
      set.add(KELVIN, KELVIN);
    }
    if (!caseMatters && set.hasAny('s', 'S')) {
      set.add(LONG_S, LONG_S);
    }
    return set;
  }

  private int member() {
    if (take("\\")) {
      return escaped();
    }
    int c = pattern.codePointAt(at);
    at += Character.charCount(c);
    return c;
  }

  /** The character behind a backslash. */
  private int escaped() {
    int c = pattern.codePointAt(at);
    at += Character.charCount(c);
    return switch (c) {
      case 'a' -> 7;
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'v' -> 0x0B;
      case 'x' -> hex();
      default -> {
        if (Character.isLetterOrDigit(c)) {
          throw unknown();
        }
        yield c;
      }
    };
  }

  private int hex() {
    int end;
    String digits;
    if (take("{")) {
      end = pattern.indexOf('}', at);
      digits = pattern.substring(at, end);
      at = end + 1;
    } else {
      digits = pattern.substring(at, at + 2);
      at += 2;
    }
    return Integer.parseInt(digits.toLowerCase(Locale.ROOT), 16);
  }
}
