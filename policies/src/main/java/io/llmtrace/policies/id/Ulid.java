package io.llmtrace.policies.id;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/**
 * Universally unique, lexicographically sortable ids: 48 bits of epoch milliseconds and 80 random
 * bits as 26 characters of Crockford's base 32 (https://github.com/ulid/spec). Thread-safe.
 */
public final class Ulid {
  /** Characters of an id. */
  public static final int LENGTH = 26;

  private static final char[] ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".toCharArray();
  private static final long MAX_TIME = (1L << 48) - 1;

  private final Clock clock;
  private final RandomGenerator random;

  /** Ids on the system's clock and a cryptographic source of randomness. */
  public Ulid() {
    this(Clock.systemUTC(), new SecureRandom());
  }

  public Ulid(Clock clock, RandomGenerator random) {
    this.clock = clock;
    this.random = random;
  }

  public String next() {
    // 80 bits: 16 from the first draw, 64 from the second.
    return of(clock.millis(), random.nextLong() & 0xFFFF, random.nextLong());
  }

  /**
   * An id made of the given parts, so that the same parts give the same id.
   *
   * @param epochMillis 48 bits
   * @param high the upper 16 of the 80 random bits
   * @param low the lower 64
   */
  public static String of(long epochMillis, long high, long low) {
    if (epochMillis < 0 || epochMillis > MAX_TIME) {
      throw new IllegalArgumentException("time outside of 48 bits: " + epochMillis);
    }
    char[] out = new char[LENGTH];
    long time = epochMillis;
    for (int i = 9; i >= 0; i--) {
      out[i] = ALPHABET[(int) (time & 31)];
      time >>>= 5;
    }
    long l = low;
    long h = high & 0xFFFF;
    for (int i = 25; i >= 10; i--) {
      out[i] = ALPHABET[(int) (l & 31)];
      l = (l >>> 5) | (h << 59);
      h >>>= 5;
    }
    return new String(out);
  }

  /** Whether {@code text} is an id in the upper-case form that {@link #next()} writes. */
  public static boolean isValid(String text) {
    if (text.length() != LENGTH || text.charAt(0) > '7') {
      return false;
    }
    for (int i = 0; i < LENGTH; i++) {
      if (value(text.charAt(i)) < 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * The moment in an id.
   *
   * @throws IllegalArgumentException if {@code ulid} is none
   */
  public static Instant time(String ulid) {
    if (!isValid(ulid)) {
      throw new IllegalArgumentException("not a ULID");
    }
    long millis = 0;
    for (int i = 0; i < 10; i++) {
      millis = (millis << 5) | value(ulid.charAt(i));
    }
    return Instant.ofEpochMilli(millis);
  }

  /**
   * The id of the span that stands for what has this id: its lower 64 random bits as 16 lower-case
   * hex digits, so that whoever knows the one knows the other.
   *
   * @throws IllegalArgumentException if {@code ulid} is none
   */
  public static String spanId(String ulid) {
    if (!isValid(ulid)) {
      throw new IllegalArgumentException("not a ULID");
    }
    long low = 0;
    for (int i = 10; i < LENGTH; i++) {
      low = (low << 5) | value(ulid.charAt(i));
    }
    // All zeros is no span.
    return HexFormat.of().toHexDigits(low == 0 ? 1 : low);
  }

  private static int value(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    if (c < 'A' || c > 'Z' || c == 'I' || c == 'L' || c == 'O' || c == 'U') {
      return -1;
    }
    int value = c - 'A' + 10;
    // Each letter left out of the alphabet moves those behind it down by one.
    return value - (c > 'I' ? 1 : 0) - (c > 'L' ? 1 : 0) - (c > 'O' ? 1 : 0) - (c > 'U' ? 1 : 0);
  }
}
