package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import java.util.Locale;
import java.util.Set;

/**
 * Reads IP version 6 and MAC addresses, and says whom an IP address is for. Belongs to one scan: it
 * remembers how far it has read.
 */
final class NetworkAddresses {
  private static final Set<String> USUAL_PORTS =
      Set.of(
          ("1433 1521 2375 3000 3306 3389 4317 5000 5432 5672 5601 6379 6443 8000 8080 8443"
                  + " 8888 9000 9090 9092 9200")
              .split(" ", -1));

  /** Whom a range of addresses is for. */
  enum Range {
    PUBLIC,
    PRIVATE,
    DOCUMENTATION,
    NOBODY
  }

  private final Scan scan;
  private final String text;
  private int readTo;

  NetworkAddresses(Scan scan) {
    this.scan = scan;
    this.text = scan.text;
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
}
