package io.llmtrace.controlplane.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Slows down guessing. Failures are counted by address and by the public prefix of the key that was
 * tried. An address with too many is not listened to for a while, except for keys that lately
 * worked from there, so that one stray client does not shut out its neighbours. A prefix with too
 * many only makes wrong guesses of it wait: a valid key is let in from any other address, whoever
 * else tries. Bounded in memory; thread-safe.
 */
final class Throttle {
  /** Failures at once. */
  static final int BURST = 10;

  /** Time in which one more failure is forgiven. */
  static final Duration FORGIVES_ONE = Duration.ofSeconds(6);

  private static final Duration TRUSTED = Duration.ofMinutes(15);
  private static final int MOST = 10_000;

  /** When all failures are forgiven, as in the generic cell rate algorithm. */
  private record Failures(long forgivenAtNanos) {}

  private record Pair(String address, String handle) {}

  private final Ticker ticker;
  private final Cache<String, Failures> addresses;
  private final Cache<String, Failures> handles;
  private final Cache<Pair, Failures> pairs;
  private final Cache<Pair, Boolean> trusted;

  Throttle(Ticker ticker) {
    this.ticker = ticker;
    addresses = cache(FORGIVES_ONE.multipliedBy(BURST + 1));
    handles = cache(FORGIVES_ONE.multipliedBy(BURST + 1));
    pairs = cache(FORGIVES_ONE.multipliedBy(BURST + 1));
    trusted = cache(TRUSTED);
  }

  private <K, V> Cache<K, V> cache(Duration kept) {
    return Caffeine.newBuilder().ticker(ticker).maximumSize(MOST).expireAfterWrite(kept).build();
  }

  /** How long a token from an address is not even looked at; empty: it is. */
  Optional<Duration> refuses(String address, Optional<String> handle) {
    String source = source(address);
    if (handle.isPresent()) {
      Pair pair = new Pair(source, handle.get());
      if (trusted.getIfPresent(pair) != null) {
        return waiting(pairs.getIfPresent(pair));
      }
    }
    return waiting(addresses.getIfPresent(source));
  }

  /** Counts a wrong token; how long its sender shall wait if these are too many by now. */
  Optional<Duration> failed(String address, Optional<String> handle) {
    String source = source(address);
    Optional<Duration> wait = waiting(more(addresses, source));
    if (handle.isPresent()) {
      Optional<Duration> ofHandle = waiting(more(handles, handle.get()));
      Optional<Duration> ofPair = waiting(more(pairs, new Pair(source, handle.get())));
      wait = wait.or(() -> ofHandle).or(() -> ofPair);
    }
    return wait;
  }

  /** Notes that a token worked from an address. */
  void succeeded(String address, Optional<String> handle) {
    handle.ifPresent(known -> trusted.put(new Pair(source(address), known), true));
  }

  /** Entries held, for tests. */
  long remembered() {
    long held = 0;
    for (Cache<?, ?> cache : List.of(addresses, handles, pairs, trusted)) {
      cache.cleanUp();
      held += cache.estimatedSize();
    }
    return held;
  }

  private <K> Failures more(Cache<K, Failures> cache, K key) {
    long now = ticker.read();
    return cache
        .asMap()
        .merge(
            key,
            new Failures(now + FORGIVES_ONE.toNanos()),
            (old, one) ->
                new Failures(
                    Math.min(
                        Math.max(old.forgivenAtNanos(), now) + FORGIVES_ONE.toNanos(),
                        now + FORGIVES_ONE.toNanos() * (BURST + 1))));
  }

  private Optional<Duration> waiting(@Nullable Failures failures) {
    if (failures == null) {
      return Optional.empty();
    }
    long over = failures.forgivenAtNanos() - ticker.read() - FORGIVES_ONE.toNanos() * BURST;
    return over > 0
        ? Optional.of(Duration.ofSeconds(TimeUnit.NANOSECONDS.toSeconds(over) + 1))
        : Optional.empty();
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
