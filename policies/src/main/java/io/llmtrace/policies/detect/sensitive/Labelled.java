package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * Values that have no check of their own and are told by the label in front: "passport no.
 * X1234567", "MRN: 0048213", "Swift: …". The label, some filling words, then the value.
 */
final class Labelled {
  private static final Set<Cue> LABELS =
      EnumSet.of(
          Cue.PASSPORT,
          Cue.LICENCE,
          Cue.PLATE,
          Cue.MEDICAL_RECORD,
          Cue.HEALTH_INSURANCE,
          Cue.ACCOUNT,
          Cue.BIC,
          Cue.BIRTH,
          Cue.GEO,
          Cue.SEED);

  private static final Set<String> FILLING =
      Set.of(
          ("number no nr num id is was code n numéro numero número nummer numer my the of"
                  + " lautet ist est es mein meine card on nº n° номер 号 番号 swift bic")
              .split(" ", -1));

  private static final Set<String> MONTHS =
      Set.of(
          ("jan feb mar apr may jun jul aug sep oct nov dec mär mai okt dez fév avr aoû déc"
                  + " ene abr ago dic gen mag giu lug set ott mei mrt fev out")
              .split(" ", -1));

  private final Scan scan;
  private final String text;

  Labelled(Scan scan) {
    this.scan = scan;
    this.text = scan.text;
  }

  /** Whether a cue is a label that {@link #read} knows. */
  static boolean reads(Cue cue) {
    return LABELS.contains(cue);
  }

  /** Reads the value behind a label that ends at {@code end}. */
  void read(Cue label, int cueEnd) {
    int end = cueEnd;
    while (end < text.length() && end - cueEnd < 24 && Text.spacedLetter(text.charAt(end))) {
      end++;
    }
    if (label == Cue.SEED) {
      seed(end);
      return;
    }
    int at = value(end);
    if (at < 0) {
      return;
    }
    int to = at;
    while (to < text.length()
        && to - at < 24
        && (Text.alnum(text.charAt(to)) || text.charAt(to) == '-')) {
      to++;
    }
    String value = text.substring(at, to).toUpperCase(Locale.ROOT);
    boolean written = value.equals(text.substring(at, to));
    int digits = (int) value.chars().filter(c -> Text.digit((char) c)).count();
    switch (label) {
      case PASSPORT -> offer(PiiKinds.PASSPORT, at, to, written && passport(value, digits));
      case LICENCE ->
          offer(
              PiiKinds.DRIVERS_LICENCE,
              at,
              to,
              written && value.length() >= 6 && value.length() <= 19 && digits >= 4);
      case MEDICAL_RECORD ->
          offer(
              PiiKinds.MEDICAL_RECORD,
              at,
              to,
              value.length() >= 5 && value.length() <= 16 && digits >= 4);
      case HEALTH_INSURANCE ->
          offer(
              PiiKinds.HEALTH_INSURANCE,
              at,
              to,
              written && value.length() >= 7 && value.length() <= 20 && digits >= 6);
      case ACCOUNT ->
          offer(
              PiiKinds.BANK_ACCOUNT,
              at,
              to,
              value.length() >= 6
                  && value.length() <= 18
                  && digits == value.replace("-", "").length());
      case BIC -> bic(value, written, at, to);
      case PLATE -> plate(at);
      case BIRTH -> birthday(at);
      case GEO -> coordinate(at);
      default -> throw new IllegalArgumentException("no label: " + label);
    }
  }

  private void offer(SensitiveKind kind, int from, int to, boolean fits) {
    if (fits && Text.closes(text, to)) {
      String digits = text.substring(from, to).replaceAll("[^0-9]", "");
      if (digits.length() > 4 && Placeholders.number(digits)) {
        scan.example(kind, from, to, Rank.BY_CONTEXT);
      } else {
        scan.found(kind, from, to, 0.85, Rank.BY_CONTEXT);
      }
    }
  }

  /** Where the value begins: behind signs and filling words; -1 if something else comes first. */
  private int value(int end) {
    int at = end;
    for (int words = 0; words < 5; words++) {
      while (at < text.length()
          && at - end < 40
          && " \t:=#.\"'()-_".indexOf(text.charAt(at)) >= 0) {
        at++;
      }
      int word = at;
      while (word < text.length()
          && word - at < 12
          && (Text.anyLetter(text.charAt(word)) || text.charAt(word) == '°')) {
        word++;
      }
      boolean filling =
          word > at
              && !Text.digit(Text.at(text, word))
              && FILLING.contains(text.substring(at, word).toLowerCase(Locale.ROOT));
      if (!filling) {
        return at < text.length() && at - end <= 40 ? at : -1;
      }
      at = word;
    }
    return -1;
  }

  /** Six to twelve, mostly digits; or nine with some digits, as in Germany. */
  private static boolean passport(String value, int digits) {
    int length = value.length();
    return (length >= 6 && length <= 12 && digits >= 5) || (length == 9 && digits >= 2);
  }

  private void bic(String value, boolean written, int at, int to) {
    boolean form =
        written
            && (value.length() == 8 || value.length() == 11)
            && value.chars().limit(6).allMatch(c -> Text.upper((char) c))
            && Set.of(Locale.getISOCountries()).contains(value.substring(4, 6));
    if (form && value.indexOf('-') < 0) {
      scan.found(PiiKinds.BIC, at, to, 0.9, Rank.BY_CONTEXT);
    }
  }

  private void plate(int at) {
    int to = at;
    int digits = 0;
    int letters = 0;
    while (to < text.length() && to - at < 12) {
      char c = text.charAt(to);
      if (Text.digit(c)) {
        digits++;
      } else if (Text.upper(c) || "ÄÖÜ".indexOf(c) >= 0) {
        letters++;
      } else if (!((c == ' ' || c == '-')
          && (Text.upper(Text.at(text, to + 1)) || Text.digit(Text.at(text, to + 1))))) {
        break;
      }
      to++;
    }
    if (digits >= 1 && letters >= 1 && digits + letters >= 5 && Text.closes(text, to)) {
      scan.found(PiiKinds.LICENCE_PLATE, at, to, 0.8, Rank.BY_CONTEXT);
    }
  }

  /** 12 March 1985, March 12, 1985: what is all digits is read as a number. */
  private void birthday(int at) {
    int to = at;
    int year = -1;
    int day = -1;
    boolean month = false;
    for (int words = 0; words < 5 && to - at < 32; words++) {
      int word = to;
      while (word < text.length()
          && (Text.anyLetter(text.charAt(word)) || Text.digit(text.charAt(word)))) {
        word++;
        if (word - to > 12) {
          return;
        }
      }
      String part = text.substring(to, word).toLowerCase(Locale.ROOT);
      if (part.matches("[0-9]{4}")) {
        year = Integer.parseInt(part);
      } else if (part.matches("[0-9]{1,2}(st|nd|rd|th)?")) {
        day = Integer.parseInt(part.replaceAll("[a-z]", ""));
      } else if (part.length() >= 3 && MONTHS.contains(part.substring(0, 3))) {
        month = true;
      } else if (!part.equals("of") && !part.equals("de")) {
        return;
      }
      to = word;
      if (year > 1890 && year < 2100 && month && day >= 1 && day <= 31) {
        scan.found(PiiKinds.DATE_OF_BIRTH, at, to, 0.9, Rank.BY_FORM);
        return;
      }
      while (to < text.length() && " .,".indexOf(text.charAt(to)) >= 0) {
        to++;
      }
    }
  }

  private void coordinate(int at) {
    int to = Text.at(text, at) == '-' || Text.at(text, at) == '+' ? at + 1 : at;
    int whole = to;
    while (to < text.length() && to - whole < 3 && Text.digit(text.charAt(to))) {
      to++;
    }
    if (to == whole || Text.at(text, to) != '.') {
      return;
    }
    int fraction = to + 1;
    to = fraction;
    while (to < text.length() && to - fraction < 15 && Text.digit(text.charAt(to))) {
      to++;
    }
    if (to - fraction >= 3 && Integer.parseInt(text.substring(whole, fraction - 1)) <= 180) {
      // A minus sign was skipped as filling.
      int from = Text.at(text, at - 1) == '-' ? at - 1 : at;
      scan.found(PiiKinds.GEO_COORDINATES, from, to, 0.85, Rank.BY_CONTEXT);
    }
  }

  /** BIP 39 phrases are 12 to 24 words of three to eight letters, all lower case. */
  private void seed(int end) {
    int at = end;
    while (at < text.length() && at - end < 12 && !Text.lower(text.charAt(at))) {
      at++;
    }
    if (text.startsWith("is ", at) || text.startsWith("is: ", at)) {
      at += text.charAt(at + 2) == ':' ? 4 : 3;
    }
    int to = at;
    int words = 0;
    while (words < 24) {
      int word = to;
      while (word < text.length() && Text.lower(text.charAt(word)) && word - to < 9) {
        word++;
      }
      if (word - to < 3 || word - to > 8) {
        break;
      }
      words++;
      to = word;
      if (Text.at(text, to) != ' ') {
        break;
      }
      to++;
    }
    int last = Text.at(text, to - 1) == ' ' ? to - 1 : to;
    if (words == 12 || words == 15 || words == 18 || words == 21 || words == 24) {
      scan.found(SensitiveKinds.CRYPTO_SEED_PHRASE, at, last, 0.85, Rank.BLOCK);
    }
  }
}
