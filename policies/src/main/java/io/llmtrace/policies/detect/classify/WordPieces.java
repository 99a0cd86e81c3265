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

  /** The first tokens of a text from some character on. */
  static final class Window {
    final long[] ids;

    /** The character after them. */
    final int reached;

    /** Where the next window begins. */
    final int next;

    Window(long[] ids, int reached, int next) {
      this.ids = ids;
      this.reached = reached;
      this.next = next;
    }
  }

  /** The special tokens around a pair of texts, as the tokenizer's own template puts them. */
  static final class Pairs {
    private final long[] ids;
    private final long[] types;
    private final int first;
    private final int second;

    /**
     * Of a pair of texts of one token each.
     *
     * @param first where the one is among the tokens
     * @param second where the other is
     */
    private Pairs(long[] ids, long[] types, int first, int second) {
      this.ids = ids;
      this.types = types;
      this.first = first;
      this.second = second;
    }

    /** How many special tokens there are. */
    int special() {
      return ids.length - 2;
    }

    /** A pair as the model reads it. */
    Input input(long[] one, long[] other) {
      long[] all = new long[special() + one.length + other.length];
      long[] typesOfAll = new long[all.length];
      int at = 0;
      for (int i = 0; i < ids.length; i++) {
        if (i == first || i == second) {
          long[] text = i == first ? one : other;
          System.arraycopy(text, 0, all, at, text.length);
          Arrays.fill(typesOfAll, at, at + text.length, types[i]);
          at += text.length;
        } else {
          all[at] = ids[i];
          typesOfAll[at++] = types[i];
        }
      }
      return new Input(all, typesOfAll);
    }
  }

  /** Characters that are tokenised to fill a window, for each token of it. */
  static final int CHARACTERS_PER_TOKEN = 8;

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

  /**
   * How a pair of texts is put together.
   *
   * @throws ModelException if the tokenizer's template has no place for a second text
   */
  Pairs pairs(String id) throws ModelException {
    Encoding whole = tokenizer.encode("a", "a", true, false);
    long[] special = whole.getSpecialTokenMask();
    int length = tokenizer.encode("a", false, false).getIds().length;
    int first = next(special, 0, 0);
    int second = next(special, next(special, first, 1), 0);
    int after = next(special, second, 1);
    if (length == 0
        || second == special.length
        || next(special, after, 0) != special.length
        || after - second != length) {
      throw ModelException.failed(
          "model '" + id + "': its tokenizer.json does not part the two texts of a pair");
    }
    // Of each text one token stays, whose place and type are those of the text.
    long[] ids = without(whole.getIds(), first, second, length - 1);
    long[] types = without(whole.getTypeIds(), first, second, length - 1);
    return new Pairs(ids, types, first, second - (length - 1));
  }

  /** The first place from {@code from} on whose mark is {@code mark}. */
  private static int next(long[] marks, int from, int mark) {
    int at = from;
    while (at < marks.length && marks[at] != mark) {
      at++;
    }
    return at;
  }

  /** Without {@code count} values after each of two places. */
  private static long[] without(long[] values, int first, int second, int count) {
    long[] left = new long[values.length - 2 * count];
    int at = 0;
    for (int i = 0; i < values.length; i++) {
      boolean gone = (i > first && i <= first + count) || (i > second && i <= second + count);
      if (!gone) {
        left[at++] = values[i];
      }
    }
    return left;
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

  /**
   * The window of a text that begins at a character.
   *
   * @param to the character before which it ends, at the latest
   * @param room tokens that fit into it
   * @param overlap of these, those that the next window begins with
   */
  Window window(String text, int at, int to, int room, int overlap) {
    int end = Math.min(to, at + room * CHARACTERS_PER_TOKEN);
    Pieces read = read(text.substring(at, end));
    int count = Math.min(room, read.ids.length);
    int reached = count == 0 || count == read.ids.length ? end : at + read.to[count - 1];
    int next = overlap == 0 || count <= overlap ? reached : at + read.from[count - overlap];
    return new Window(Arrays.copyOf(read.ids, count), reached, next);
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
