package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import java.util.Locale;
import java.util.Set;

/** Addresses of mail. */
final class MailAddresses {
  private static final int LONGEST_LOCAL = 64;
  private static final int LONGEST_DOMAIN = 253;

  /** What follows the full stop of a file name and is no top level domain. */
  private static final Set<String> FILES =
      Set.of(
          ("png jpg jpeg gif svg webp ico css scss html htm json yaml yml xml txt js ts tsx"
                  + " jsx exe dll pdf tgz gz tar jar whl md5 log conf local internal")
              .split(" ", -1));

  private MailAddresses() {}

  /** RFC 5321 in the form that people use: no quotes, no comments. */
  static void atSign(Scan scan, int at) {
    String text = scan.text;
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
    int end = domain(text, at + 1);
    if (end < 0 || authority(text, start, end)) {
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
  private static int domain(String text, int from) {
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
        if (dot >= 0 && topLevel(text, dot + 1, end)) {
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
            && topLevel(text, dot + 1, end)
            && Text.at(text, end) != '@'
            && Text.at(text, end) != '_'
        ? end
        : best;
  }

  private static boolean topLevel(String text, int from, int to) {
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
  private static boolean authority(String text, int start, int end) {
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
}
