package io.llmtrace.policies.redact;

import io.llmtrace.policies.exchange.Conversations;
import io.llmtrace.policies.exchange.Exchange;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The numbers of the values of conversations, so that a value keeps its placeholder when the client
 * sends a shorter history. Values are kept as keyed hashes alone. Thread-safe.
 *
 * <p>Without it, or when a conversation has been forgotten, numbers follow the order of the
 * document, which gives a history that is sent again the numbers that it had.
 */
public final class PlaceholderMemory {
  private static final Duration EXPIRY = Duration.ofHours(2);
  private static final int MOST_CONVERSATIONS = 20_000;
  private static final int MOST_VALUES = 200_000;

  /** Of one conversation: more is a data set, and numbered by its order. */
  private static final int MOST_OF_ONE = 2_000;

  /** An entry of a conversation's map with its key. */
  private static final int VALUE_BYTES = 150;

  private static final int CONVERSATION_BYTES = 400;

  private static final String ALGORITHM = "HmacSHA256";

  private final SecretKeySpec key;
  private final Conversations identities;
  private final Clock clock;
  private final int mostConversations;
  private final int mostValues;
  private final Map<String, Conversation> conversations = new LinkedHashMap<>(16, 0.75f, true);
  private int values;

  private static final class Conversation {
    final Map<String, Integer> numbers = new HashMap<>();
    final Map<String, Integer> last = new HashMap<>();
    long usedAt;
  }

  /**
   * One for a process.
   *
   * @param key of the hashes, at least 16 random bytes
   */
  public PlaceholderMemory(byte[] key) {
    this(key, Clock.systemUTC(), MOST_CONVERSATIONS, MOST_VALUES);
  }

  PlaceholderMemory(byte[] key, Clock clock, int mostConversations, int mostValues) {
    if (key.length < 16) {
      throw new IllegalArgumentException("a key of " + key.length + " bytes, expected 16 or more");
    }
    this.key = new SecretKeySpec(key, ALGORITHM);
    this.identities = new Conversations(key);
    this.clock = clock;
    this.mostConversations = mostConversations;
    this.mostValues = mostValues;
  }

  /**
   * The numbering of a conversation, as {@link Conversations} tells them apart.
   *
   * @param id the client's own id for it, or empty
   */
  public Numbering conversation(String tenant, String consumer, String id, Exchange exchange) {
    String conversation = identities.of(tenant, consumer, id, exchange);
    return (wanted, taken) -> number(conversation, wanted, taken);
  }

  private List<Integer> number(
      String conversation, List<Numbering.Value> wanted, BiPredicate<String, Integer> taken) {
    Mac mac = mac();
    List<String> hashes = new ArrayList<>(wanted.size());
    for (Numbering.Value value : wanted) {
      part(mac, value.kind());
      part(mac, value.text());
      hashes.add(hex(mac));
    }
    synchronized (this) {
      expire();
      Conversation known = conversations.computeIfAbsent(conversation, c -> new Conversation());
      known.usedAt = clock.millis();
      List<Integer> numbers = numbers(known, wanted, hashes, taken);
      crowdOut();
      return numbers;
    }
  }

  private List<Integer> numbers(
      Conversation known,
      List<Numbering.Value> wanted,
      List<String> hashes,
      BiPredicate<String, Integer> taken) {
    List<Integer> numbers = new ArrayList<>(wanted.size());
    Map<String, Integer> last = known.last;
    for (int i = 0; i < wanted.size(); i++) {
      Integer number = known.numbers.get(hashes.get(i));
      if (number == null) {
        if (last == known.last && known.numbers.size() >= MOST_OF_ONE) {
          // From here on nothing is kept, not even how far it went.
          last = new HashMap<>(last);
        }
        String kind = wanted.get(i).kind();
        int next = last.getOrDefault(kind, 0) + 1;
        while (taken.test(kind, next)) {
          next++;
        }
        if (next > Placeholder.MOST) {
          return numbers;
        }
        last.put(kind, next);
        if (last == known.last) {
          known.numbers.put(hashes.get(i), next);
          values++;
        }
        number = next;
      }
      numbers.add(number);
    }
    return numbers;
  }

  private void expire() {
    long since = clock.millis() - EXPIRY.toMillis();
    Iterator<Conversation> oldest = conversations.values().iterator();
    while (oldest.hasNext()) {
      Conversation conversation = oldest.next();
      if (conversation.usedAt >= since) {
        return;
      }
      values -= conversation.numbers.size();
      oldest.remove();
    }
  }

  private void crowdOut() {
    Iterator<Conversation> oldest = conversations.values().iterator();
    while ((conversations.size() > mostConversations || values > mostValues) && oldest.hasNext()) {
      values -= oldest.next().numbers.size();
      oldest.remove();
    }
  }

  /** Conversations that are remembered. */
  public synchronized int count() {
    expire();
    return conversations.size();
  }

  /** About how much memory they take; at most some 38 MB. */
  public synchronized long bytes() {
    return (long) values * VALUE_BYTES + (long) conversations.size() * CONVERSATION_BYTES;
  }

  private Mac mac() {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return mac;
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
    }
  }

  /** With its length before it, so that no two lists of parts are the same bytes. */
  private static void part(Mac mac, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    mac.update(
        new byte[] {
          (byte) (bytes.length >>> 24),
          (byte) (bytes.length >>> 16),
          (byte) (bytes.length >>> 8),
          (byte) bytes.length
        });
    mac.update(bytes);
  }

  private static String hex(Mac mac) {
    return HexFormat.of().formatHex(Arrays.copyOf(mac.doFinal(), 16));
  }
}
