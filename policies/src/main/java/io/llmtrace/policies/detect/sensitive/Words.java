package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;

/**
 * What one word of letters and digits can be: account numbers, national ids, addresses of coins.
 */
final class Words {
  /** ISO 13616 registry: length by country. */
  private static final Map<String, Integer> IBAN_LENGTHS =
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

  private final Scan scan;
  private final String text;

  Words(Scan scan) {
    this.scan = scan;
    this.text = scan.text;
  }

  /** Reads the word at {@code [start, end)}, which holds a digit. */
  void read(int start, int end, Numbers numbers) {
    boolean letters = false;
    for (int i = start; i < end && !letters; i++) {
      letters = !Text.digit(text.charAt(i));
    }
    if (!letters) {
      numbers.read(start);
      return;
    }
    char before = Text.at(text, start - 1);
    if (before == '_' || Text.spacedLetter(before) || Text.at(text, end) == '_') {
      return;
    }
    int length = end - start;
    if (length >= 4 && iban(start)) {
      return;
    }
    if (length >= 7 && length <= 18) {
      id(start, end, length);
    }
    if (length >= 23 && length <= 28 && text.charAt(Math.min(end, text.length() - 1)) == '.') {
      discord(start, end);
    }
    if (length >= 25) {
      coin(start, end, length);
    }
  }

  private boolean iban(int start) {
    if (!Text.letter(text.charAt(start))
        || !Text.letter(text.charAt(start + 1))
        || !Text.digit(text.charAt(start + 2))
        || !Text.digit(text.charAt(start + 3))) {
      return false;
    }
    Integer length = IBAN_LENGTHS.get(text.substring(start, start + 2).toUpperCase(Locale.ROOT));
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
    if (compact.length() < length || !Text.closes(text, at) || !NationalIds.iban(iban)) {
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

  private void id(int start, int end, int length) {
    String word = text.substring(start, end).toUpperCase(Locale.ROOT);
    char next = Text.at(text, end);
    switch (length) {
      case 7 -> hongKong(word, start, end);
      case 8 -> {
        if (NationalIds.iePps(word)) {
          offer(PiiKinds.IE_PPS, Cue.IE_PPS, start, end, 0, 0.9);
        }
      }
      case 9 -> nine(word, start, end);
      case 10 -> ten(word, start, end);
      case 11 -> {
        if ("ABCDEFUVWXY".indexOf(word.charAt(6)) >= 0 && NationalIds.fiHetu(word)) {
          offer(PiiKinds.FI_HETU, Cue.FI_HETU, start, end, 0.85, 0.99);
        } else if (NationalIds.usMbi(word)) {
          offer(PiiKinds.US_MBI, Cue.US_MEDICARE, start, end, 0, 0.9);
        }
      }
      case 12 -> {
        if (NationalIds.deSocialInsurance(word)) {
          offer(PiiKinds.DE_SOCIAL, Cue.DE_SOCIAL, start, end, 0, 0.95);
        }
      }
      case 16 -> {
        if (NationalIds.itCodiceFiscale(word)) {
          offer(PiiKinds.IT_CF, Cue.IT_CF, start, end, 0.95, 0.99);
        }
      }
      case 17 -> vin(word, start, end);
      case 18 -> {
        if (word.charAt(17) == 'X' && NationalIds.cnResidentId(word)) {
          offer(PiiKinds.CN_ID, Cue.CN_ID, start, end, 0.95, 0.99);
        } else if (next != '_' && NationalIds.mxCurp(word)) {
          offer(PiiKinds.MX_CURP, Cue.MX_CURP, start, end, 0.95, 0.99);
        }
      }
      default -> {}
    }
  }

  private void nine(String word, int start, int end) {
    boolean upper = word.equals(text.substring(start, end));
    if (Text.letter(word.charAt(8)) && NationalIds.digits(word, 0, 8)) {
      if (NationalIds.esDni(word)) {
        offer(PiiKinds.ES_DNI, Cue.ES_DNI, start, end, upper ? 0.6 : 0, 0.97);
      }
    } else if ("XYZ".indexOf(word.charAt(0)) >= 0 && Text.letter(word.charAt(8))) {
      if (NationalIds.esNie(word)) {
        offer(PiiKinds.ES_NIE, Cue.ES_DNI, start, end, upper ? 0.7 : 0, 0.97);
      }
    }
    if (NationalIds.ukNino(word)) {
      offer(PiiKinds.UK_NINO, Cue.UK_NINO, start, end, upper ? 0.6 : 0, 0.95);
    }
    if ("STFGM".indexOf(word.charAt(0)) >= 0
        && Text.letter(word.charAt(8))
        && NationalIds.sgNric(word)) {
      offer(PiiKinds.SG_NRIC, Cue.SG_NRIC, start, end, upper ? 0.7 : 0, 0.95);
    }
    if (Text.letter(word.charAt(7)) && NationalIds.iePps(word)) {
      offer(PiiKinds.IE_PPS, Cue.IE_PPS, start, end, 0, 0.9);
    }
    if (NationalIds.usDea(word)) {
      offer(PiiKinds.US_DEA, Cue.US_DEA, start, end, 0, 0.9);
    }
  }

  private void ten(String word, int start, int end) {
    boolean upper = word.equals(text.substring(start, end));
    if (NationalIds.inPan(word)) {
      offer(PiiKinds.IN_PAN, Cue.IN_PAN, start, end, upper ? 0.6 : 0, 0.95);
    }
    if (NationalIds.twId(word)) {
      offer(PiiKinds.TW_ID, Cue.TW_ID, start, end, 0, 0.9);
    }
    if (NationalIds.deIdCard(word)) {
      offer(PiiKinds.DE_ID_CARD, Cue.DE_ID_CARD, start, end, 0, 0.95);
    }
  }

  /** A123456(7): the check character stands in brackets. */
  private void hongKong(String word, int start, int end) {
    if (!Text.upper(word.charAt(0))
        || !NationalIds.digits(word, 1, 7)
        || Text.at(text, end) != '('
        || Text.at(text, end + 2) != ')') {
      return;
    }
    int sum = 36 * 9 + (word.charAt(0) - 'A' + 10) * 8;
    sum += CheckDigits.weighted(word.substring(1), 7, 6, 5, 4, 3, 2);
    if ("0A987654321".charAt(sum % 11) == text.charAt(end + 1)) {
      offer(PiiKinds.HK_ID, Cue.HK_ID, start, end + 3, 0.85, 0.97);
    }
  }

  private void vin(String word, int start, int end) {
    if (word.chars().anyMatch(c -> c == 'I' || c == 'O' || c == 'Q')) {
      return;
    }
    offer(PiiKinds.VIN, Cue.VIN, start, end, 0, NationalIds.vin(word) ? 0.97 : 0.6);
  }

  /** Adds it with one confidence where its word stands near, another (0: not at all) where not. */
  private void offer(SensitiveKind kind, Cue cue, int start, int end, double bare, double named) {
    int distance = scan.near(cue, start, end, 60, 25);
    if (Placeholders.sequence(text.substring(start, end).toLowerCase(Locale.ROOT), 8)) {
      scan.example(kind, start, end, Rank.BY_FORM);
    } else if (distance >= 0) {
      scan.found(kind, start, end, named - distance * 0.0001, Rank.BY_FORM);
    } else if (bare > 0) {
      scan.found(kind, start, end, bare, Rank.BY_FORM);
    }
  }

  private void coin(int start, int end, int length) {
    char first = text.charAt(start);
    String word = text.substring(start, end);
    if (length == 42 && first == '0' && word.charAt(1) == 'x') {
      ethereum(word, start, end);
    } else if (length == 34 && (word.startsWith("SK") || word.startsWith("AC"))) {
      twilio(word, start, end);
    } else if (length <= 35) {
      base58(word, first, start, end);
    } else if (length <= 62 && word.toLowerCase(Locale.ROOT).startsWith("bc1")) {
      segwit(PiiKinds.BTC_ADDRESS, word, start, end);
    } else if (length <= 62 && word.toLowerCase(Locale.ROOT).startsWith("ltc1")) {
      segwit(PiiKinds.LTC_ADDRESS, word, start, end);
    } else if ((length == 51 || length == 52) && "5KL".indexOf(first) >= 0) {
      if (CryptoAddresses.base58Check(word) == 0x80) {
        scan.found(SensitiveKinds.CRYPTO_PRIVATE_KEY, start, end, 0.99, Rank.BY_ISSUER);
      }
    } else if (length == 111
        && word.startsWith("xprv")
        && CryptoAddresses.base58Check(word) == 0x04) {
      scan.found(SensitiveKinds.CRYPTO_PRIVATE_KEY, start, end, 0.99, Rank.BY_ISSUER);
    }
  }

  private void segwit(SensitiveKind kind, String word, int start, int end) {
    if (CryptoAddresses.bech32(word)) {
      scan.found(kind, start, end, 0.98, Rank.BY_FORM);
    }
  }

  private void ethereum(String word, int start, int end) {
    String hex = word.substring(2);
    if (!hex.chars().allMatch(c -> Text.hex((char) c)) || Placeholders.repeats(hex, 8)) {
      return;
    }
    boolean mixed =
        !hex.equals(hex.toLowerCase(Locale.ROOT)) && !hex.equals(hex.toUpperCase(Locale.ROOT));
    boolean named = scan.isNear(Cue.CRYPTO, start, end, 60, 25);
    if (mixed && !CryptoAddresses.eip55(hex)) {
      scan.found(
          new Candidate(
              PiiKinds.ETH_ADDRESS,
              start,
              end,
              named ? 0.5 : 0.4,
              Rank.BY_FORM,
              "checksum differs",
              PiiKinds.ETH_ADDRESS.severity()));
      return;
    }
    scan.found(PiiKinds.ETH_ADDRESS, start, end, mixed ? 0.98 : named ? 0.9 : 0.7, Rank.BY_FORM);
  }

  private void base58(String word, char first, int start, int end) {
    SensitiveKind kind =
        switch (first) {
          case '1', '3' -> PiiKinds.BTC_ADDRESS;
          case 'L', 'M' -> PiiKinds.LTC_ADDRESS;
          case 'T' -> PiiKinds.TRX_ADDRESS;
          default -> null;
        };
    if (kind == null) {
      return;
    }
    int version = CryptoAddresses.base58Check(word);
    boolean right =
        switch (first) {
          case '1' -> version == 0;
          case '3' -> version == 5;
          case 'L' -> version == 48;
          case 'M' -> version == 50;
          default -> version == 65;
        };
    if (right) {
      scan.found(kind, start, end, 0.98, Rank.BY_FORM);
    }
  }

  /** The account's number in base64, a time, a signature; Discord's reference of its API. */
  private void discord(int start, int end) {
    int second = part(end + 1);
    int third = Text.at(text, second) == '.' ? part(second + 1) : second;
    boolean lengths = second - end == 7 && third - second >= 28 && third - second <= 45;
    if (!lengths || !Text.opens(text, start) || !Text.closes(text, third)) {
      return;
    }
    byte[] account;
    try {
      account = Base64.getUrlDecoder().decode(text.substring(start, end));
    } catch (IllegalArgumentException notBase64) {
      return;
    }
    boolean number = account.length >= 17 && account.length <= 20;
    for (byte b : account) {
      number &= b >= '0' && b <= '9';
    }
    if (number) {
      scan.found(SensitiveKinds.get("discord_token"), start, third, 0.97, Rank.BY_ISSUER);
    }
  }

  private int part(int from) {
    int to = from;
    while (to < text.length()
        && to - from < 64
        && (Text.word(text.charAt(to)) || text.charAt(to) == '-')) {
      to++;
    }
    return to;
  }

  private void twilio(String word, int start, int end) {
    String hex = word.substring(2);
    if (hex.chars().allMatch(c -> Text.digit((char) c) || (c >= 'a' && c <= 'f'))
        && !Placeholders.secret(hex)) {
      boolean key = word.charAt(0) == 'S';
      scan.found(
          SensitiveKinds.get(key ? "twilio_key" : "twilio_account"),
          start,
          end,
          0.9,
          Rank.BY_ISSUER);
    }
  }
}
