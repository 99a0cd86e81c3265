package io.llmtrace.policies.detect;

import java.util.List;

/**
 * One form of a segment's text that detectors read: the text as it stands, or what it says once
 * something was undone (look-alike letters folded, base64 decoded, …). Immutable.
 *
 * <p>Every character of a view knows the characters of the segment's text that it was made of, so
 * that whatever is found in a decoded form points at the original.
 */
public final class TextView {
  private final String text;
  private final List<String> transforms;
  private final int[] starts;
  private final int[] ends;

  private TextView(String text, List<String> transforms, int[] starts, int[] ends) {
    this.text = text;
    this.transforms = transforms;
    this.starts = starts;
    this.ends = ends;
  }

  /** The segment's text as it stands. */
  public static TextView original(String text) {
    return new TextView(text, List.of(), new int[0], new int[0]);
  }

  /**
   * A form that was made of a segment's text.
   *
   * @param transforms what was undone, outermost first, for example {@code [base64, fold]}
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

  /** Character of the segment's text after those that character {@code index} stands for. */
  public int originalEnd(int index) {
    return isOriginal() ? index + 1 : ends[index];
  }
}
