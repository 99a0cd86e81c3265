package io.llmtrace.policies.detect.parse;

import io.llmtrace.policies.detect.TextView;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Makes views of parts of a view, so that a finding in a part points at the segment's text. */
public final class Views {
  private Views() {}

  /**
   * Characters {@code [from, to)} of a view.
   *
   * @param what becomes the last of the transforms, for example {@code json}
   */
  public static TextView slice(TextView outer, int from, int to, String what) {
    int[] starts = new int[to - from];
    int[] ends = new int[to - from];
    for (int i = from; i < to; i++) {
      starts[i - from] = outer.originalStart(i);
      ends[i - from] = outer.originalEnd(i);
    }
    return TextView.made(outer.text().substring(from, to), transforms(outer, what), starts, ends);
  }

  /**
   * Text that was made of characters of a view.
   *
   * @param starts for each character of {@code text} the first character of {@code outer}; changed
   *     here into a map to the segment's text
   * @param ends the same for the character after the last one
   */
  public static TextView made(TextView outer, String text, String what, int[] starts, int[] ends) {
    for (int i = 0; i < starts.length; i++) {
      int first = starts[i];
      int last = ends[i] - 1;
      starts[i] = outer.originalStart(first);
      ends[i] = outer.originalEnd(last);
    }
    return TextView.made(text, transforms(outer, what), starts, ends);
  }

  /** The view without the sequences {@code %xx}; the view itself where it has none. */
  public static TextView percentDecoded(TextView view) {
    String text = view.text();
    if (!hasPercentEscape(text)) {
      return view;
    }
    StringBuilder out = new StringBuilder(text.length());
    int[] starts = new int[text.length()];
    int[] ends = new int[text.length()];
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int i = 0;
    while (i < text.length()) {
      if (!isEscape(text, i)) {
        starts[out.length()] = i;
        ends[out.length()] = i + 1;
        out.append(text.charAt(i++));
        continue;
      }
      int from = i;
      bytes.reset();
      while (isEscape(text, i)) {
        bytes.write(
            (Character.digit(text.charAt(i + 1), 16) << 4)
                | Character.digit(text.charAt(i + 2), 16));
        i += 3;
      }
      // A run of escapes never decodes to more characters than it has bytes.
      String decoded = bytes.toString(StandardCharsets.UTF_8);
      for (int k = 0; k < decoded.length(); k++) {
        boolean aligned = decoded.length() * 3 == i - from;
        starts[out.length()] = aligned ? from + 3 * k : from;
        ends[out.length()] = aligned ? from + 3 * k + 3 : i;
        out.append(decoded.charAt(k));
      }
    }
    int length = out.length();
    return made(
        view,
        out.toString(),
        "percent",
        Arrays.copyOf(starts, length),
        Arrays.copyOf(ends, length));
  }

  static boolean hasPercentEscape(String text) {
    for (int i = text.indexOf('%'); i >= 0; i = text.indexOf('%', i + 1)) {
      if (isEscape(text, i)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isEscape(String text, int i) {
    return i + 2 < text.length()
        && text.charAt(i) == '%'
        && Character.digit(text.charAt(i + 1), 16) >= 0
        && Character.digit(text.charAt(i + 2), 16) >= 0;
  }

  private static List<String> transforms(TextView outer, String what) {
    List<String> transforms = new ArrayList<>(outer.transforms());
    transforms.add(what);
    return transforms;
  }
}
