package io.llmtrace.policies.exchange;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Which conversation a request belongs to: the one that the client names or, where it names none,
 * the one of this consumer with this system prompt and this first text of the user. Told as a keyed
 * hash, so that nobody who reads it can try texts against it. Thread-safe.
 */
public final class Conversations {
  private static final String ALGORITHM = "HmacSHA256";

  /** Of each text: this runs on every request, and long prompts differ early or in length. */
  private static final int MOST_CHARACTERS = 16 << 10;

  private static final int ID_BYTES = 16;

  private final ThreadLocal<Hasher> hashers;

  /**
   * @param key the same on all nodes that shall name a conversation alike
   */
  public Conversations(byte[] key) {
    SecretKeySpec secret = new SecretKeySpec(key, ALGORITHM);
    this.hashers = ThreadLocal.withInitial(() -> new Hasher(secret));
  }

  /** Whether a name or a text of the user tells conversations apart at all. */
  public static boolean tells(String named, Exchange exchange) {
    return !named.isEmpty()
        || exchange.segments().stream().anyMatch(segment -> segment.zone() == Zone.USER);
  }

  /**
   * The conversation as 32 lower-case hex digits.
   *
   * @param tenant whose it is; tenants share none
   * @param named the client's own name for it, or empty
   */
  public String of(String tenant, String consumer, String named, Exchange exchange) {
    Hasher hasher = hashers.get();
    hasher.begin();
    hasher.part(tenant);
    hasher.part(consumer);
    hasher.part(named);
    if (named.isEmpty()) {
      boolean asked = false;
      for (Segment segment : exchange.segments()) {
        boolean first = segment.zone() == Zone.USER && !asked;
        if (segment.zone() == Zone.SYSTEM || first) {
          hasher.part(segment.zone().label());
          hasher.part(segment.text());
          asked |= first;
        }
      }
    }
    return hasher.end();
  }

  /** The hash of a thread, made once: finding and keying one takes longer than a short text. */
  private static final class Hasher {
    private final Mac mac;
    private final char[] chars = new char[MOST_CHARACTERS];
    private final CharBuffer text = CharBuffer.wrap(chars);

    /** Three bytes a character: a pair of surrogates has four. */
    private final ByteBuffer bytes = ByteBuffer.allocate(3 * MOST_CHARACTERS);

    private final ByteBuffer lengths = ByteBuffer.allocate(2 * Integer.BYTES);

    /** Half a pair becomes a question mark, as {@link String#getBytes} has it. */
    private final CharsetEncoder encoder =
        StandardCharsets.UTF_8
            .newEncoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);

    Hasher(SecretKeySpec key) {
      try {
        mac = Mac.getInstance(ALGORITHM);
        mac.init(key);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("every Java has HMAC-SHA-256", e);
      }
    }

    void begin() {
      // Whoever was here last may not have come to the end.
      mac.reset();
    }

    /** With its lengths before it, so that no two lists of parts are the same bytes. */
    void part(String part) {
      int count = Math.min(part.length(), MOST_CHARACTERS);
      part.getChars(0, count, chars, 0);
      text.clear().limit(count);
      encoder.reset().encode(text, bytes.clear(), true);
      bytes.flip();
      mac.update(lengths.clear().putInt(part.length()).putInt(bytes.remaining()).flip());
      mac.update(bytes);
    }

    String end() {
      return HexFormat.of().formatHex(mac.doFinal(), 0, ID_BYTES);
    }
  }
}
