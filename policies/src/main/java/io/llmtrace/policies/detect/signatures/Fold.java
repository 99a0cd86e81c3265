package io.llmtrace.policies.detect.signatures;

import io.llmtrace.policies.detect.parse.Letters;
import java.util.Arrays;

/**
 * What prefilters see of a character: one of 127 symbols, in which upper and lower case are the
 * same. Stateless.
 *
 * <p>A small alphabet makes the automaton's rows short, and one byte a character frees Hyperscan of
 * UTF-8 and of its own idea of case. Symbols only ever say less than characters do: what is equal
 * for RE2 under {@code (?i)} has one symbol, so that a prefilter on symbols may name too much but
 * never too little. {@code FoldTest} shows it for every cased character.
 */
final class Fold {
  /** Symbols are {@code 1} to {@code SYMBOLS - 1}, so that a text of them is ASCII. */
  static final int SYMBOLS = 128;

  /** ASCII characters stand for themselves, except for what frees room for all others. */
  private static final int ASCII = 128;

  /** Control characters and upper-case letters are not used by ASCII text that is folded. */
  static final byte[] OTHERS = others();

  private static final byte[] TABLE = table();

  private Fold() {}

  /** The symbol of a character, between 1 and 127. */
  static byte symbol(char c) {
    return TABLE[c];
  }

  /** The text's symbols as a string of ASCII characters. */
  static String symbols(String text, int from, int to) {
    byte[] symbols = new byte[to - from];
    for (int i = from; i < to; i++) {
      symbols[i - from] = TABLE[text.charAt(i)];
    }
    return new String(symbols, java.nio.charset.StandardCharsets.ISO_8859_1);
  }

  /** One character for all that differ in case only. */
  static char fold(char c) {
    return Letters.fold(c);
  }

  private static byte[] others() {
    byte[] others = new byte[ASCII];
    int count = 0;
    for (int c = 1; c < ASCII; c++) {
      if ((c >= 'A' && c <= 'Z') || (c < ' ' && c != '\n')) {
        others[count++] = (byte) c;
      }
    }
    return Arrays.copyOf(others, count);
  }

  private static byte[] table() {
    byte[] table = new byte[Character.MAX_VALUE + 1];
    for (int i = 0; i < table.length; i++) {
      char folded = fold((char) i);
      if (folded == '\n' || (folded >= ' ' && folded < ASCII)) {
        table[i] = (byte) folded;
      } else if (folded < ASCII) {
        // Control characters are rare, and a tab is a space to whoever reads.
        table[i] = ' ';
      } else {
        // Neighbours in an alphabet get different symbols; the multiplier spreads CJK too.
        table[i] = OTHERS[((folded * 0x9E3779B1) >>> 8) % OTHERS.length];
      }
    }
    return table;
  }
}
