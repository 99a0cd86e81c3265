package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import io.llmtrace.policies.detect.sensitive.NumberRules.Rule;

/**
 * Numbers written in groups: cards, national ids, telephones, addresses of version 4, birthdays.
 *
 * <p>A row of groups of digits with one separator between them is read once; whatever can begin and
 * end at its groups is tried, at most {@link #MOST_GROUPS} groups and 19 digits, so that a row
 * costs a bounded number of tries for each group.
 */
final class Numbers {
  private static final int MOST_GROUPS = 24;
  private static final int MOST_DIGITS = 19;

  private final Scan scan;
  private final String text;
  private final Phones phones;

  private final int[] starts = new int[MOST_GROUPS];
  private final int[] ends = new int[MOST_GROUPS];
  private final char[] separators = new char[MOST_GROUPS];
  private int groups;
  private int done;

  Numbers(Scan scan) {
    this.scan = scan;
    this.text = scan.text;
    this.phones = new Phones(scan);
  }

  /** Reads the row that begins with the digits at {@code start}, unless it has been read. */
  void read(int start) {
    if (start < done || Text.spacedLetter(Text.at(text, start - 1))) {
      return;
    }
    collect(start);
    done = ends[groups - 1];
    boolean torn = torn();
    internet();
    for (int i = 0; i < groups; i++) {
      if (i == 0 || breaks(separators[i])) {
        windows(i, torn);
      }
    }
    phones.read(starts, ends, separators, groups, torn);
    attached();
  }

  private void collect(int start) {
    groups = 0;
    int at = start;
    char separator = 0;
    while (groups < MOST_GROUPS) {
      int end = at;
      while (end < text.length() && Text.digit(text.charAt(end))) {
        end++;
      }
      if (groups > 0
          && end < text.length()
          && (Text.spacedLetter(text.charAt(end)) || text.charAt(end) == '_')) {
        return;
      }
      starts[groups] = at;
      ends[groups] = end;
      separators[groups] = separator;
      groups++;
      char c = Text.at(text, end);
      char next = Text.at(text, end + 1);
      if (joins(c) && Text.digit(next)) {
        separator = c == '\u00A0' || c == '\u202F' ? ' ' : c == '\u2011' || c == '\u2013' ? '-' : c;
        at = end + 1;
      } else if (brackets(c, next) && Text.digit(Text.at(text, end + 2))) {
        separator = ')';
        at = end + 2;
      } else {
        return;
      }
    }
  }

  private static boolean joins(char c) {
    return c == ' '
        || c == '-'
        || c == '.'
        || c == '/'
        || c == '\u00A0'
        || c == '\u202F'
        || c == '\u2011'
        || c == '\u2013'
        || c == ')';
  }

  private static boolean brackets(char c, char next) {
    return (c == ')' && (next == ' ' || next == '-')) || ((c == ' ' || c == '-') && next == '(');
  }

  /** Where another number may begin. */
  private static boolean breaks(char separator) {
    return separator == ' ' || separator == '/';
  }

  /** Whether the row is the end or the beginning of something longer, as in a path or a version. */
  private boolean torn() {
    char before = Text.at(text, starts[0] - 1);
    char after = Text.at(text, ends[groups - 1]);
    boolean left =
        before == '_'
            || ((before == '-' || before == '.' || before == '/' || before == '#')
                && Text.word(Text.at(text, starts[0] - 2)));
    boolean right =
        after == '_'
            || ((after == '-' || after == '/') && Text.word(Text.at(text, ends[groups - 1] + 1)));
    return left || right;
  }

  /** Four groups with full stops between them, and no fifth. */
  private void internet() {
    int from = 0;
    while (from < groups) {
      int to = from + 1;
      while (to < groups && separators[to] == '.') {
        to++;
      }
      if (to - from == 4) {
        address(starts[from], ends[to - 1], from);
      }
      from = to;
    }
  }

  private void address(int start, int end, int group) {
    int[] bytes = new int[4];
    for (int i = 0; i < 4; i++) {
      int from = starts[group + i];
      int length = ends[group + i] - from;
      if (length > 3 || (length > 1 && text.charAt(from) == '0')) {
        return;
      }
      bytes[i] = Integer.parseInt(text.substring(from, from + length));
      if (bytes[i] > 255) {
        return;
      }
    }
    char before = Text.at(text, start - 1);
    char beforeThat = Text.at(text, start - 2);
    boolean left = (before == '.' || before == '-') && Text.word(beforeThat);
    boolean right = Text.at(text, end) == '.' && Text.alnum(Text.at(text, end + 1));
    boolean version =
        scan.isNear(Cue.NOT_AN_IP, start, end, 12, 0) && !scan.isNear(Cue.IP, start, end, 12, 0);
    // 7.1.1.2 is a section more often than an address, unless something says that it is one.
    boolean small = bytes[0] < 13 && bytes[1] < 13 && bytes[2] < 13 && bytes[3] < 13;
    boolean section = small && bytes[0] != 10 && !scan.isNear(Cue.IP, start, end, 40, 10);
    if (!left && !right && !version && !section) {
      NetworkAddresses.internet(scan, start, end, NetworkAddresses.range(bytes));
    }
  }

  private void windows(int first, boolean torn) {
    int digits = 0;
    for (int last = first; last < groups; last++) {
      digits += ends[last] - starts[last];
      if (digits > MOST_DIGITS) {
        return;
      }
      if (digits >= 4 && (last == groups - 1 || breaks(separators[last + 1]))) {
        window(first, last, digits, torn);
      }
    }
  }

  private void window(int first, int last, int digits, boolean torn) {
    if (last - first == 2) {
      birthday(first);
    }
    boolean cards = digits >= 12;
    if (digits < 6 || (!cards && NumberRules.of(digits).isEmpty())) {
      return;
    }
    boolean part = partOfMore(first, last);
    String number = null;
    int start = starts[first];
    int end = ends[last];
    if (cards && !part && cardGroups(first, last)) {
      number = digits(first, last);
      card(number, start, end, torn);
    }
    for (Rule rule : NumberRules.of(digits)) {
      if (!written(rule, first, last)) {
        continue;
      }
      int distance = scan.near(rule.cue(), start, end, 60, 25);
      if (distance < 0 && (rule.bare() == 0 || torn || part)) {
        continue;
      }
      number = number == null ? digits(first, last) : number;
      if (!rule.check().test(number)) {
        continue;
      }
      if (Placeholders.number(number)
          || (rule.kind().equals(PiiKinds.US_SSN) && Placeholders.ssn(number))) {
        scan.example(rule.kind(), start, end, Rank.BY_FORM);
      } else {
        scan.found(
            rule.kind(),
            start,
            end,
            distance < 0 ? rule.bare() : rule.named() - distance * 0.0001,
            Rank.BY_FORM);
      }
    }
  }

  /**
   * Whether the row goes on in the same manner, as a longer account number does, or begins with a
   * country and check digits that did not hold.
   */
  private boolean partOfMore(int first, int last) {
    char inside = last > first ? separators[last] : 0;
    int before = starts[0] - 5;
    boolean account =
        first == 0
            && inside == ' '
            && before >= 0
            && text.charAt(starts[0] - 1) == ' '
            && Text.upper(text.charAt(before))
            && Text.upper(text.charAt(before + 1))
            && Text.digits(text, before + 2, before + 4);
    return account
        || (inside != 0
            && ((first > 0 && separators[first] == inside)
                || (last < groups - 1
                    && separators[last + 1] == inside
                    && ends[last + 1] - starts[last + 1] > 3)));
  }

  private boolean written(Rule rule, int first, int last) {
    if (rule.lengths().size() != last - first + 1) {
      return false;
    }
    for (int i = first; i <= last; i++) {
      if (ends[i] - starts[i] != rule.lengths().get(i - first)) {
        return false;
      }
      if (i > first) {
        char wanted = rule.separators().charAt(i - first - 1);
        char is = separators[i];
        boolean fits =
            wanted == is
                || (wanted == '-' && (is == ' ' || is == '.'))
                || (wanted == '_' && (is == ' ' || is == '-'));
        if (!fits) {
          return false;
        }
      }
    }
    return true;
  }

  private String digits(int first, int last) {
    StringBuilder number = new StringBuilder(MOST_DIGITS);
    for (int i = first; i <= last; i++) {
      number.append(text, starts[i], ends[i]);
    }
    return number.toString();
  }

  /** In one piece, in fours, or as American Express and Diners print them. */
  private boolean cardGroups(int first, int last) {
    if (first == last) {
      return true;
    }
    char separator = separators[first + 1];
    for (int i = first + 1; i <= last; i++) {
      if (separators[i] != separator || separator == '/' || separator == ')') {
        return false;
      }
    }
    int second = ends[first + 1] - starts[first + 1];
    boolean fours = true;
    for (int i = first; i < last; i++) {
      fours &= ends[i] - starts[i] == 4;
    }
    int tail = ends[last] - starts[last];
    return (fours && last - first >= 2 && tail <= 4)
        || (last - first == 2 && ends[first] - starts[first] == 4 && second == 6 && tail <= 5);
  }

  private void card(String number, int start, int end, boolean torn) {
    int length = number.length();
    boolean usual = Cards.issued(number) && CheckDigits.luhn(number);
    if (!usual || Placeholders.number(number)) {
      return;
    }
    if (Placeholders.card(number)) {
      scan.example(PiiKinds.CREDIT_CARD, start, end, Rank.BY_FORM);
      return;
    }
    if (scan.isNear(Cue.CARD, start, end, 60, 25)) {
      scan.found(PiiKinds.CREDIT_CARD, start, end, 0.98, Rank.BY_FORM);
    } else if (!torn
        && (length == 15 || length == 16)
        && !Cards.ofMaestro(number)
        && !scan.isNear(Cue.ORDER, start, end, 30, 0)) {
      boolean grouped = end - start > length;
      scan.found(PiiKinds.CREDIT_CARD, start, end, grouped ? 0.9 : 0.8, Rank.BY_FORM);
    }
  }

  /** A date behind a word that says whose birthday it is. */
  private void birthday(int first) {
    int start = starts[first];
    int end = ends[first + 2];
    char separator = separators[first + 1];
    if (separator != separators[first + 2]
        || separator == ')'
        || scan.near(Cue.BIRTH, start, end, 30, 12) < 0) {
      return;
    }
    int a = part(first);
    int b = part(first + 1);
    int c = part(first + 2);
    int length = ends[first] - starts[first];
    boolean iso = length == 4 && CheckDigits.day(b, c);
    boolean others =
        length <= 2
            && (ends[first + 2] - starts[first + 2] == 4
                || ends[first + 2] - starts[first + 2] == 2)
            && (CheckDigits.day(b, a) || CheckDigits.day(a, b));
    int year = iso ? a : c;
    if ((iso || others) && (year < 100 || (year > 1890 && year < 2100))) {
      scan.found(PiiKinds.DATE_OF_BIRTH, start, end, 0.9, Rank.BY_FORM);
    }
  }

  private int part(int group) {
    return ends[group] - starts[group] > 4
        ? -1
        : Integer.parseInt(text.substring(starts[group], ends[group]));
  }

  /** Digits with a letter behind a sign: 131052-308T, 12345678-Z, 12.345.678-K, AB 12 34 56 C. */
  private void attached() {
    int last = groups - 1;
    int end = ends[last];
    int length = end - starts[last];
    char sign = Text.at(text, end);
    if (length == 6 && (sign == '-' || sign == '+') && end + 5 <= text.length()) {
      String value = text.substring(starts[last], end + 5).toUpperCase(java.util.Locale.ROOT);
      if (Text.closes(text, end + 5) && Text.digits(value, 7, 10) && EuropeanIds.fiHetu(value)) {
        scan.found(PiiKinds.FI_HETU, starts[last], end + 5, 0.95, Rank.BY_FORM);
      }
    }
    char letter = Character.toUpperCase(Text.at(text, end + 1));
    if (sign != '-' || !Text.upper(letter) || !Text.closes(text, end + 2)) {
      nino(last);
      return;
    }
    int first = length == 8 ? last : last >= 2 && separators[last] == '.' ? last - 2 : -1;
    if (first < 0) {
      return;
    }
    String number = digits(first, last) + letter;
    if (number.length() == 9 && EuropeanIds.esDni(number)) {
      scan.found(PiiKinds.ES_DNI, starts[first], end + 2, 0.85, Rank.BY_FORM);
    }
    if (letter == 'K' && number.length() <= 9 && AmericanIds.clRut(number)) {
      scan.found(PiiKinds.CL_RUT, starts[first], end + 2, 0.85, Rank.BY_FORM);
    }
  }

  /** The national insurance number in pairs. */
  private void nino(int last) {
    int end = ends[last];
    int start = starts[0] - 3;
    if (groups != 3 || start < 0 || Text.at(text, end) != ' ' || !Text.closes(text, end + 2)) {
      return;
    }
    String value = text.substring(start, Math.min(text.length(), end + 2)).replace(" ", "");
    if (value.length() == 9 && Text.opens(text, start) && EuropeanIds.ukNino(value)) {
      boolean named = scan.isNear(Cue.UK_NINO, start, end, 60, 25);
      scan.found(PiiKinds.UK_NINO, start, end + 2, named ? 0.97 : 0.8, Rank.BY_FORM);
    }
  }
}
