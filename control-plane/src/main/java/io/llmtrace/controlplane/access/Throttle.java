package io.llmtrace.controlplane.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Tells whoever sends wrong tokens to wait. Failures are counted by address, and nothing but a
 * failure is ever answered so: an address may be a proxy's, with everybody behind it. Bounded in
 * memory; thread-safe.
 */
final class Throttle {
  /** Failures at once. */
  static final int BURST = 10;

  /** Time in which one more failure is forgiven. */
  static final Duration FORGIVES_ONE = Duration.ofSeconds(6);

  /** Addresses that are remembered. */
  static final int MOST = 10_000;

  private final Ticker ticker;

  /** When all failures are forgiven, as in the generic cell rate algorithm. */
  private final Cache<String, Long> forgivenAtNanos;

  Throttle(Ticker ticker) {
    this.ticker = ticker;
    forgivenAtNanos =
        Caffeine.newBuilder()
            .ticker(ticker)
            .maximumSize(MOST)
            .expireAfterWrite(FORGIVES_ONE.multipliedBy(BURST + 1))
            .build();
  }

  /** Counts a wrong token; how long its sender shall wait if these are too many by now. */
  Optional<Duration> failed(String address) {
    long now = ticker.read();
    long one = FORGIVES_ONE.toNanos();
    long forgivenAt =
        forgivenAtNanos
            .asMap()
            .merge(
                source(address),
                now + one,
                (old, first) -> Math.min(Math.max(old, now) + one, now + one * (BURST + 1)));
    long over = forgivenAt - now - one * BURST;
    return over > 0
        ? Optional.of(Duration.ofSeconds(TimeUnit.NANOSECONDS.toSeconds(over) + 1))
        : Optional.empty();
  }

  /** Entries held, for tests. */
  long remembered() {
    forgivenAtNanos.cleanUp();
    return forgivenAtNanos.estimatedSize();
  }

  /** An IPv6 customer has a /64 of addresses, which count as one. */
  private static String source(String address) {
    if (address.indexOf(':') < 0) {
      return address;
    }
    try {
      byte[] bytes = InetAddress.getByName(address).getAddress();
      return bytes.length == 16 ? HexFormat.of().formatHex(bytes, 0, 8) : address;
    } catch (UnknownHostException e) {
      // Whatever a connection has for an address, it counts as itself.
      return address;
    }
  }
}
