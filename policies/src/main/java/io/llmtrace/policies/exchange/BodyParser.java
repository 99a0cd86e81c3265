package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.ObjectCodec;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.IOContext;
import com.fasterxml.jackson.core.json.UTF8StreamJsonParser;
import com.fasterxml.jackson.core.sym.ByteQuadsCanonicalizer;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.json.TreeWeight;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Jackson's parser, but for how strings leave the bytes: bodies are little else than long strings,
 * and Jackson makes characters of bytes one by one and bytes of characters again. Here a string is
 * found eight bytes at a time and copied once. What is damaged, or escaped by number, or short and
 * not ASCII, is left to Jackson, so that both say the same of every document ({@code
 * BodyParserTest}).
 */
final class BodyParser extends UTF8StreamJsonParser {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long ONES = 0x0101_0101_0101_0101L;
  private static final long HIGHS = 0x8080_8080_8080_8080L;
  private static final long QUOTES = '"' * ONES;
  private static final long BACKSLASHES = '\\' * ONES;
  private static final long SPACES = ' ' * ONES;

  /**
   * Bytes of a string with characters beyond ASCII from which on it is decoded here: of shorter
   * ones Jackson makes no less, and throws away less memory on the way.
   */
  private static final int LONG = 16 * 1024;

  /** Tokens between two questions to the clock: some hundred microseconds. */
  private static final int ASK_EVERY = 4096;

  /** Bytes of a string with escapes while they are undone; kept for the next one of the body. */
  private byte[] unescaped = new byte[0];

  private BooleanSupplier over = () -> false;
  private TreeWeight weight = new TreeWeight(BodyMemory.UNCOUNTED);
  private int tokens;

  private BodyParser(
      IOContext context,
      int features,
      ObjectCodec codec,
      ByteQuadsCanonicalizer symbols,
      byte[] body,
      int from,
      int to) {
    super(context, features, null, codec, symbols, body, from, to, 0, false);
  }

  /** Makes such parsers for arrays of bytes, and Jackson's own for all else. Thread-safe. */
  static final class Factory extends JsonFactory {
    private static final long serialVersionUID = 1L;

    Factory(StreamReadConstraints constraints) {
      super(new JsonFactoryBuilder().streamReadConstraints(constraints));
    }

    @Override
    protected JsonParser _createParser(byte[] body, int offset, int length, IOContext context)
        throws IOException {
      // Two characters of ASCII at the beginning are no mark and no UTF-16 or UTF-32.
      if (length < 2 || body[offset] <= 0 || body[offset + 1] <= 0) {
        return super._createParser(body, offset, length, context);
      }
      return new BodyParser(
          context,
          _parserFeatures,
          _objectCodec,
          _byteSymbolCanonicalizer.makeChild(_factoryFeatures),
          body,
          offset,
          offset + length);
    }
  }

  /** No time is left for the rest of a body. */
  static final class OutOfTimeException extends IOException {
    private static final long serialVersionUID = 1L;

    private final long bytes;

    OutOfTimeException(long bytes) {
      super("time was up");
      this.bytes = bytes;
    }

    /** How far into the body. */
    long bytes() {
      return bytes;
    }
  }

  /**
   * Has the parser give up with {@link OutOfTimeException} soon after this says so, and where what
   * is made of its tokens takes too much.
   */
  void until(BooleanSupplier timeIsUp, TreeWeight weighed) {
    over = timeIsUp;
    weight = weighed;
  }

  private void ask() throws OutOfTimeException {
    if (++tokens % ASK_EVERY == 0 && over.getAsBoolean()) {
      throw new OutOfTimeException(currentLocation().getByteOffset());
    }
  }

  @Override
  public @Nullable JsonToken nextToken() throws IOException {
    ask();
    JsonToken token = super.nextToken();
    weigh(token);
    return token;
  }

  @Override
  public @Nullable String nextFieldName() throws IOException {
    ask();
    String name = super.nextFieldName();
    weigh(_currToken);
    return name;
  }

  private void weigh(@Nullable JsonToken token) throws IOException {
    if (token == JsonToken.FIELD_NAME) {
      weight.name(currentName().length());
    } else {
      weight.token(token);
    }
  }

  @Override
  protected String _finishAndReturnString() throws IOException {
    String text = quickly();
    if (text == null) {
      return super._finishAndReturnString();
    }
    streamReadConstraints().validateStringLength(text.length());
    _textBuffer.resetWithString(text);
    return text;
  }

  /** The string that begins here, and goes behind it; or null, and stays. */
  private @Nullable String quickly() {
    int from = _inputPtr;
    int end = closing(from);
    if (end < 0 || (end - from < LONG && !isAscii(from, end))) {
      return null;
    }
    int firstEscape = special(_inputBuffer, from, end);
    String text =
        firstEscape == end
            ? new String(_inputBuffer, from, end - from, StandardCharsets.UTF_8)
            : unescape(from, firstEscape, end);
    // Java puts U+FFFD where bytes are no UTF-8; of those Jackson has its own opinion.
    if (text == null || text.indexOf('\uFFFD') >= 0) {
      return null;
    }
    _inputPtr = end + 1;
    return text;
  }

  /** Where the string's closing quote stands, or -1 where something is for Jackson to see. */
  private int closing(int from) {
    int at = special(_inputBuffer, from, _inputEnd);
    while (at < _inputEnd && _inputBuffer[at] == '\\') {
      at = special(_inputBuffer, Math.min(at + 2, _inputEnd), _inputEnd);
    }
    return at < _inputEnd && _inputBuffer[at] == '"' ? at : -1;
  }

  private boolean isAscii(int from, int to) {
    long all = 0;
    int at = from;
    for (; at + Long.BYTES <= to; at += Long.BYTES) {
      all |= (long) LONGS.get(_inputBuffer, at);
    }
    for (; at < to; at++) {
      all |= _inputBuffer[at];
    }
    return (all & HIGHS) == 0;
  }

  private @Nullable String unescape(int from, int firstEscape, int end) {
    byte[] in = _inputBuffer;
    if (unescaped.length < end - from) {
      unescaped = new byte[end - from];
    }
    int length = 0;
    int plain = from;
    for (int escape = firstEscape; escape < end; escape = special(in, plain, end)) {
      int character = escaped(in[escape + 1]);
      if (character < 0) {
        return null;
      }
      System.arraycopy(in, plain, unescaped, length, escape - plain);
      length += escape - plain;
      unescaped[length++] = (byte) character;
      plain = escape + 2;
    }
    System.arraycopy(in, plain, unescaped, length, end - plain);
    return new String(unescaped, 0, length + end - plain, StandardCharsets.UTF_8);
  }

  private static int escaped(byte code) {
    return switch (code) {
      case '"', '\\', '/' -> code;
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'b' -> '\b';
      case 'f' -> '\f';
      default -> -1;
    };
  }

  /** The first quote, backslash or control code, or {@code to}. */
  private static int special(byte[] in, int from, int to) {
    int at = from;
    for (; at + Long.BYTES <= to; at += Long.BYTES) {
      long eight = (long) LONGS.get(in, at);
      long quote = eight ^ QUOTES;
      long backslash = eight ^ BACKSLASHES;
      // The high bit of a byte that is less than what is taken from it. A borrow reaches only
      // bytes behind such a one, and the first is asked for.
      long found =
          ((quote - ONES) & ~quote)
              | ((backslash - ONES) & ~backslash)
              | ((eight - SPACES) & ~eight);
      if ((found & HIGHS) != 0) {
        return at + (Long.numberOfTrailingZeros(found & HIGHS) >>> 3);
      }
    }
    while (at < to && in[at] != '"' && in[at] != '\\' && (in[at] < 0 || in[at] >= ' ')) {
      at++;
    }
    return at;
  }
}
