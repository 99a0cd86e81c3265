package io.llmtrace.policies.detect;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One form of a segment's text that detectors read: the text as it stands, or what it says once
 * something was undone (look-alike letters folded, base64 decoded, …). Immutable.
 *
 * <p>Every character of a view knows the characters of the segment's text that it was made of, so
 * that whatever is found in a decoded form points at the original.
 */
public final class TextView {
  private static final int BLOCK = 512;
  private static final int[] NONE = new int[0];

  private final String text;
  private final List<String> transforms;
  private final int[] starts;
  private final int[] ends;

  /** Surrogate pairs before each block, counted when first asked for; empty if there are none. */
  private volatile int @Nullable [] pairs;

  private TextView(String text, List<String> transforms, int[] starts, int[] ends) {
    this.text = text;
    this.transforms = transforms;
    this.starts = starts;
    this.ends = ends;
  }

  /** The segment's text as it stands. */
  public static TextView original(String text) {
    return new TextView(text, List.of(), NONE, NONE);
  }

  /**
   * A form that was made of a segment's text.
   *
   * @param transforms what was undone, outermost first, for example {@code [base64, fold]}; what
   *     was undone side by side in one step stands in a fixed order
   * @param starts for each character of {@code text}, the first character of the segment's text
   *     that it was made of; not copied
   * @param ends for each character of {@code text}, the character after the last one that it was
   *     made of; not copied
   * @throws IllegalArgumentException if a map is not as long as the text
   */
  public static TextView made(String text, List<String> transforms, int[] starts, int[] ends) {
    if (starts.length != text.length() || ends.length != text.length()) {
      throw new IllegalArgumentException(
          "maps of "
              + starts.length
              + " and "
              + ends.length
              + " characters for a text of "
              + text.length());
    }
    return new TextView(text, List.copyOf(transforms), starts, ends);
  }

  public String text() {
    return text;
  }

  /** What was undone, outermost first; empty for the text as it stands. */
  public List<String> transforms() {
    return transforms;
  }

  public boolean isOriginal() {
    return transforms.isEmpty();
  }

  /** First character of the segment's text that this view's character {@code index} stands for. */
  public int originalStart(int index) {
    return isOriginal() ? index : starts[index];
  }

  /**
   * First character of the segment's text that any of this view's characters {@code [from, to)}
   * stands for: in a form that was turned round or joined the first is not the least.
   */
  public int originalStart(int from, int to) {
    int least = originalStart(from);
    for (int i = isOriginal() ? to : from + 1; i < to; i++) {
      least = Math.min(least, starts[i]);
    }
    return least;
  }

  /** Character of the segment's text after all that {@code [from, to)} stand for. */
  public int originalEnd(int from, int to) {
    int most = originalEnd(to - 1);
    for (int i = isOriginal() ? to : from; i < to; i++) {
      most = Math.max(most, ends[i]);
    }
    return most;
  }

  /** Character of the segment's text after those that character {@code index} stands for. */
  public int originalEnd(int index) {
    return isOriginal() ? index + 1 : ends[index];
  }

  /**
   * Code points before character {@code index} of this view; half a pair counts as one. Constant
   * time but for the first call.
   */
  public int codePoint(int index) {
    int[] counted = pairs;
    if (counted == null) {
      counted = countPairs();
      pairs = counted;
    }
    if (counted.length == 0) {
      return index;
    }
    int block = index / BLOCK;
    return index - counted[block] - pairs(Math.max(1, block * BLOCK), index);
  }

  private int[] countPairs() {
    int[] counted = new int[text.length() / BLOCK + 1];
    for (int block = 1; block < counted.length; block++) {
      int from = (block - 1) * BLOCK;
      counted[block] = counted[block - 1] + pairs(Math.max(1, from), block * BLOCK);
    }
    int last = (counted.length - 1) * BLOCK;
    boolean any = counted[counted.length - 1] + pairs(Math.max(1, last), text.length()) > 0;
    return any ? counted : NONE;
  }

  /** Pairs whose second half is within {@code [from, to)}. */
  private int pairs(int from, int to) {
    int count = 0;
    for (int i = from; i < to; i++) {
      if (Character.isLowSurrogate(text.charAt(i))
          && Character.isHighSurrogate(text.charAt(i - 1))) {
        count++;
      }
    }
    return count;
  }
}
