package io.llmtrace.controlplane.access;

import com.github.benmanes.caffeine.cache.Ticker;
import io.llmtrace.controlplane.http.Problem;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.ws.rs.WebApplicationException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Turns bearer tokens into callers. A right one is always let in, whoever else failed from its
 * address: tokens are too long to be guessed, and nobody is to be locked out by strangers.
 * Thread-safe.
 */
public final class Callers {
  private final List<Authenticator> authenticators;
  private final Throttle throttle;
  private final Counter wrong;
  private final Counter throttled;

  public Callers(List<Authenticator> authenticators, MeterRegistry meters) {
    this(authenticators, meters, Ticker.systemTicker());
  }

  Callers(List<Authenticator> authenticators, MeterRegistry meters, Ticker ticker) {
    this.authenticators = List.copyOf(authenticators);
    this.throttle = new Throttle(ticker);
    this.wrong = failures(meters, "invalid");
    this.throttled = failures(meters, "throttled");
  }

  private static Counter failures(MeterRegistry meters, String reason) {
    return Counter.builder("llmtrace.authentication.failures")
        .description(
            "Requests whose bearer token was not valid, and those of them that were told to wait")
        .tag("reason", reason)
        .register(meters);
  }

  /**
   * The caller of a token; empty for one that is not valid.
   *
   * @throws WebApplicationException 429 with {@code Retry-After} for one that is not valid, after
   *     too many of them
   * @throws io.llmtrace.controlplane.storage.StorageUnavailableException while it cannot be known
   */
  public Optional<Caller> identify(String token, Origin origin) {
    Optional<Caller> caller =
        authenticators.stream()
            .filter(each -> each.knows(token))
            .findFirst()
            .flatMap(each -> each.authenticate(token, origin));
    if (caller.isPresent()) {
      return caller;
    }
    wrong.increment();
    throttle
        .failed(origin.address())
        .ifPresent(
            wait -> {
              throw tooMany(wait);
            });
    return Optional.empty();
  }

  private WebApplicationException tooMany(Duration wait) {
    throttled.increment();
    return new WebApplicationException(
        Problem.builder(429, "a valid key is needed, and too many wrong ones were sent: wait")
            .header("Retry-After", Long.toString(wait.toSeconds()))
            .build());
  }
}
