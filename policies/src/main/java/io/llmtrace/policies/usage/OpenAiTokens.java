package io.llmtrace.policies.usage;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * One of OpenAI's tokenizers, counting only. Thread-safe.
 *
 * <p>JTokkit splits with a regular expression of {@code java.util.regex}, which takes nearly a
 * millisecond a kilobyte for o200k_base. Text repeats its words, so the text is cut where the
 * expressions would cut in any case, and the counts of short pieces are remembered. Such a place is
 * behind a letter and before what is no letter, mark or apostrophe, or behind a digit and before
 * ASCII that is none: no alternative of either expression goes on over it, and none looks ahead but
 * over white space.
 */
final class OpenAiTokens {
  /** Longer pieces repeat rarely. */
  private static final int LONGEST_KEPT = 24;

  /** 16,384 pieces, some 1.5 MB where all are taken. */
  private static final int SLOTS = 1 << 14;

  private final Encoding encoding;
  private final AtomicReferenceArray<@Nullable Piece> pieces = new AtomicReferenceArray<>(SLOTS);

  private record Piece(String text, int tokens) {}

  private OpenAiTokens(EncodingType type) {
    this.encoding = Encodings.newLazyEncodingRegistry().getEncoding(type);
  }

  /** Each is loaded when it is first asked for, which takes about a second. */
  private static final class O200k {
    static final OpenAiTokens TOKENS = new OpenAiTokens(EncodingType.O200K_BASE);
  }

  private static final class Cl100k {
    static final OpenAiTokens TOKENS = new OpenAiTokens(EncodingType.CL100K_BASE);
  }

  /**
   * The tokenizer of a family.
   *
   * @throws IllegalArgumentException for one that is not OpenAI's
   */
  static OpenAiTokens of(ModelFamily family) {
    return switch (family) {
      case O200K -> O200k.TOKENS;
      case CL100K -> Cl100k.TOKENS;
      default -> throw new IllegalArgumentException("OpenAI has no tokenizer " + family.label());
    };
  }

  /** Tokens of a text; marks of special tokens in it are counted as the text that they are. */
  long count(String text) {
    return count(text, 0, text.length());
  }

  /**
   * Tokens of a part of a text.
   *
   * @param from the beginning or a cut, as is {@code to}
   */
  long count(String text, int from, int to) {
    long tokens = 0;
    int start = from;
    int hash = 0;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (i > start && isCut(text.charAt(i - 1), c)) {
        tokens += piece(text, start, i, hash);
        start = i;
        hash = 0;
      }
      hash = 31 * hash + c;
    }
    return start < to ? tokens + piece(text, start, to, hash) : tokens;
  }

  /** The first place at least {@code least} characters on where no token goes over, or the end. */
  int cut(String text, int from, int least) {
    for (int i = from + least; i < text.length(); i++) {
      if (isCut(text.charAt(i - 1), text.charAt(i))) {
        return i;
      }
    }
    return text.length();
  }

  private static boolean isCut(char before, char c) {
    if (isDigit(before)) {
      return c < 0x80 && !isDigit(c);
    }
    return isLetter(before) && !continuesWord(c);
  }

  private static boolean isLetter(char c) {
    return c < 0x80 ? (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') : Character.isLetter(c);
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** Half of a code point may be a letter, and so it counts as one. */
  private static boolean continuesWord(char c) {
    if (c < 0x80) {
      return c == '\'' || isLetter(c);
    }
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK,
          Character.COMBINING_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.SURROGATE ->
          true;
      default -> Character.isLetter(c);
    };
  }

  private int piece(String text, int start, int end, int hash) {
    int length = end - start;
    if (length > LONGEST_KEPT) {
      return encoding.countTokensOrdinary(text.substring(start, end));
    }
    int slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    Piece known = pieces.get(slot);
    if (known != null && known.text.length() == length && text.startsWith(known.text, start)) {
      return known.tokens;
    }
    String piece = text.substring(start, end);
    int tokens = encoding.countTokensOrdinary(piece);
    pieces.set(slot, new Piece(piece, tokens));
    return tokens;
  }
}
