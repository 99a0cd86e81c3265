package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import java.util.Locale;

/** Addresses and private keys of wallets; {@link CryptoAddresses} knows their checksums. */
final class Wallets {
  private Wallets() {}

  /** Reads the word at {@code [start, end)}, of 25 characters or more. */
  static void read(Scan scan, int start, int end) {
    String text = scan.text;
    int length = end - start;
    char first = text.charAt(start);
    String word = text.substring(start, end);
    if (length == 42 && first == '0' && word.charAt(1) == 'x') {
      ethereum(scan, word, start, end);
    } else if (length <= 35) {
      base58(scan, word, first, start, end);
    } else if (length <= 62 && word.toLowerCase(Locale.ROOT).startsWith("bc1")) {
      segwit(scan, PiiKinds.BTC_ADDRESS, word, start, end);
    } else if (length <= 62 && word.toLowerCase(Locale.ROOT).startsWith("ltc1")) {
      segwit(scan, PiiKinds.LTC_ADDRESS, word, start, end);
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

  private static void segwit(Scan scan, SensitiveKind kind, String word, int start, int end) {
    if (CryptoAddresses.bech32(word)) {
      scan.found(kind, start, end, 0.98, Rank.BY_FORM);
    }
  }

  private static void ethereum(Scan scan, String word, int start, int end) {
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

  private static void base58(Scan scan, String word, char first, int start, int end) {
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
}
