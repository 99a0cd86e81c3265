package io.llmtrace.policies.detect.sensitive;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The form of a token: literals, and runs of characters of a class with their least and greatest
 * length, for example {@code ghp_{a36}}. Thread-safe.
 *
 * <p>Runs are greedy and nothing is ever tried twice, so that a match costs at most the length of
 * the form. That is enough because no literal begins with a character of the run before it.
 *
 * <p>Classes: {@code d} digits, {@code h} lower hex, {@code H} hex, {@code a} letters and digits,
 * {@code l} lower and digits, {@code u} upper and digits, {@code t} base32, {@code p} lower base32,
 * {@code b} base64, {@code w} base64url, {@code x} base64url and {@code .~}, {@code e} base64 of
 * both alphabets, {@code =} padding, {@code c} the alphabet of crypt(3), {@code q} percent-encoded
 * text.
 */
final class Shape {
  /**
   * Where a form was found.
   *
   * @param variable where what only the holder knows begins: after a prefix, else the start
   */
  record Match(int start, int end, int variable) {}

  /** A literal, or a run of characters of a class. */
  private static final class Part {
    private final String literal;
    private final boolean @Nullable [] set;
    private final int least;
    private final int most;

    Part(String literal, boolean @Nullable [] set, int least, int most) {
      this.literal = literal;
      this.set = set;
      this.least = least;
      this.most = most;
    }
  }

  private static final String DIGITS = "0123456789";
  private static final String LOWER = "abcdefghijklmnopqrstuvwxyz";
  private static final String UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

  private final List<Part> before = new ArrayList<>();
  private final List<Part> after = new ArrayList<>();
  private final String form;
  private final String anchor;

  private Shape(String form) {
    this.form = form;
    List<Part> parts = new ArrayList<>();
    int at = 0;
    while (at < form.length()) {
      int open = form.indexOf('{', at);
      if (open != at) {
        int end = open < 0 ? form.length() : open;
        parts.add(new Part(form.substring(at, end), null, 0, 0));
        at = end;
        continue;
      }
      int close = form.indexOf('}', at);
      String[] lengths = form.substring(at + 2, close).split(",", -1);
      int least = Integer.parseInt(lengths[0]);
      int most = lengths.length == 1 ? least : Integer.parseInt(lengths[1]);
      parts.add(new Part("", set(form.charAt(at + 1)), least, most));
      at = close + 1;
    }
    int index = 0;
    while (index < parts.size() && parts.get(index).literal.length() < 2) {
      before.add(0, parts.get(index));
      index++;
    }
    anchor = index < parts.size() ? parts.get(index).literal : "";
    after.addAll(parts.subList(Math.min(parts.size(), index + 1), parts.size()));
  }

  /**
   * Reads a form.
   *
   * @throws RuntimeException if it is no form: a mistake in our own tables
   */
  static Shape of(String form) {
    return new Shape(form);
  }

  /** The literal to look for, as it is written; empty where the form has none of two characters. */
  String anchor() {
    return anchor;
  }

  /** The form around the anchor at {@code at}; null if it is not there. */
  @Nullable Match match(String text, int at) {
    if (!text.startsWith(anchor, at)) {
      return null;
    }
    int start = at;
    for (Part part : before) {
      int length = run(text, start, part, -1);
      if (length < 0) {
        return null;
      }
      start -= length;
    }
    int end = at + anchor.length();
    int variable = before.isEmpty() ? end : start;
    boolean @Nullable [] last = null;
    for (Part part : after) {
      int length = run(text, end, part, 1);
      if (length < 0) {
        return null;
      }
      end += length;
      last = length == 0 ? last : part.set;
    }
    boolean whole =
        Text.opens(text, start) && !(end < text.length() && goesOn(text.charAt(end), last));
    return whole ? new Match(start, end, variable) : null;
  }

  /** Whether a value is of this form, which has no anchor, from its first character to its last. */
  boolean isWhole(String value) {
    int at = value.length();
    for (Part part : before) {
      int length = run(value, at, part, -1);
      if (length < 0) {
        return false;
      }
      at -= length;
    }
    return at == 0;
  }

  private static boolean goesOn(char c, boolean @Nullable [] last) {
    return Text.word(c) || (last != null && c < 128 && last[c] && c != '=' && c != '.');
  }

  /** Length of a part from {@code at} on in a direction; -1 if it is not there. */
  private static int run(String text, int at, Part part, int step) {
    boolean[] set = part.set;
    if (set == null) {
      int from = step > 0 ? at : at - part.literal.length();
      return text.startsWith(part.literal, from) ? part.literal.length() : -1;
    }
    int length = 0;
    int index = step > 0 ? at : at - 1;
    while (length < part.most && index >= 0 && index < text.length()) {
      char c = text.charAt(index);
      if (c >= 128 || !set[c]) {
        break;
      }
      length++;
      index += step;
    }
    return length < part.least ? -1 : length;
  }

  private static boolean[] set(char code) {
    String characters =
        switch (code) {
          case 'd' -> DIGITS;
          case 'h' -> DIGITS + "abcdef";
          case 'H' -> DIGITS + "abcdefABCDEF";
          case 'a' -> DIGITS + LOWER + UPPER;
          case 'l' -> DIGITS + LOWER;
          case 'u' -> DIGITS + UPPER;
          case 't' -> UPPER + "234567";
          case 'p' -> LOWER + "234567";
          case 'b' -> DIGITS + LOWER + UPPER + "+/";
          case 'w' -> DIGITS + LOWER + UPPER + "_-";
          case 'x' -> DIGITS + LOWER + UPPER + "_-.~";
          case 'e' -> DIGITS + LOWER + UPPER + "+/_-=";
          case 'c' -> DIGITS + LOWER + UPPER + "./";
          case 'q' -> DIGITS + LOWER + UPPER + "%";
          case 'g' -> DIGITS + "abcdef-";
          case '=' -> "=";
          default -> throw new IllegalArgumentException("no class of characters '" + code + "'");
        };
    boolean[] set = new boolean[128];
    characters.chars().forEach(c -> set[c] = true);
    return set;
  }

  /** The form as it was written. */
  @Override
  public String toString() {
    return form;
  }
}
