package io.llmtrace.policies.detect.sensitive;

import com.google.i18n.phonenumbers.NumberParseException;
import com.google.i18n.phonenumbers.PhoneNumberUtil;
import com.google.i18n.phonenumbers.Phonenumber.PhoneNumber;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Telephone numbers. International form speaks for itself; the form of North America nearly does;
 * any other national form needs a word or an e-mail address beside it. libphonenumber is asked
 * about spans that look right, never about the text: its own search is slow.
 */
final class Phones {
  private static final int MOST_DIGITS = 15;

  /** Countries whose national numbers are tried first, because most are written there. */
  private static final List<String> REGIONS =
      List.of(
          "US", "GB", "DE", "FR", "IN", "IT", "ES", "BR", "JP", "CN", "AU", "NL", "PL", "BE", "AT",
          "CH", "SE", "DK", "NO", "FI", "IE", "PT", "MX", "KR", "TR", "CA", "ZA", "SG");

  private final Scan scan;
  private final String text;
  private int[] starts = {};
  private int[] ends = {};
  private char[] separators = {};

  Phones(Scan scan) {
    this.scan = scan;
    this.text = scan.text;
  }

  /**
   * Loads what libphonenumber knows of the usual countries. It does so at first use, which takes
   * some hundred milliseconds: too long for a text that is being inspected.
   */
  static void warmUp() {
    for (String region : REGIONS) {
      PhoneNumber example = phones().getExampleNumber(region);
      if (example != null && !phones().isValidNumber(example)) {
        throw new IllegalStateException("libphonenumber refuses its own example of " + region);
      }
    }
  }

  void read(int[] rowStarts, int[] rowEnds, char[] rowSeparators, int groups, boolean torn) {
    if (!scan.settings.on(PiiKinds.PHONE)) {
      return;
    }
    starts = rowStarts;
    ends = rowEnds;
    separators = rowSeparators;
    char before = Text.at(text, starts[0] - 1);
    int plus =
        before == '+'
            ? starts[0] - 1
            : before == '(' && Text.at(text, starts[0] - 2) == '+' ? starts[0] - 2 : -1;
    if (plus >= 0) {
      international(plus, groups);
      return;
    }
    for (int first = 0; first < groups; first++) {
      if (first == 0 || separators[first] == ' ') {
        int used = northAmerican(first, groups, torn);
        first += Math.max(0, used - 1);
      }
    }
    if (!torn) {
      national(groups);
    }
  }

  private void international(int plus, int groups) {
    char before = Text.at(text, plus - 1);
    if (Text.word(before) || before == ')' || before == '+') {
      return;
    }
    int last = -1;
    int digits = 0;
    for (int i = 0; i < groups && digits + ends[i] - starts[i] <= MOST_DIGITS; i++) {
      digits += ends[i] - starts[i];
      last = i;
    }
    int possible = -1;
    for (int tries = 0; last >= 0 && tries < 6 && digits >= 7; tries++, last--) {
      PhoneNumber number = parse(text.substring(plus, ends[last]), "ZZ");
      if (number != null && phones().isValidNumber(number)) {
        report(plus, ends[last], digits, 0.97);
        return;
      }
      if (number != null && possible < 0 && phones().isPossibleNumber(number)) {
        possible = last;
      }
      digits -= ends[last] - starts[last];
    }
    if (possible >= 0) {
      boolean written = possible > 0 || near(plus, ends[possible]);
      report(plus, ends[possible], 0, written ? 0.8 : 0.55);
    }
  }

  /** 415-555-2671, (415) 555-2671, 1-415-555-2671. Groups used, or 0. */
  private int northAmerican(int first, int groups, boolean torn) {
    int at = first;
    if (ends[at] - starts[at] == 1 && text.charAt(starts[at]) == '1' && groups - at == 4) {
      at++;
    }
    if (groups - at < 3
        || ends[at] - starts[at] != 3
        || ends[at + 1] - starts[at + 1] != 3
        || ends[at + 2] - starts[at + 2] != 4
        || text.charAt(starts[at]) < '2'
        || text.charAt(starts[at + 1]) < '2'
        || (at + 3 < groups && separators[at + 3] != ' ' && separators[at + 3] != '/')) {
      return 0;
    }
    char separator = separators[at + 1];
    boolean bracket = separator == ')' && Text.at(text, starts[at] - 1) == '(';
    int start = bracket ? starts[at] - 1 : starts[first];
    int end = ends[at + 2];
    boolean usual =
        bracket || (separator == separators[at + 2] && (separator == '-' || separator == '.'));
    boolean named = near(start, end);
    if (!named && (!usual || torn || scan.isNear(Cue.ORDER, start, end, 30, 0))) {
      return 0;
    }
    String line = text.substring(starts[at + 2], end);
    if (text.startsWith("555", starts[at + 1]) && line.startsWith("01")) {
      scan.found(
          new Candidate(
              PiiKinds.PHONE, start, end, 0.8, Rank.BY_CONTEXT, "fictitious", Severity.INFO));
    } else {
      scan.found(PiiKinds.PHONE, start, end, named ? 0.95 : 0.75, Rank.BY_CONTEXT);
    }
    return at + 3 - first;
  }

  private void national(int groups) {
    int start = Text.at(text, starts[0] - 1) == '(' ? starts[0] - 1 : starts[0];
    int digits = 0;
    int last = -1;
    for (int i = 0; i < groups && digits + ends[i] - starts[i] <= 14; i++) {
      digits += ends[i] - starts[i];
      last = i;
    }
    if (last < 0 || digits < 7) {
      return;
    }
    boolean zero = text.charAt(starts[0]) == '0';
    boolean named = near(start, ends[last]);
    boolean beside = zero && last > 0 && besideEmail(start, ends[last]);
    boolean decimal = groups == 2 && separators[1] == '.';
    if ((!named && !beside) || decimal || date(groups)) {
      return;
    }
    for (int tries = 0; tries < 3 && last >= 0 && digits >= 7; tries++, last--) {
      String written = text.substring(start, ends[last]);
      if (zero && written.startsWith("00")) {
        PhoneNumber number = parse("+" + written.substring(2), "ZZ");
        if (number != null && phones().isValidNumber(number)) {
          report(start, ends[last], digits, 0.9);
          return;
        }
      }
      if (valid(written)) {
        report(start, ends[last], digits, zero ? 0.9 : 0.8);
        return;
      }
      if (zero && digits >= 10 && digits <= 12 && tries == 0) {
        PhoneNumber number = parse(written, "GB");
        if (number != null && phones().isPossibleNumber(number)) {
          report(start, ends[last], digits, 0.65);
          return;
        }
      }
      if (last > 0 && separators[last] != ' ') {
        return;
      }
      digits -= ends[last] - starts[last];
    }
  }

  private boolean valid(String written) {
    for (String region : REGIONS) {
      if (scan.settings.countries().contains(region)) {
        PhoneNumber number = parse(written, region);
        if (number != null && phones().isValidNumberForRegion(number, region)) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean date(int groups) {
    int first = ends[0] - starts[0];
    int second = groups > 1 ? ends[1] - starts[1] : 0;
    return groups >= 3 && second == 2 && (first == 4 || (first == 2 && ends[2] - starts[2] == 4));
  }

  private boolean near(int start, int end) {
    return scan.isNear(Cue.PHONE, start, end, 40, 15);
  }

  /** An e-mail address just before or after: a line of contact data. */
  private boolean besideEmail(int start, int end) {
    int before = scan.emailEnds.upTo(start) - 1;
    if (before >= 0 && start - scan.emailEnds.get(before) <= 24) {
      return true;
    }
    for (int i = end; i < text.length() && i - end <= 40; i++) {
      char c = text.charAt(i);
      if (c == '@' || c == '\n') {
        return c == '@';
      }
    }
    return false;
  }

  private void report(int from, int to, int digits, double confidence) {
    StringBuilder number = new StringBuilder();
    for (int i = from; i < to; i++) {
      if (Text.digit(text.charAt(i))) {
        number.append(text.charAt(i));
      }
    }
    String national = number.toString();
    if (national.startsWith("55501") && national.length() == 7) {
      scan.found(
          new Candidate(
              PiiKinds.PHONE, from, to, 0.7, Rank.BY_CONTEXT, "fictitious", Severity.INFO));
      return;
    }
    if (digits > 0 && Placeholders.sequence(national, 9)) {
      scan.example(PiiKinds.PHONE, from, to, Rank.BY_CONTEXT);
      return;
    }
    scan.found(PiiKinds.PHONE, from, to, confidence, Rank.BY_CONTEXT);
  }

  private static @Nullable PhoneNumber parse(String written, String region) {
    if (written.length() > 30) {
      return null;
    }
    try {
      return phones().parse(written, region);
    } catch (NumberParseException notANumber) {
      return null;
    }
  }

  private static PhoneNumberUtil phones() {
    return PhoneNumberUtil.getInstance();
  }
}
