package io.llmtrace.policies.detect.classify;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import io.llmtrace.policies.exchange.Zone;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/**
 * Turns pieces of text into the numbers a model reads. Thread-safe.
 *
 * <p>The tokenizer is Hugging Face's own library, so that any export's {@code tokenizer.json} works
 * as it did in training. It is kept from the network: it would otherwise report its use, and look
 * for a build of itself for graphics cards.
 */
final class WordPieces implements AutoCloseable {
  /** The special tokens around a text in some zone, as the tokenizer's own template puts them. */
  private static final class Frame {
    final long[] before;
    final long[] after;
    final long typeOfText;

    Frame(long[] before, long[] after, long typeOfText) {
      this.before = before;
      this.after = after;
      this.typeOfText = typeOfText;
    }
  }

  /** Tokens of a piece of text and, for each, its characters in the piece. */
  static final class Pieces {
    final long[] ids;
    final int[] from;
    final int[] to;

    Pieces(long[] ids, int[] from, int[] to) {
      this.ids = ids;
      this.from = from;
      this.to = to;
    }
  }

  /** One input of the model. */
  static final class Input {
    final long[] ids;
    final long[] types;

    Input(long[] ids, long[] types) {
      this.ids = ids;
      this.types = types;
    }
  }

  private final HuggingFaceTokenizer tokenizer;
  private final Map<Zone, Frame> frames = new EnumMap<>(Zone.class);

  private WordPieces(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Reads a tokenizer.
   *
   * @param prefixes for each zone that is read, the first of two sequences; empty for one alone
   */
  static WordPieces of(String id, Map<Zone, String> prefixes, byte[] tokenizerJson)
      throws ModelException {
    for (String offline : new String[] {"OPT_OUT_TRACKING", "ai.djl.offline"}) {
      if (System.getProperty(offline) == null) {
        System.setProperty(offline, "true");
      }
    }
    if (System.getProperty("RUST_FLAVOR") == null) {
      System.setProperty("RUST_FLAVOR", "cpu");
    }
    try {
      WordPieces pieces =
          new WordPieces(
              HuggingFaceTokenizer.newInstance(
                  new ByteArrayInputStream(tokenizerJson),
                  Map.of("truncation", "false", "padding", "false")));
      prefixes.forEach((zone, prefix) -> pieces.frames.put(zone, pieces.frame(prefix)));
      return pieces;
    } catch (IOException | RuntimeException e) {
      throw new ModelException(
          "model '" + id + "': its tokenizer.json cannot be read: " + e.getMessage(), e);
    }
  }

  private Frame frame(String prefix) {
    String probe = "a";
    int length = tokenizer.encode(probe, false, false).getIds().length;
    Encoding whole =
        prefix.isEmpty()
            ? tokenizer.encode(probe, true, false)
            : tokenizer.encode(prefix, probe, true, false);
    long[] ids = whole.getIds();
    long[] special = whole.getSpecialTokenMask();
    int end = ids.length;
    while (end > 0 && special[end - 1] == 1) {
      end--;
    }
    return new Frame(
        Arrays.copyOf(ids, end - length),
        Arrays.copyOfRange(ids, end, ids.length),
        whole.getTypeIds()[end - 1]);
  }

  /** How many tokens of a text fit into a window. */
  int room(Zone zone, int windowTokens) {
    Frame frame = frame(zone);
    return windowTokens - frame.before.length - frame.after.length;
  }

  Pieces read(String text) {
    // A lone half of a surrogate pair has no UTF-8 form: the library would refuse it.
    String sound = sound(text);
    Encoding encoding = tokenizer.encode(sound, false, false);
    CharSpan[] spans = encoding.getCharTokenSpans();
    int[] from = new int[spans.length];
    int[] to = new int[spans.length];
    // The library counts code points.
    int character = 0;
    int point = 0;
    for (int i = 0; i < spans.length; i++) {
      CharSpan span = spans[i];
      int start = span == null ? point : span.getStart();
      int end = span == null ? point : span.getEnd();
      if (start < point) {
        character = 0;
        point = 0;
      }
      character = sound.offsetByCodePoints(character, start - point);
      point = start;
      from[i] = character;
      to[i] = sound.offsetByCodePoints(character, Math.max(0, end - start));
    }
    return new Pieces(encoding.getIds(), from, to);
  }

  /** A text whose cut surrogate pairs are replaced by one character each. */
  private static String sound(String text) {
    StringBuilder changed = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        if (changed == null) {
          changed = new StringBuilder(text);
        }
        changed.setCharAt(i, '\uFFFD');
      }
    }
    return changed == null ? text : changed.toString();
  }

  /** Tokens {@code [from, to)} between the special tokens of a zone. */
  Input input(Zone zone, long[] ids, int from, int to) {
    Frame frame = frame(zone);
    int before = frame.before.length;
    long[] all = new long[before + (to - from) + frame.after.length];
    long[] types = new long[all.length];
    System.arraycopy(frame.before, 0, all, 0, before);
    System.arraycopy(ids, from, all, before, to - from);
    System.arraycopy(frame.after, 0, all, before + to - from, frame.after.length);
    Arrays.fill(types, before, types.length, frame.typeOfText);
    return new Input(all, types);
  }

  private Frame frame(Zone zone) {
    Frame frame = frames.get(zone);
    if (frame == null) {
      throw new IllegalArgumentException("the model does not read the zone " + zone.label());
    }
    return frame;
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
