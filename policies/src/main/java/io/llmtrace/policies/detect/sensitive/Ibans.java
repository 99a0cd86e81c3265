package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import java.util.Locale;
import java.util.Map;

/** International bank account numbers of ISO 13616, with blanks in them or without. */
final class Ibans {
  /** The registry of ISO 13616: length by country. */
  private static final Map<String, Integer> LENGTHS =
      Map.ofEntries(
          Map.entry("AD", 24),
          Map.entry("AE", 23),
          Map.entry("AL", 28),
          Map.entry("AT", 20),
          Map.entry("AZ", 28),
          Map.entry("BA", 20),
          Map.entry("BE", 16),
          Map.entry("BG", 22),
          Map.entry("BH", 22),
          Map.entry("BI", 27),
          Map.entry("BR", 29),
          Map.entry("BY", 28),
          Map.entry("CH", 21),
          Map.entry("CR", 22),
          Map.entry("CY", 28),
          Map.entry("CZ", 24),
          Map.entry("DE", 22),
          Map.entry("DJ", 27),
          Map.entry("DK", 18),
          Map.entry("DO", 28),
          Map.entry("EE", 20),
          Map.entry("EG", 29),
          Map.entry("ES", 24),
          Map.entry("FI", 18),
          Map.entry("FK", 18),
          Map.entry("FO", 18),
          Map.entry("FR", 27),
          Map.entry("GB", 22),
          Map.entry("GE", 22),
          Map.entry("GI", 23),
          Map.entry("GL", 18),
          Map.entry("GR", 27),
          Map.entry("GT", 28),
          Map.entry("HN", 28),
          Map.entry("HR", 21),
          Map.entry("HU", 28),
          Map.entry("IE", 22),
          Map.entry("IL", 23),
          Map.entry("IQ", 23),
          Map.entry("IS", 26),
          Map.entry("IT", 27),
          Map.entry("JO", 30),
          Map.entry("KW", 30),
          Map.entry("KZ", 20),
          Map.entry("LB", 28),
          Map.entry("LC", 32),
          Map.entry("LI", 21),
          Map.entry("LT", 20),
          Map.entry("LU", 20),
          Map.entry("LV", 21),
          Map.entry("LY", 25),
          Map.entry("MC", 27),
          Map.entry("MD", 24),
          Map.entry("ME", 22),
          Map.entry("MK", 19),
          Map.entry("MN", 20),
          Map.entry("MR", 27),
          Map.entry("MT", 31),
          Map.entry("MU", 30),
          Map.entry("NI", 28),
          Map.entry("NL", 18),
          Map.entry("NO", 15),
          Map.entry("OM", 23),
          Map.entry("PK", 24),
          Map.entry("PL", 28),
          Map.entry("PS", 29),
          Map.entry("PT", 25),
          Map.entry("QA", 29),
          Map.entry("RO", 24),
          Map.entry("RS", 22),
          Map.entry("RU", 33),
          Map.entry("SA", 24),
          Map.entry("SC", 31),
          Map.entry("SD", 18),
          Map.entry("SE", 24),
          Map.entry("SI", 19),
          Map.entry("SK", 24),
          Map.entry("SM", 27),
          Map.entry("SO", 23),
          Map.entry("ST", 25),
          Map.entry("SV", 28),
          Map.entry("TL", 23),
          Map.entry("TN", 24),
          Map.entry("TR", 26),
          Map.entry("UA", 29),
          Map.entry("VA", 22),
          Map.entry("VG", 24),
          Map.entry("XK", 20),
          Map.entry("YE", 30));

  private Ibans() {}

  /** Reads an account number that begins at {@code start}; whether there is one. */
  static boolean read(Scan scan, int start) {
    String text = scan.text;
    if (!Text.letter(text.charAt(start))
        || !Text.letter(text.charAt(start + 1))
        || !Text.digit(text.charAt(start + 2))
        || !Text.digit(text.charAt(start + 3))) {
      return false;
    }
    Integer length = LENGTHS.get(text.substring(start, start + 2).toUpperCase(Locale.ROOT));
    if (length == null) {
      return false;
    }
    StringBuilder compact = new StringBuilder(length);
    int at = start;
    while (compact.length() < length && at < text.length()) {
      char c = text.charAt(at);
      if (Text.alnum(c)) {
        compact.append(c);
      } else if (!(separates(c) && Text.alnum(Text.at(text, at + 1)))) {
        return false;
      }
      at++;
    }
    String iban = compact.toString().toUpperCase(Locale.ROOT);
    if (compact.length() < length || !Text.closes(text, at) || !checks(iban)) {
      return false;
    }
    if (Placeholders.repeats(iban.substring(4), 10)) {
      scan.example(PiiKinds.IBAN, start, at, Rank.BY_FORM);
    } else {
      boolean named = scan.isNear(Cue.BANK, start, at, 60, 25);
      scan.found(PiiKinds.IBAN, start, at, named ? 0.99 : 0.95, Rank.BY_FORM);
    }
    return true;
  }

  private static boolean separates(char c) {
    return c == ' ' || c == '\u00A0' || c == '-' || c == '\u202F';
  }

  /** The remainder by 97 once the first four characters stand last. */
  private static boolean checks(String iban) {
    return CheckDigits.mod97(iban.substring(4) + iban.substring(0, 4)) == 1;
  }
}
