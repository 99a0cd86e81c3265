package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.sensitive.Candidate.Rank;

/** Passwords and keys that stand beside the name of a user: in URLs, and in a command of curl. */
final class UserInfo {
  private static final int LONGEST_AUTHORITY = 400;

  private UserInfo() {}

  /** User information of RFC 3986: {@code scheme://user:password@host}. */
  static void url(Scan scan, int at) {
    String text = scan.text;
    int scheme = at;
    while (scheme > 0
        && at - scheme < 24
        && (Text.alnum(text.charAt(scheme - 1)) || "+.-".indexOf(text.charAt(scheme - 1)) >= 0)) {
      scheme--;
    }
    int from = at + 3;
    int sign = -1;
    int end = from;
    while (end < text.length() && end - from < LONGEST_AUTHORITY) {
      char c = text.charAt(end);
      if (c <= ' '
          || c == '/'
          || c == '"'
          || c == '\''
          || c == '<'
          || c == '>'
          || c == '`'
          || c == '\\'
          || c == '|'
          || c > 0x2000) {
        break;
      }
      sign = c == '@' ? end : sign;
      end++;
    }
    if (sign < 0 || scheme == at || end - sign < 2) {
      return;
    }
    int colon = from + text.substring(from, sign).indexOf(':');
    if (sentry(scan, scheme, from, sign, end) || colon < from || sign - colon < 2) {
      return;
    }
    if (text.substring(from, colon).equals(text.substring(colon + 1, sign))) {
      // postgres:postgres is what images come with.
      scan.example(SensitiveKinds.PASSWORD, colon + 1, sign, Rank.BY_CONTEXT);
    } else {
      secret(scan, colon + 1, sign, 0.95);
    }
  }

  private static void secret(Scan scan, int from, int to, double confidence) {
    if (to - from < 3) {
      return;
    }
    String password = scan.text.substring(from, to);
    if (Placeholders.secret(password)) {
      scan.example(SensitiveKinds.PASSWORD, from, to, Rank.BY_CONTEXT);
    } else {
      scan.found(SensitiveKinds.PASSWORD, from, to, confidence, Rank.BY_CONTEXT);
    }
  }

  /** A DSN: the key of a project where the user stands. */
  private static boolean sentry(Scan scan, int scheme, int from, int sign, int end) {
    String text = scan.text;
    String user = text.substring(from, sign);
    String host = text.substring(sign + 1, end);
    int colon = user.indexOf(':');
    String key = colon < 0 ? user : user.substring(0, colon);
    if (!host.endsWith("sentry.io")
        || key.length() != 32
        || !key.chars().allMatch(c -> Text.hex((char) c))) {
      return false;
    }
    int last = end;
    while (last < text.length()
        && last - end < 24
        && (text.charAt(last) == '/' || Text.digit(text.charAt(last)))) {
      last++;
    }
    if (Placeholders.secret(key)) {
      scan.example(SensitiveKinds.get("sentry_dsn"), scheme, last, Rank.BLOCK);
    } else {
      scan.found(SensitiveKinds.get("sentry_dsn"), scheme, last, 0.97, Rank.BLOCK);
    }
    return true;
  }

  /** {@code curl -u user:password}. */
  static void curlUser(Scan scan, int at) {
    String text = scan.text;
    int from = Math.max(0, at - 160);
    if (!text.substring(from, at).contains("curl ")) {
      return;
    }
    char quote = Text.at(text, at);
    boolean quoted = quote == '"' || quote == '\'';
    int start = quoted ? at + 1 : at;
    int end = start;
    int colon = -1;
    while (end < text.length() && end - start < 160) {
      char c = text.charAt(end);
      if (quoted ? c == quote : c <= ' ') {
        break;
      }
      colon = c == ':' && colon < 0 ? end : colon;
      end++;
    }
    if (colon > 0) {
      secret(scan, colon + 1, end, 0.9);
    }
  }
}
