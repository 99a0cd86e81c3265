package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Values that a name says are secret: {@code DB_PASSWORD=…}, {@code "apiKey": "…"}, {@code
 * <password>…</password>}, {@code --token …}, "the password is …".
 *
 * <p>A name alone is no secret, so the value must look like one: a password unlike a word, a token
 * with entropy. Whoever writes "password: required" is left alone.
 */
final class Assignments {
  private static final int LONGEST_NAME = 48;
  private static final int LONGEST_VALUE = 512;
  private static final int LONGEST_PASSWORD = 128;

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

  /** What stands before "key" or "token" where it is no secret. */
  private static final Set<String> PUBLIC_THINGS =
      Set.of(
          ("public websocket cache primary partition sort foreign idempotency routing row hash"
                  + " shard group lookup object csrf xsrf pub publishable site range map index item"
                  + " translation i18n next page continuation max eos pad unk bos stop special")
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

  private final Scan scan;
  private final String text;

  /** Where a value stands. */
  private record Value(int from, int to, Manner manner) {}

  /** How a value is given, from the surest to the least sure. */
  private enum Manner {
    QUOTED,
    ASSIGNED,
    COLON,
    SAID
  }

  Assignments(Scan scan) {
    this.scan = scan;
    this.text = scan.text;
  }

  void password(int start, int end) {
    if (!named(start, end)) {
      return;
    }
    Value value = value(start, end, LONGEST_PASSWORD + 1);
    if (value == null || value.to() - value.from() > LONGEST_PASSWORD) {
      return;
    }
    String password = text.substring(value.from(), value.to());
    if (Placeholders.secret(password)) {
      scan.example(SensitiveKinds.PASSWORD, value.from(), value.to(), Rank.BY_CONTEXT);
      return;
    }
    double confidence = likePassword(password, value.manner());
    if (confidence > 0) {
      scan.found(SensitiveKinds.PASSWORD, value.from(), value.to(), confidence, Rank.BY_CONTEXT);
    }
  }

  void token(int start, int end) {
    if (!named(start, end) || ofPublicThing(start)) {
      return;
    }
    Value value = value(start, end, LONGEST_VALUE);
    if (value != null) {
      token(start, value);
    }
  }

  /** {@code Bearer …}. */
  void bearer(int start, int end) {
    if (!Text.opens(text, start)) {
      return;
    }
    int to = unquotedEnd(end, LONGEST_VALUE);
    if (to - end >= 16) {
      token(start, new Value(end, to, Manner.COLON));
    }
  }

  private void token(int nameStart, Value value) {
    String token = text.substring(value.from(), value.to());
    boolean placeholder = Placeholders.secret(token);
    if (placeholder && token.length() >= 8) {
      scan.example(SensitiveKinds.GENERIC_API_KEY, value.from(), value.to(), Rank.BY_CONTEXT);
    }
    if (placeholder || (value.manner() == Manner.SAID && token.length() < 20)) {
      return;
    }
    if (aws(token, value)) {
      scan.found(SensitiveKinds.AWS_SECRET_KEY, value.from(), value.to(), 0.97, Rank.BY_ISSUER);
      return;
    }
    for (VendorWords.Vendor vendor : scan.vendorsBefore(value.from(), 60)) {
      if (vendor.fits(token) && random(token)) {
        scan.found(vendor.kind(), value.from(), value.to(), 0.93, Rank.BY_FORM);
        return;
      }
    }
    if (random(token)) {
      boolean sure = value.manner() != Manner.SAID && token.length() >= 24;
      scan.found(
          SensitiveKinds.GENERIC_API_KEY,
          value.from(),
          value.to(),
          sure ? 0.9 : 0.75,
          Rank.BY_CONTEXT);
    } else if (nameStart >= 0
        && value.manner() != Manner.SAID
        && token.length() >= 8
        && secretName(nameStart)
        && likePassword(token, value.manner()) >= 0.8) {
      scan.found(SensitiveKinds.GENERIC_API_KEY, value.from(), value.to(), 0.6, Rank.BY_CONTEXT);
    }
  }

  /** Whether the word before, in the same name, says that this is none: {@code csrf-token}. */
  private boolean ofPublicThing(int start) {
    int to = start;
    while (to > 0 && "_- ".indexOf(text.charAt(to - 1)) >= 0 && start - to < 2) {
      to--;
    }
    int from = to;
    while (from > 0 && to - from < 16 && Text.letter(text.charAt(from - 1))) {
      from--;
    }
    return PUBLIC_THINGS.contains(text.substring(from, to).toLowerCase(Locale.ROOT));
  }

  private boolean secretName(int start) {
    return text.regionMatches(true, start, "secret", 0, 6);
  }

  /** 40 characters of base64 that are no hex, and AWS shortly before or the name itself. */
  private boolean aws(String token, Value value) {
    if (token.length() != 40
        || !token.chars().allMatch(c -> Text.alnum((char) c) || c == '/' || c == '+')
        || token.chars().allMatch(c -> Text.hex((char) c))) {
      return false;
    }
    return scan.isNear(Cue.AWS, value.from(), value.to(), 160, 80) && Text.entropy(token) > 4;
  }

  /** Whether the word is a name of its own: no part of "compass", "tokens" or "secretary". */
  private boolean named(int start, int end) {
    char before = Text.at(text, start - 1);
    char first = text.charAt(start);
    char after = Text.at(text, end);
    boolean opens =
        !Text.anyLetter(before)
            || end - start > 6
            || first == '_'
            || first == '-'
            || (Text.upper(first) && !Text.upper(before));
    boolean closes =
        !Text.anyLetter(after)
            || (Text.upper(after) && !Text.upper(text.charAt(end - 1)))
            || !Text.anyLetter(text.charAt(end - 1));
    return opens && closes;
  }

  private @Nullable Value value(int start, int end, int longest) {
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
    if (at > end && otherThing(end, last, at)) {
      return null;
    }
    boolean option = option(start);
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
    if (Text.at(text, operator) == '>' && tag(start)) {
      int close = operator + 1;
      while (close < text.length()
          && close - operator < LONGEST_VALUE
          && text.charAt(close) != '<') {
        close++;
      }
      return Text.at(text, close) == '<' && close > operator + 1
          ? new Value(operator + 1, close, Manner.QUOTED)
          : null;
    }
    for (String verb : VERBS) {
      if (text.startsWith(verb, at)) {
        return said(
            at + verb.length(), verb.equals(" = ") ? Manner.ASSIGNED : Manner.SAID, longest);
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
      return said(next, sign == '=' ? Manner.ASSIGNED : Manner.COLON, longest);
    }
    return option && blank > at ? said(blank, Manner.ASSIGNED, longest) : null;
  }

  /** The value from {@code at} on, behind blanks and a quote. */
  private @Nullable Value said(int at, Manner manner, int longest) {
    int from = at;
    while (from < text.length() && from - at < 12 && Text.blank(text.charAt(from))) {
      from++;
    }
    for (String scheme : List.of("Bearer ", "bearer ", "Token ", "token ")) {
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
      return closed && close > open ? new Value(open, close, Manner.QUOTED) : null;
    }
    int to = unquotedEnd(from, longest);
    return to > from ? new Value(from, to, manner) : null;
  }

  /** Where a value without quotes ends, less what ends the sentence it stands in. */
  private int unquotedEnd(int from, int longest) {
    int to = from;
    boolean query = inQuery(from);
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
  private boolean inQuery(int from) {
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

  private boolean otherThing(int from, int last, int to) {
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

  private boolean option(int start) {
    int at = start;
    while (at > 0
        && start - at < LONGEST_NAME
        && (Text.word(text.charAt(at - 1)) || text.charAt(at - 1) == '-')) {
      at--;
    }
    return text.startsWith("--", at);
  }

  private boolean tag(int start) {
    int at = start;
    while (at > 0
        && start - at < LONGEST_NAME
        && (Text.word(text.charAt(at - 1)) || "-.:".indexOf(text.charAt(at - 1)) >= 0)) {
      at--;
    }
    return Text.at(text, at - 1) == '<';
  }

  /** How sure it is that this is a password; 0 where it is not. */
  static double likePassword(String value, Manner manner) {
    int length = value.length();
    if (length < 4
        || length > LONGEST_PASSWORD
        || value.indexOf(' ') >= 0
        || value.contains("://")) {
      return 0;
    }
    int lower = 0;
    int upper = 0;
    int digits = 0;
    int signs = 0;
    int soft = 0;
    for (int i = 0; i < length; i++) {
      char c = value.charAt(i);
      if (Text.lower(c)) {
        lower++;
      } else if (Text.upper(c)) {
        upper++;
      } else if (Text.digit(c)) {
        digits++;
      } else if (c == '-' || c == '_' || c == '.' || c == '/' || c == ':' || c == ',') {
        soft++;
      } else if (c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}' || c == '|'
          || c == '<' || c == '>') {
        soft++;
        if (manner != Manner.QUOTED) {
          return 0;
        }
      } else {
        signs++;
      }
    }
    int letters = lower + upper;
    double sure = manner == Manner.SAID ? 0.8 : manner == Manner.COLON ? 0.88 : 0.93;
    if (letters + digits + signs < 4) {
      return 0;
    }
    if (signs > 0 && letters > 0 && length >= 6) {
      return soft > 0 && digits == 0 && signs == 1 && letters > 10 ? 0 : sure;
    }
    if (letters > 0 && digits > 0) {
      return mixed(value, length, lower, upper, soft) ? sure : 0;
    }
    if (letters == length) {
      return length >= 8 && jumbled(value, lower, upper) ? sure - 0.1 : 0;
    }
    boolean figures = digits == length && length >= 6 && length <= 12;
    return figures && manner != Manner.SAID && manner != Manner.COLON ? 0.6 : 0;
  }

  private static boolean mixed(String value, int length, int lower, int upper, int soft) {
    if (length < 6) {
      return false;
    }
    // my-service-2 and v1.2.3-rc1 are names.
    if (soft > 0 && upper == 0) {
      return false;
    }
    if (soft > 1 && value.chars().filter(c -> c == '.' || c == '/').count() > 1) {
      return false;
    }
    return lower + upper > 1 || length >= 8;
  }

  /** Letters in both cases, changing more often than words in camel case do. */
  private static boolean jumbled(String value, int lower, int upper) {
    if (lower < 2 || upper < 2) {
      return false;
    }
    int humps = 1;
    for (int i = 1; i < value.length(); i++) {
      humps += Text.upper(value.charAt(i)) ? 1 : 0;
    }
    return value.length() < 3.4 * humps;
  }

  /** Whether a value has the entropy of a token: characters of one alphabet, no words. */
  static boolean random(String value) {
    int length = value.length();
    if (length < 16 || length > LONGEST_VALUE) {
      return false;
    }
    int digits = 0;
    int letters = 0;
    int upper = 0;
    int soft = 0;
    boolean hex = true;
    for (int i = 0; i < length; i++) {
      char c = value.charAt(i);
      if (!(Text.word(c) || "-./+=~:$@!%".indexOf(c) >= 0)) {
        return false;
      }
      digits += Text.digit(c) ? 1 : 0;
      letters += Text.letter(c) ? 1 : 0;
      upper += Text.upper(c) ? 1 : 0;
      soft += Text.alnum(c) ? 0 : 1;
      hex &= Text.hex(c) || c == '-';
    }
    if (letters == 0 || (digits == 0 && (length < 20 || upper < 3)) || value.contains("://")) {
      return false;
    }
    if (soft * 6 > length || (!hex && words(value))) {
      return false;
    }
    double entropy = Text.entropy(value);
    // A random string of n characters shows at most log2(n) bits: shorter ones are judged by less.
    double least = hex ? 2.9 : Math.min(3.7, Math.log(length) / Math.log(2) * 0.78);
    return entropy >= least;
  }

  /** Whether it is made of words: my-service-account-token-1, config.auth.tokenUrl. */
  private static boolean words(String value) {
    int letters = 0;
    int inWords = 0;
    int run = 0;
    for (int i = 0; i <= value.length(); i++) {
      char c = i < value.length() ? value.charAt(i) : '-';
      boolean goesOn = Text.lower(c) || (Text.upper(c) && run == 0);
      if (Text.letter(c)) {
        letters++;
      }
      if (goesOn) {
        run++;
        continue;
      }
      inWords += run >= 4 ? run : 0;
      run = Text.upper(c) ? 1 : 0;
    }
    return letters > 0 && inWords * 10 >= letters * 7;
  }
}
