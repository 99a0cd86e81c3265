package io.llmtrace.policies.redact;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A text with the place of each of its characters in the document: the document itself, the content
 * of a string in it, or of a string in a JSON text inside such a string. Immutable.
 */
final class Layer {
  /*
   * A map of every character would take more memory than the text. Only escapes move what follows
   * them, so only they are kept: where each stands in this text, and how many characters more than
   * that the escapes up to it took in the text around.
   */
  /** JSON in JSON in JSON: beyond this a text is taken as plain, as a model would. */
  static final int MOST_LEVELS = 6;

  private static final int[] NONE = {};

  private final String text;
  private final @Nullable Layer around;
  private final int offset;
  private final int level;
  private final int[] at;
  private final int[] gained;

  private Layer(
      String text, @Nullable Layer around, int offset, int level, int[] at, int[] gained) {
    this.text = text;
    this.around = around;
    this.offset = offset;
    this.level = level;
    this.at = at;
    this.gained = gained;
  }

  static Layer document(String text) {
    return new Layer(text, null, 0, 0, NONE, NONE);
  }

  /** The content of a string of this text, which begins and ends at these characters. */
  Layer inside(int from, int to) {
    // Cut out first: a search in the whole text would go on to its end, for each string anew.
    String raw = text.substring(from, to);
    int slash = raw.indexOf('\\');
    if (slash < 0) {
      return new Layer(raw, this, from, level + 1, NONE, NONE);
    }
    StringBuilder content = new StringBuilder(raw.length());
    int[] places = new int[16];
    int[] sums = new int[16];
    int count = 0;
    int sum = 0;
    int done = 0;
    while (slash >= 0) {
      content.append(raw, done, slash);
      if (count == places.length) {
        places = Arrays.copyOf(places, 2 * count);
        sums = Arrays.copyOf(sums, 2 * count);
      }
      int length = Escapes.length(raw, slash);
      sum += length - 1;
      places[count] = content.length();
      sums[count++] = sum;
      content.append(Escapes.meaning(raw, slash));
      done = slash + length;
      slash = raw.indexOf('\\', done);
    }
    content.append(raw, done, raw.length());
    return new Layer(
        content.toString(),
        this,
        from,
        level + 1,
        Arrays.copyOf(places, count),
        Arrays.copyOf(sums, count));
  }

  String text() {
    return text;
  }

  /** Strings around this text; 0 for the document. */
  int level() {
    return level;
  }

  /** Where a character begins in the document; for the length of the text, where it ends. */
  int inDocument(int index) {
    int place = index;
    Layer layer = this;
    while (layer.around != null) {
      place = layer.inTextAround(place);
      layer = layer.around;
    }
    return place;
  }

  private int inTextAround(int index) {
    int k = Arrays.binarySearch(at, index);
    int before = k >= 0 ? k : -k - 1;
    return offset + index + (before == 0 ? 0 : gained[before - 1]);
  }

  /** The character of this text that stands at a character of the text around, or about it. */
  int firstAt(int placeAround) {
    int low = 0;
    int high = text.length();
    // The last one that does not begin after it: half an escape is the whole of it.
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (inTextAround(middle) <= placeAround) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /** The first character of this text that begins at or after a character of the text around. */
  int endAt(int placeAround) {
    int index = firstAt(placeAround);
    return inTextAround(index) < placeAround ? index + 1 : index;
  }
}
