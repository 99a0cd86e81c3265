package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import java.util.Base64;
import java.util.Locale;

/**
 * What one word of letters and digits can be: a national id that holds letters, an account number,
 * a wallet, or a token that is more than its form.
 */
final class Words {
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
    if (length >= 4 && Ibans.read(scan, start)) {
      return;
    }
    if (length >= 7 && length <= 18) {
      id(start, end, length);
    }
    if (length >= 23 && length <= 28 && text.charAt(Math.min(end, text.length() - 1)) == '.') {
      discord(start, end);
    }
    if (length == 34 && (text.startsWith("SK", start) || text.startsWith("AC", start))) {
      twilio(start, end);
    } else if (length >= 25) {
      Wallets.read(scan, start, end);
    }
  }

  private void id(int start, int end, int length) {
    String word = text.substring(start, end).toUpperCase(Locale.ROOT);
    char next = Text.at(text, end);
    switch (length) {
      case 7 -> hongKong(word, start, end);
      case 8 -> {
        if (EuropeanIds.iePps(word)) {
          offer(PiiKinds.IE_PPS, Cue.IE_PPS, start, end, 0, 0.9);
        }
      }
      case 9 -> nine(word, start, end);
      case 10 -> ten(word, start, end);
      case 11 -> {
        if ("ABCDEFUVWXY".indexOf(word.charAt(6)) >= 0 && EuropeanIds.fiHetu(word)) {
          offer(PiiKinds.FI_HETU, Cue.FI_HETU, start, end, 0.85, 0.99);
        } else if (AmericanIds.usMbi(word)) {
          offer(PiiKinds.US_MBI, Cue.US_MEDICARE, start, end, 0, 0.9);
        }
      }
      case 12 -> {
        if (EuropeanIds.deSocialInsurance(word)) {
          offer(PiiKinds.DE_SOCIAL, Cue.DE_SOCIAL, start, end, 0, 0.95);
        }
      }
      case 16 -> {
        if (EuropeanIds.itCodiceFiscale(word)) {
          offer(PiiKinds.IT_CF, Cue.IT_CF, start, end, 0.95, 0.99);
        }
      }
      case 17 -> vin(word, start, end);
      case 18 -> {
        if (word.charAt(17) == 'X' && AsiaAfricaPacificIds.cnResidentId(word)) {
          offer(PiiKinds.CN_ID, Cue.CN_ID, start, end, 0.95, 0.99);
        } else if (next != '_' && AmericanIds.mxCurp(word)) {
          offer(PiiKinds.MX_CURP, Cue.MX_CURP, start, end, 0.95, 0.99);
        }
      }
      default -> {}
    }
  }

  private void nine(String word, int start, int end) {
    boolean upper = word.equals(text.substring(start, end));
    if (Text.letter(word.charAt(8)) && Text.digits(word, 0, 8)) {
      if (EuropeanIds.esDni(word)) {
        offer(PiiKinds.ES_DNI, Cue.ES_DNI, start, end, upper ? 0.6 : 0, 0.97);
      }
    } else if ("XYZ".indexOf(word.charAt(0)) >= 0 && Text.letter(word.charAt(8))) {
      if (EuropeanIds.esNie(word)) {
        offer(PiiKinds.ES_NIE, Cue.ES_DNI, start, end, upper ? 0.7 : 0, 0.97);
      }
    }
    if (EuropeanIds.ukNino(word)) {
      offer(PiiKinds.UK_NINO, Cue.UK_NINO, start, end, upper ? 0.6 : 0, 0.95);
    }
    if ("STFGM".indexOf(word.charAt(0)) >= 0
        && Text.letter(word.charAt(8))
        && AsiaAfricaPacificIds.sgNric(word)) {
      offer(PiiKinds.SG_NRIC, Cue.SG_NRIC, start, end, upper ? 0.7 : 0, 0.95);
    }
    if (Text.letter(word.charAt(7)) && EuropeanIds.iePps(word)) {
      offer(PiiKinds.IE_PPS, Cue.IE_PPS, start, end, 0, 0.9);
    }
    if (AmericanIds.usDea(word)) {
      offer(PiiKinds.US_DEA, Cue.US_DEA, start, end, 0, 0.9);
    }
  }

  private void ten(String word, int start, int end) {
    boolean upper = word.equals(text.substring(start, end));
    if (AsiaAfricaPacificIds.inPan(word)) {
      offer(PiiKinds.IN_PAN, Cue.IN_PAN, start, end, upper ? 0.6 : 0, 0.95);
    }
    if (AsiaAfricaPacificIds.twId(word)) {
      offer(PiiKinds.TW_ID, Cue.TW_ID, start, end, 0, 0.9);
    }
    if (EuropeanIds.deIdCard(word)) {
      offer(PiiKinds.DE_ID_CARD, Cue.DE_ID_CARD, start, end, 0, 0.95);
    }
  }

  /** A123456(7): the check character stands in brackets. */
  private void hongKong(String word, int start, int end) {
    if (!Text.upper(word.charAt(0))
        || !Text.digits(word, 1, 7)
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
    offer(PiiKinds.VIN, Cue.VIN, start, end, 0, AmericanIds.vin(word) ? 0.97 : 0.6);
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

  private void twilio(int start, int end) {
    String hex = text.substring(start + 2, end);
    if (hex.chars().allMatch(c -> Text.digit((char) c) || (c >= 'a' && c <= 'f'))
        && !Placeholders.secret(hex)) {
      boolean key = text.charAt(start) == 'S';
      scan.found(
          SensitiveKinds.get(key ? "twilio_key" : "twilio_account"),
          start,
          end,
          0.9,
          Rank.BY_ISSUER);
    }
  }
}
