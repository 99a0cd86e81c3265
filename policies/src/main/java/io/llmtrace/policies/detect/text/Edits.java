package io.llmtrace.policies.detect.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Pieces of a form and what stands in their place, character by character with its source. Written
 * by decoders: {@link #open}, {@link #put} …, then {@link #close} to keep the piece or {@link
 * #drop} to forget it. Not thread-safe.
 */
final class Edits {
  private char[] text = new char[64];
  private int[] sourceFrom = new int[64];
  private int[] sourceTo = new int[64];
  private int size;

  /** From, to, first and last character of the text, four numbers for each piece. */
  private int[] pieces = new int[32];

  private final List<String> names = new ArrayList<>();

  private int openFrom;
  private int openText;

  void open(int from) {
    openFrom = from;
    openText = size;
  }

  /** Adds a character that was made of the form's characters {@code [from, to)}. */
  void put(char c, int from, int to) {
    if (size == text.length) {
      text = Arrays.copyOf(text, size * 2);
      sourceFrom = Arrays.copyOf(sourceFrom, size * 2);
      sourceTo = Arrays.copyOf(sourceTo, size * 2);
    }
    text[size] = c;
    sourceFrom[size] = from;
    sourceTo[size++] = to;
  }

  /** Adds a code point, both halves of a pair with the whole source. */
  void putCodePoint(int codePoint, int from, int to) {
    if (Character.isBmpCodePoint(codePoint)) {
      put((char) codePoint, from, to);
    } else {
      put(Character.highSurrogate(codePoint), from, to);
      put(Character.lowSurrogate(codePoint), from, to);
    }
  }

  void putAll(String replacement, int from, int to) {
    for (int i = 0; i < replacement.length(); i++) {
      put(replacement.charAt(i), from, to);
    }
  }

  /** Keeps the open piece, which ends before the form's character {@code to}. */
  void close(int to, String name) {
    int at = names.size() * 4;
    if (at == pieces.length) {
      pieces = Arrays.copyOf(pieces, at * 2);
    }
    pieces[at] = openFrom;
    pieces[at + 1] = to;
    pieces[at + 2] = openText;
    pieces[at + 3] = size;
    names.add(name);
  }

  /**
   * Lets the last piece end at {@code to} if it ended at {@code from} and nothing took its place.
   */
  boolean extendsGap(int from, int to) {
    int at = (names.size() - 1) * 4;
    boolean gap = at >= 0 && pieces[at + 1] == from && pieces[at + 2] == pieces[at + 3];
    if (gap) {
      pieces[at + 1] = to;
    }
    return gap;
  }

  /** Forgets the open piece. */
  void drop() {
    size = openText;
  }

  /** Replaces one piece by one text that as a whole was made of it. */
  void replace(int from, int to, String replacement, String name) {
    open(from);
    putAll(replacement, from, to);
    close(to, name);
  }

  /** Adds a piece of other edits of the same form. */
  void copy(Edits other, int piece) {
    open(other.from(piece));
    for (int i = other.textFrom(piece); i < other.textTo(piece); i++) {
      put(other.charAt(i), other.sourceFrom(i), other.sourceTo(i));
    }
    close(other.to(piece), other.name(piece));
  }

  boolean isEmpty() {
    return names.isEmpty();
  }

  int count() {
    return names.size();
  }

  /** Forgets all pieces from number {@code count} on. */
  void cutTo(int count) {
    if (count < names.size()) {
      size = pieces[count * 4 + 2];
      names.subList(count, names.size()).clear();
    }
  }

  /** Characters written. */
  int size() {
    return size;
  }

  /** First character of the open piece in {@link #text()}. */
  int openedAt() {
    return openText;
  }

  char[] text() {
    return text;
  }

  char charAt(int i) {
    return text[i];
  }

  int sourceFrom(int i) {
    return sourceFrom[i];
  }

  int sourceTo(int i) {
    return sourceTo[i];
  }

  int from(int piece) {
    return pieces[piece * 4];
  }

  int to(int piece) {
    return pieces[piece * 4 + 1];
  }

  int textFrom(int piece) {
    return pieces[piece * 4 + 2];
  }

  int textTo(int piece) {
    return pieces[piece * 4 + 3];
  }

  String name(int piece) {
    return names.get(piece);
  }

  /** Numbers of the pieces, in the low half of each element, by where they begin. */
  long[] order() {
    long[] order = new long[count()];
    boolean sorted = true;
    for (int i = 0; i < order.length; i++) {
      order[i] = (long) from(i) << 32 | i;
      sorted &= i == 0 || order[i - 1] < order[i];
    }
    if (!sorted) {
      Arrays.sort(order);
    }
    return order;
  }
}
