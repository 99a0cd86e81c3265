package io.llmtrace.policies.exchange;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
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

  private final SecretKeySpec key;

  /**
   * @param key the same on all nodes that shall name a conversation alike
   */
  public Conversations(byte[] key) {
    this.key = new SecretKeySpec(key, ALGORITHM);
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
    Mac mac = mac();
    part(mac, tenant);
    part(mac, consumer);
    part(mac, named);
    if (named.isEmpty()) {
      boolean asked = false;
      for (Segment segment : exchange.segments()) {
        boolean first = segment.zone() == Zone.USER && !asked;
        if (segment.zone() == Zone.SYSTEM || first) {
          part(mac, segment.zone().label());
          part(mac, segment.text());
          asked |= first;
        }
      }
    }
    return HexFormat.of().formatHex(Arrays.copyOf(mac.doFinal(), ID_BYTES));
  }

  private Mac mac() {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HMAC-SHA-256", e);
    }
  }

  /** With its lengths before it, so that no two lists of parts are the same bytes. */
  private static void part(Mac mac, String text) {
    byte[] start =
        text.substring(0, Math.min(text.length(), MOST_CHARACTERS))
            .getBytes(StandardCharsets.UTF_8);
    mac.update(
        ByteBuffer.allocate(2 * Integer.BYTES).putInt(text.length()).putInt(start.length).array());
    mac.update(start);
  }
}
