package io.llmtrace.policies.redact;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.sensitive.SensitiveDetector;
import java.util.BitSet;
import java.util.Locale;
import java.util.Map;

/**
 * What stands in the place of a value: {@code [EMAIL_1]}. Its characters need no escape in a JSON
 * string, however deep that lies in others.
 */
final class Placeholder {
  /** Numbers have at most six digits. */
  static final int MOST = 999_999;

  private static final int LONGEST_KIND = 64;
  private static final int LONGEST = LONGEST_KIND + 9;

  private Placeholder() {}

  static String of(String kind, int number) {
    return '[' + kind + '_' + number + ']';
  }

  /** What a finding is about, as it is written in a placeholder. */
  static String kind(Finding finding) {
    String name =
        finding.detector().equals(SensitiveDetector.NAME) ? finding.rule() : finding.type().label();
    String kind = name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9_]", "_");
    return kind.substring(0, Math.min(LONGEST_KIND, kind.length()));
  }

  /** The character after the placeholder that begins at {@code at}; 0 where there is none. */
  static int end(String text, int at) {
    int most = Math.min(text.length(), at + LONGEST);
    for (int i = at + 1; i < most; i++) {
      char c = text.charAt(i);
      if (c == ']') {
        return digits(text, at, i) > 0 ? i + 1 : 0;
      }
      if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) {
        return 0;
      }
    }
    return 0;
  }

  /** Where the number begins in a placeholder that ends at {@code close}; 0 for none. */
  private static int digits(String text, int at, int close) {
    int underscore = text.lastIndexOf('_', close);
    int count = close - underscore - 1;
    if (underscore <= at + 1 || count < 1 || count > 6 || text.charAt(underscore + 1) == '0') {
      return 0;
    }
    for (int i = underscore + 1; i < close; i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return 0;
      }
    }
    return underscore + 1;
  }

  /**
   * Marks the numbers that a text uses already, for the kinds that are asked about; also those that
   * are spelled with escapes in a JSON text.
   */
  static void mark(String text, Map<String, BitSet> used) {
    mark(text, used, Layer.MOST_LEVELS);
  }

  private static void mark(String text, Map<String, BitSet> used, int levels) {
    int at = text.indexOf('[');
    while (at >= 0) {
      int end = end(text, at);
      if (end > 0) {
        int number = digits(text, at, end - 1);
        BitSet ofKind = used.get(text.substring(at + 1, number - 1));
        if (ofKind != null) {
          ofKind.set(Integer.parseInt(text, number, end - 1, 10));
        }
      }
      at = text.indexOf('[', at + 1);
    }
    if (levels == 0 || text.indexOf('\\') < 0 || !JsonScan.isDocument(text)) {
      return;
    }
    JsonScan scan = new JsonScan(text);
    for (JsonScan.Token token = scan.next(); token != JsonScan.Token.END; token = scan.next()) {
      if (token == JsonScan.Token.STRING || token == JsonScan.Token.NAME) {
        String content = text.substring(scan.from(), scan.to());
        if (content.indexOf('\\') >= 0) {
          mark(Escapes.undo(content), used, levels - 1);
        }
      }
    }
  }
}
