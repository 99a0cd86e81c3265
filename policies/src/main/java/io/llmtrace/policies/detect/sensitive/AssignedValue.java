package io.llmtrace.policies.detect.sensitive;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A value that a text gives to a name, and where it stands: {@code name=value}, {@code "name":
 * "value"}, {@code <name>value</name>}, {@code --name value}, "the name is value".
 *
 * @param from first character of the value, without its quote
 * @param to character after the last one
 */
record AssignedValue(int from, int to, Manner manner) {
  /** Characters of a value that are looked at; longer ones are blobs. */
  static final int LONGEST = 512;

  private static final int LONGEST_NAME = 48;

  /** What a name may end in that then holds something else. */
  private static final Set<String> OTHER_THINGS =
      Set.of(
          ("hash hashed url uri type count length len name names path file id ids arn policy"
                  + " policies field label hint reset expiry expires expired expiration rules rule"
                  + " strength version limit limits size usage used min max rotation manager required"
                  + " enabled format prefix pattern regex ttl lifetime less confirmation error endpoint"
                  + " provider ref store location algorithm cost budget window page input form box"
                  + " placeholder validator encoder at on by age date time scope scopes mode status")
              .split(" ", -1));

  private static final List<String> VERBS =
      List.of(
          " is ",
          " is: ",
          " are ",
          " ist ",
          " lautet ",
          " est ",
          " es ",
          " è ",
          " é ",
          " jest ",
          " är ",
          " er ",
          " on ",
          " was ",
          " = ",
          "是",
          "は",
          "：",
          " to ");

  /** What may stand between the name and a token. */
  private static final List<String> SCHEMES = List.of("Bearer ", "bearer ", "Token ", "token ");

  /** How a value is given, from the surest to the least sure. */
  enum Manner {
    QUOTED,
    ASSIGNED,
    COLON,
    SAID
  }

  /**
   * The value of the name that the word at {@code [start, end)} is part of: behind the rest of the
   * name and an equals sign, a colon or a verb. Null if there is none, or if the rest says that the
   * name is of something else ({@code password_hash}).
   *
   * @param longest characters of the value that are looked at
   */
  static @Nullable AssignedValue of(String text, int start, int end, int longest) {
    int at = end;
    int last = end;
    while (at < text.length() && at - end < LONGEST_NAME) {
      char c = text.charAt(at);
      if (!(Text.word(c) || c == '-' || (c == '.' && Text.letter(Text.at(text, at + 1))))) {
        break;
      }
      at++;
      if (!Text.alnum(c)) {
        last = at;
      }
    }
    if (at > end && otherThing(text, end, last, at)) {
      return null;
    }
    boolean option = option(text, start);
    int operator = at;
    char quoteOfName = Text.at(text, at);
    if (quoteOfName == '\\') {
      at++;
      quoteOfName = Text.at(text, at);
    }
    if (quoteOfName == '"' || quoteOfName == '\'' || quoteOfName == '`') {
      at++;
    }
    if (Text.at(text, at) == ']') {
      at++;
    }
    if (Text.at(text, operator) == '>' && tag(text, start)) {
      int close = operator + 1;
      while (close < text.length() && close - operator < LONGEST && text.charAt(close) != '<') {
        close++;
      }
      return Text.at(text, close) == '<' && close > operator + 1
          ? new AssignedValue(operator + 1, close, Manner.QUOTED)
          : null;
    }
    for (String verb : VERBS) {
      if (text.startsWith(verb, at)) {
        return said(
            text, at + verb.length(), verb.equals(" = ") ? Manner.ASSIGNED : Manner.SAID, longest);
      }
    }
    int blank = at;
    while (blank < text.length() && blank - at < 8 && Text.blank(text.charAt(blank))) {
      blank++;
    }
    char sign = Text.at(text, blank);
    if (sign == '=' || sign == ':') {
      int next = blank + 1;
      while (next < text.length()
          && next - blank < 4
          && (text.charAt(next) == '=' || text.charAt(next) == '>')) {
        next++;
      }
      return said(text, next, sign == '=' ? Manner.ASSIGNED : Manner.COLON, longest);
    }
    return option && blank > at ? said(text, blank, Manner.ASSIGNED, longest) : null;
  }

  /** The value from {@code at} on, behind blanks and a quote. */
  private static @Nullable AssignedValue said(String text, int at, Manner manner, int longest) {
    int from = at;
    while (from < text.length() && from - at < 12 && Text.blank(text.charAt(from))) {
      from++;
    }
    for (String scheme : SCHEMES) {
      if (text.startsWith(scheme, from)) {
        from += scheme.length();
      }
    }
    boolean escaped = Text.at(text, from) == '\\';
    char quote = Text.at(text, escaped ? from + 1 : from);
    if (quote == '"' || quote == '\'' || quote == '`') {
      int open = escaped ? from + 2 : from + 1;
      int close = open;
      while (close < text.length() && close - open < longest) {
        char c = text.charAt(close);
        if (c == quote || c == '\n' || (escaped && c == '\\')) {
          break;
        }
        close++;
      }
      boolean closed = Text.at(text, close) == quote || (escaped && Text.at(text, close) == '\\');
      return closed && close > open ? new AssignedValue(open, close, Manner.QUOTED) : null;
    }
    int to = unquotedEnd(text, from, longest);
    return to > from ? new AssignedValue(from, to, manner) : null;
  }

  /** Where a value without quotes ends, less what ends the sentence it stands in. */
  static int unquotedEnd(String text, int from, int longest) {
    int to = from;
    boolean query = inQuery(text, from);
    while (to < text.length() && to - from < longest) {
      char c = text.charAt(to);
      boolean ends = c <= ' ' || "\"'`;,\\\u00A0\u3000。".indexOf(c) >= 0;
      if (ends || (c == '<' && to > from) || (c == '&' && query)) {
        break;
      }
      to++;
    }
    String value = text.substring(from, to);
    for (int trims = 0; trims < 4 && to > from; trims++) {
      int opening =
          switch (text.charAt(to - 1)) {
            case '.', ':', '?' -> -1;
            case ')' -> value.indexOf('(');
            case ']' -> value.indexOf('[');
            case '}' -> value.indexOf('{');
            default -> 0;
          };
      if (opening >= 0) {
        break;
      }
      to--;
    }
    return to;
  }

  /** Whether the value is part of {@code ?a=b&c=d}. */
  private static boolean inQuery(String text, int from) {
    for (int i = from - 1; i >= 0 && from - i < LONGEST_NAME; i--) {
      char c = text.charAt(i);
      if (c == '?' || c == '&') {
        return true;
      }
      if (c <= ' ' || c == '"') {
        return false;
      }
    }
    return false;
  }

  private static boolean otherThing(String text, int from, int last, int to) {
    String tail = text.substring(from, to).toLowerCase(Locale.ROOT);
    String end = text.substring(last, to).toLowerCase(Locale.ROOT);
    if (OTHER_THINGS.contains(end) || OTHER_THINGS.contains(tail)) {
      return true;
    }
    // passwordResetUrl: what stands behind the last capital.
    int capital = to - 1;
    while (capital > from && !Text.upper(text.charAt(capital))) {
      capital--;
    }
    return OTHER_THINGS.contains(text.substring(capital, to).toLowerCase(Locale.ROOT));
  }

  private static boolean option(String text, int start) {
    int at = start;
    while (at > 0
        && start - at < LONGEST_NAME
        && (Text.word(text.charAt(at - 1)) || text.charAt(at - 1) == '-')) {
      at--;
    }
    return text.startsWith("--", at);
  }

  private static boolean tag(String text, int start) {
    int at = start;
    while (at > 0
        && start - at < LONGEST_NAME
        && (Text.word(text.charAt(at - 1)) || "-.:".indexOf(text.charAt(at - 1)) >= 0)) {
      at--;
    }
    return Text.at(text, at - 1) == '<';
  }
}
