package io.llmtrace.policies.detect.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Verdicts of one engine on segments that were read before: a conversation sends its whole history
 * with every turn. Holds no text, only findings, which are masked. Bounded; thread-safe.
 *
 * <p>A segment is known by 128 bits of SHA-256 over a key of this cache, the tenant, the zone and
 * the text. The key keeps anybody from preparing two texts with one hash; the processor computes
 * SHA-256 itself, at some two gigabytes a second.
 */
public final class VerdictCache {
  /** What an entry takes beside its findings, bytes; a finding takes about as much again. */
  private static final int ENTRY_BYTES = 160;

  private static final int FINDING_BYTES = 320;

  private static final ThreadLocal<Hasher> HASHERS = ThreadLocal.withInitial(Hasher::new);

  private final Cache<Key, Verdict> verdicts;
  private final byte[] secret = new byte[32];

  /** 128 bits that stand for a segment. */
  public record Key(long high, long low) {}

  /**
   * What the cascade said of a segment.
   *
   * @param findings with the pointer of the segment they were first seen in
   * @param score confidence that the segment is an attack
   */
  public record Verdict(List<Finding> findings, double score) {
    public Verdict {
      findings = List.copyOf(findings);
    }

    /** The findings as they stand in another place of the conversation. */
    public List<Finding> at(Segment segment) {
      String pointer = segment.pointer();
      if (findings.isEmpty() || findings.stream().allMatch(f -> f.pointer().equals(pointer))) {
        return findings;
      }
      return findings.stream().map(f -> moved(f, pointer)).toList();
    }

    private static Finding moved(Finding f, String pointer) {
      return new Finding(
          f.type(),
          f.severity(),
          f.confidence(),
          f.zone(),
          pointer,
          f.start(),
          f.end(),
          f.detector(),
          f.rule(),
          f.evidence());
    }
  }

  /**
   * Makes an empty cache.
   *
   * @param maxBytes about how much memory it may take
   */
  public VerdictCache(long maxBytes) {
    new SecureRandom().nextBytes(secret);
    this.verdicts =
        Caffeine.newBuilder()
            .maximumWeight(maxBytes)
            .weigher(
                (Key key, Verdict verdict) ->
                    ENTRY_BYTES + FINDING_BYTES * verdict.findings().size())
            .executor(Runnable::run)
            .build();
  }

  /** The verdict, or null where there is none. */
  public @Nullable Verdict get(Key key) {
    return verdicts.getIfPresent(key);
  }

  /** Keeps a verdict for as long as there is room. */
  public void put(Key key, Verdict verdict) {
    verdicts.put(key, verdict);
  }

  /**
   * The key of a segment.
   *
   * @param tenant whose text it is: nobody learns from timing what others have sent
   */
  public Key key(String tenant, Segment segment) {
    Hasher hasher = HASHERS.get();
    hasher.begin(secret);
    hasher.add(tenant);
    hasher.add(segment.zone().label());
    // Where an argument stands says what it is for; elsewhere the place says nothing.
    hasher.add(placeMatters(segment.zone()) ? segment.pointer() : "");
    hasher.add(segment.text());
    return hasher.end();
  }

  private static boolean placeMatters(Zone zone) {
    return zone == Zone.TOOL_CALL || zone == Zone.METADATA;
  }

  /** SHA-256 over texts, each with its length: else two could share their border. */
  private static final class Hasher {
    private static final int CHUNK = 2048;

    private final MessageDigest digest;
    private final char[] chars = new char[CHUNK];
    private final byte[] bytes = new byte[2 * CHUNK];
    private final CharBuffer view =
        ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asCharBuffer();
    private final byte[] hash = new byte[32];
    private final ByteBuffer words = ByteBuffer.wrap(hash);
    private final byte[] head = new byte[Integer.BYTES];

    Hasher() {
      try {
        digest = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java platform has SHA-256", e);
      }
    }

    void begin(byte[] secret) {
      digest.reset();
      digest.update(secret);
    }

    /**
     * Piece by piece, each with the width that its characters have in the hash: nothing is copied
     * but into these buffers, and UTF-8 would be a loop with a branch for each character.
     */
    void add(String text) {
      int length = text.length();
      for (int i = 0; i < head.length; i++) {
        head[i] = (byte) (length >>> (8 * i));
      }
      digest.update(head);
      for (int from = 0; from < length; from += CHUNK) {
        int count = Math.min(CHUNK, length - from);
        text.getChars(from, from + count, chars, 0);
        int all = 0;
        // In one go with what most texts need.
        for (int i = 0; i < count; i++) {
          char c = chars[i];
          all |= c;
          bytes[i] = (byte) c;
        }
        boolean narrow = all <= 0xFF;
        digest.update((byte) (narrow ? 1 : 2));
        if (!narrow) {
          view.clear().put(chars, 0, count);
        }
        digest.update(bytes, 0, narrow ? count : 2 * count);
      }
    }

    Key end() {
      try {
        digest.digest(hash, 0, hash.length);
      } catch (DigestException e) {
        throw new IllegalStateException("the buffer is as long as a hash", e);
      }
      return new Key(words.getLong(0), words.getLong(Long.BYTES));
    }
  }
}
