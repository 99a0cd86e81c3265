package io.llmtrace.policies.detect.output;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.parse.Words;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/** What a part of an address says, once decoded. */
final class Payload {
  private static final int LONGEST = 64 * 1024;

  private Payload() {}

  /**
   * A reading of a part.
   *
   * @param encoded whether something had to be decoded: people do not write that
   */
  record Text(String text, boolean encoded) {}

  /** The part as it is, and what it decodes to where that is text. */
  static List<Text> readings(String part) {
    List<Text> readings = new ArrayList<>();
    if (part.length() > LONGEST) {
      return readings;
    }
    readings.add(new Text(part, false));
    // A JSON web token is base64 of JSON: every login has one.
    if (part.length() >= 16 && !isToken(part)) {
      addText(base64(part), readings);
      addText(hex(part), readings);
    }
    return readings;
  }

  static boolean isToken(String part) {
    return part.startsWith("eyJ") && part.indexOf('.') > 0;
  }

  private static void addText(byte[] bytes, List<Text> readings) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    if (isWriting(text)) {
      readings.add(new Text(text, true));
    }
  }

  /** Whether bytes were written by somebody: letters, hardly anything that is none. */
  private static boolean isWriting(String text) {
    if (text.length() < 8) {
      return false;
    }
    int strange = 0;
    int letters = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      strange += c == '\uFFFD' || (c < 0x20 && !Character.isWhitespace(c)) ? 1 : 0;
      letters += Character.isLetter(c) || c == ' ' ? 1 : 0;
    }
    return strange == 0 && letters * 2 >= text.length();
  }

  private static byte[] base64(String part) {
    StringBuilder plain = new StringBuilder(part.length());
    for (int i = 0; i < part.length(); i++) {
      char c = part.charAt(i);
      if (c == '=') {
        continue;
      }
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!letter && c != '+' && c != '/' && c != '-' && c != '_' && c != ' ') {
        return new byte[0];
      }
      plain.append(c == '-' || c == ' ' ? '+' : c == '_' ? '/' : c);
    }
    int length = plain.length() % 4 == 1 ? plain.length() - 1 : plain.length();
    return Base64.getDecoder().decode(plain.substring(0, length));
  }

  private static byte[] hex(String part) {
    boolean hex =
        part.length() % 2 == 0
            && part.chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 0x80);
    return hex ? HexFormat.of().parseHex(part) : new byte[0];
  }

  /** Sequences of words that a text shares with a print, and that the other print has not. */
  static int shared(String text, TextPrint with, TextPrint without, InspectionBudget budget) {
    Words words = Words.of(text, 4096, budget);
    int shared = 0;
    for (int i = 0; i + AnswerContext.OVERLAP <= words.size(); i++) {
      long shingle = words.shingle(i, AnswerContext.OVERLAP);
      shared += with.contains(shingle) && !without.contains(shingle) ? 1 : 0;
    }
    return shared;
  }

  static int words(String text, InspectionBudget budget) {
    return Words.of(text, 4096, budget).size();
  }

  /** Whether a label is as long and as mixed as data is: words and numbers in names are neither. */
  static boolean isDataLabel(String label) {
    if (label.length() < 28) {
      return false;
    }
    int digits = 0;
    int dashes = 0;
    int longestWord = 0;
    int word = 0;
    for (int i = 0; i < label.length(); i++) {
      char c = label.charAt(i);
      digits += Character.isDigit(c) ? 1 : 0;
      dashes += c == '-' ? 1 : 0;
      word = Character.isLetter(c) ? word + 1 : 0;
      longestWord = Math.max(longestWord, word);
    }
    // Base32 has one digit in five, hex more than one in two; generated names have dashes.
    return dashes * 12 <= label.length() && (digits * 8 >= label.length() || longestWord >= 28);
  }
}
