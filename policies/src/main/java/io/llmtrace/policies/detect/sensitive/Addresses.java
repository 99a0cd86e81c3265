package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import java.util.Locale;
import java.util.Set;

/** Addresses: of mail, of the network, and passwords inside addresses of services. */
final class Addresses {
  private static final int LONGEST_LOCAL = 64;
  private static final int LONGEST_DOMAIN = 253;
  private static final int LONGEST_AUTHORITY = 400;

  /** What follows the full stop of a file name and is no top level domain. */
  private static final Set<String> FILES =
      Set.of(
          ("png jpg jpeg gif svg webp ico css scss html htm json yaml yml xml txt js ts tsx"
                  + " jsx exe dll pdf tgz gz tar jar whl md5 log conf local internal")
              .split(" ", -1));

  private static final Set<String> USUAL_PORTS =
      Set.of(
          ("1433 1521 2375 3000 3306 3389 4317 5000 5432 5672 5601 6379 6443 8000 8080 8443"
                  + " 8888 9000 9090 9092 9200")
              .split(" ", -1));

  /** What a range of addresses is for; empty for the public ones. */
  enum Range {
    PUBLIC,
    PRIVATE,
    DOCUMENTATION,
    NOBODY
  }

  private final Scan scan;
  private final String text;
  private int readTo;

  Addresses(Scan scan) {
    this.scan = scan;
    this.text = scan.text;
  }

  /** RFC 5321 in the form that people use: no quotes, no comments. */
  void atSign(int at) {
    int start = at;
    while (start > 0 && at - start < LONGEST_LOCAL && local(text.charAt(start - 1))) {
      start--;
    }
    while (start < at && !inside(text.charAt(start))) {
      start++;
    }
    if (start == at || text.charAt(at - 1) == '.' || text.charAt(at - 1) == '-') {
      return;
    }
    if (Text.at(text, start - 1) == '\\') {
      // The n of an escaped line end in front of an address is no part of it.
      start += "nrt".indexOf(text.charAt(start)) >= 0 ? 1 : 0;
    }
    if (start == at) {
      return;
    }
    int end = domain(at + 1);
    if (end < 0 || authority(start, end)) {
      return;
    }
    String domain = text.substring(at + 1, end);
    scan.emailEnds.add(end);
    if (Placeholders.domain(domain)) {
      scan.found(
          new Candidate(PiiKinds.EMAIL, start, end, 0.9, Rank.BY_FORM, "example", Severity.INFO));
    } else {
      scan.found(PiiKinds.EMAIL, start, end, 0.97, Rank.BY_FORM);
    }
  }

  private static boolean local(char c) {
    return Text.word(c)
        || c == '.'
        || c == '%'
        || c == '+'
        || c == '-'
        || c == '\''
        || (c > 127 && Character.isLetterOrDigit(c) && !Character.isIdeographic(c));
  }

  private static boolean inside(char c) {
    return Text.word(c) || (c > 127 && Character.isLetterOrDigit(c));
  }

  /** End of a domain with a top level of letters; -1 if there is none. */
  private int domain(int from) {
    int end = from;
    int dot = -1;
    int label = from;
    int best = -1;
    while (end < text.length() && end - from <= LONGEST_DOMAIN) {
      char c = text.charAt(end);
      if (c == '.') {
        if (end == label || text.charAt(end - 1) == '-') {
          break;
        }
        if (dot >= 0 && topLevel(dot + 1, end)) {
          best = end;
        }
        dot = end;
        label = end + 1;
      } else if (!(Text.alnum(c)
          || (c == '-' && end > label)
          || (c > 127 && Character.isLetterOrDigit(c)))) {
        break;
      }
      end++;
    }
    int last = end > label && text.charAt(end - 1) == '-' ? end - 1 : end;
    return dot >= 0
            && last == end
            && topLevel(dot + 1, end)
            && Text.at(text, end) != '@'
            && Text.at(text, end) != '_'
        ? end
        : best;
  }

  private boolean topLevel(int from, int to) {
    if (to - from < 2 || to - from > 24) {
      return false;
    }
    for (int i = from; i < to; i++) {
      if (!Text.anyLetter(text.charAt(i))) {
        return text.startsWith("xn--", from);
      }
    }
    return !FILES.contains(text.substring(from, to).toLowerCase(Locale.ROOT));
  }

  /** Whether it is user and host of a URL, or of a secure shell. */
  private boolean authority(int start, int end) {
    int from = Math.max(2, start - 80);
    for (int i = start - 1; i >= from; i--) {
      char c = text.charAt(i);
      if (c == '/' && text.charAt(i - 1) == '/' && Text.at(text, i - 2) == ':') {
        return true;
      }
      if (c <= ' ' || c == '/' || c == '<' || c == '"' || c == '?' || c == '&') {
        break;
      }
    }
    return text.startsWith("git@", start) && Text.at(text, end) == ':';
  }

  /** Version 6, and MAC addresses. */
  void colon(int at) {
    if (at < readTo) {
      return;
    }
    int start = at;
    while (start > 0 && at - start < 52 && part(text.charAt(start - 1))) {
      start--;
    }
    int end = at;
    while (end < text.length() && part(text.charAt(end))) {
      end++;
    }
    readTo = end;
    while (end > at && text.charAt(end - 1) == '.') {
      end--;
    }
    if (end - start > 1 && text.charAt(end - 1) == ':' && text.charAt(end - 2) != ':') {
      end--;
    }
    int length = end - start;
    if (length < 3 || length > 51 || !outside(start - 1) || !outside(end)) {
      return;
    }
    end = withoutPort(start, end);
    String value = text.substring(start, end);
    if (length == 17 && mac(value)) {
      scan.found(PiiKinds.MAC_ADDRESS, start, end, 0.9, Rank.BY_FORM);
      return;
    }
    int groups = groups(value);
    if (groups > 0) {
      internet(scan, start, end, range(value.toLowerCase(Locale.ROOT), groups));
    }
  }

  /**
   * Where the address ends if a port was written behind it without brackets, which RFC 5952 warns
   * of: five digits, a usual port, or a fifth group behind the four of a link-local interface.
   */
  private int withoutPort(int start, int end) {
    String value = text.substring(start, end);
    int colon = value.lastIndexOf(':');
    int cut = value.indexOf("::");
    String port = value.substring(colon + 1);
    if (cut < 0 || cut >= colon - 1 || !Text.digits(port, 0, port.length())) {
      return end;
    }
    long groupsBehind = 1 + value.substring(cut + 2).chars().filter(c -> c == ':').count();
    boolean linkLocal = groupsBehind == 5 && value.regionMatches(true, 0, "fe80::", 0, 6);
    return linkLocal || port.length() == 5 || USUAL_PORTS.contains(port) ? start + colon : end;
  }

  private static boolean part(char c) {
    return Text.hex(c) || c == ':' || c == '.';
  }

  private boolean outside(int index) {
    char c = Text.at(text, index);
    return !Text.word(c) && !Text.anyLetter(c) && c != ':';
  }

  private static boolean mac(String value) {
    for (int i = 0; i < 17; i++) {
      if (i % 3 == 2 ? value.charAt(i) != ':' : !Text.hex(value.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  /** Number of groups that are written of an address of RFC 4291; 0 if it is none. */
  private static int groups(String value) {
    boolean cut = false;
    boolean figure = false;
    int groups = 0;
    int length = 0;
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '.') {
        return 0;
      }
      if (c != ':') {
        figure |= Text.digit(c);
        length++;
        if (length > 4) {
          return 0;
        }
        groups += length == 1 ? 1 : 0;
        continue;
      }
      length = 0;
      if (i + 1 < value.length() && value.charAt(i + 1) == ':') {
        if (cut || (i + 2 < value.length() && value.charAt(i + 2) == ':')) {
          return 0;
        }
        cut = true;
        i++;
      } else if (i == 0 || i == value.length() - 1) {
        return 0;
      }
    }
    boolean whole = cut ? groups >= 1 && groups <= 7 : groups == 8;
    return whole && (figure || groups > 2) ? groups : 0;
  }

  /** RFC 1918, 3927, 6598 (private); 5737 (documentation); 1122 and masks (nobody's). */
  static Range range(int[] b) {
    boolean documentation =
        (b[0] == 192 && b[1] == 0 && b[2] == 2)
            || (b[0] == 198 && b[1] == 51 && b[2] == 100)
            || (b[0] == 203 && b[1] == 0 && b[2] == 113);
    boolean inside =
        b[0] == 10
            || (b[0] == 172 && b[1] >= 16 && b[1] <= 31)
            || (b[0] == 192 && b[1] == 168)
            || (b[0] == 169 && b[1] == 254)
            || (b[0] == 100 && b[1] >= 64 && b[1] <= 127);
    boolean nobody = b[0] == 0 || b[0] == 127 || b[0] >= 224;
    return documentation
        ? Range.DOCUMENTATION
        : inside ? Range.PRIVATE : nobody ? Range.NOBODY : Range.PUBLIC;
  }

  /** RFC 4193 and 4291 (private), 3849 and 9637 (documentation), loopback (nobody's). */
  private static Range range(String value, int groups) {
    if (value.startsWith("2001:db8:")
        || value.startsWith("2001:0db8:")
        || value.startsWith("3fff:")) {
      return Range.DOCUMENTATION;
    }
    if (value.startsWith("fe80:") || value.startsWith("fc") || value.startsWith("fd")) {
      return Range.PRIVATE;
    }
    return (groups == 1 && value.startsWith("::")) || value.startsWith("ff")
        ? Range.NOBODY
        : Range.PUBLIC;
  }

  static void internet(Scan scan, int start, int end, Range range) {
    SensitiveKind kind = PiiKinds.IP_ADDRESS;
    if (range == Range.NOBODY) {
      scan.example(kind, start, end, Rank.BY_FORM);
    } else if (range == Range.PUBLIC) {
      scan.found(kind, start, end, 0.95, Rank.BY_FORM);
    } else {
      String note = range == Range.PRIVATE ? "private range" : "documentation range";
      scan.found(new Candidate(kind, start, end, 0.9, Rank.BY_FORM, note, Severity.INFO));
    }
  }

  /** User information of RFC 3986: {@code scheme://user:password@host}. */
  void url(int at) {
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
    if (sentry(scheme, from, sign, end) || colon < from || sign - colon < 2) {
      return;
    }
    if (text.substring(from, colon).equals(text.substring(colon + 1, sign))) {
      // postgres:postgres is what images come with.
      scan.example(SensitiveKinds.PASSWORD, colon + 1, sign, Rank.BY_CONTEXT);
    } else {
      secret(colon + 1, sign, 0.95);
    }
  }

  private void secret(int from, int to, double confidence) {
    if (to - from < 3) {
      return;
    }
    String password = text.substring(from, to);
    if (Placeholders.secret(password)) {
      scan.example(SensitiveKinds.PASSWORD, from, to, Rank.BY_CONTEXT);
    } else {
      scan.found(SensitiveKinds.PASSWORD, from, to, confidence, Rank.BY_CONTEXT);
    }
  }

  /** A DSN: the key of a project where the user stands. */
  private boolean sentry(int scheme, int from, int sign, int end) {
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
  void curlUser(int at) {
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
      secret(colon + 1, end, 0.9);
    }
  }
}
