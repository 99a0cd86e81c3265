package io.llmtrace.controlplane.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.ws.rs.WebApplicationException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CallersTest {
  private final AtomicLong now = new AtomicLong();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final AtomicLong asked = new AtomicLong();
  private final Callers callers = new Callers(List.of(new Doors()), meters, now::get);

  /** Tokens are {@code prefix:secret}; the secret {@code good} is right. */
  private final class Doors implements Authenticator {
    @Override
    public boolean knows(String token) {
      return token.contains(":");
    }

    @Override
    public Optional<String> handle(String token) {
      return Optional.of(token.substring(0, token.indexOf(':')));
    }

    @Override
    public Optional<Caller> authenticate(String token, Origin origin) {
      asked.incrementAndGet();
      return token.endsWith(":good")
          ? Optional.of(new Caller("c", Caller.Kind.KEY, "c", List.of(), Set.of(), origin))
          : Optional.empty();
    }
  }

  private String outcome(String address, String token) {
    try {
      return callers.identify(token, new Origin(address, "", "r")).isPresent() ? "in" : "401";
    } catch (WebApplicationException e) {
      assertThat(e.getResponse().getStatus()).isEqualTo(429);
      assertThat(Integer.parseInt(e.getResponse().getHeaderString("Retry-After"))).isBetween(1, 67);
      return "429";
    }
  }

  private void guess(String address, String token, int times) {
    for (int i = 0; i < times; i++) {
      String unused = outcome(address, token);
    }
  }

  @Test
  void anAddressThatGuessesIsNotListenedToForAWhile() {
    for (int i = 0; i < Throttle.BURST; i++) {
      assertThat(outcome("10.0.0.1", "p" + i + ":bad")).isEqualTo("401");
    }
    assertThat(outcome("10.0.0.1", "p:bad")).isEqualTo("429");
    long looked = asked.get();
    // Not even a right one is looked at: guesses cost nothing and learn nothing.
    assertThat(outcome("10.0.0.1", "new:good")).isEqualTo("429");
    assertThat(outcome("10.0.0.1", "no form at all")).isEqualTo("429");
    assertThat(asked.get()).isEqualTo(looked);
    assertThat(outcome("10.0.0.2", "new:good")).isEqualTo("in");
    assertThat(count("throttled")).isEqualTo(3);
    assertThat(count("invalid")).isEqualTo(Throttle.BURST + 1);

    now.addAndGet(Throttle.FORGIVES_ONE.multipliedBy(2).toNanos());
    assertThat(outcome("10.0.0.1", "new:good")).isEqualTo("in");
    now.addAndGet(Throttle.FORGIVES_ONE.multipliedBy(Throttle.BURST + 2).toNanos());
    for (int i = 0; i < Throttle.BURST; i++) {
      assertThat(outcome("10.0.0.1", "q:bad")).isEqualTo("401");
    }
  }

  private double count(String reason) {
    return meters.get("llmtrace.authentication.failures").tag("reason", reason).counter().count();
  }

  @Test
  void aStrayClientDoesNotShutOutAKeyThatWorkedFromThere() {
    assertThat(outcome("10.0.0.1", "works:good")).isEqualTo("in");
    guess("10.0.0.1", "stray:bad", 50);
    assertThat(outcome("10.0.0.1", "works:good")).isEqualTo("in");
    // But who guesses that very key from there is stopped, too.
    guess("10.0.0.1", "works:bad", 50);
    assertThat(outcome("10.0.0.1", "works:bad")).isEqualTo("429");
    assertThat(outcome("10.0.0.9", "works:good")).isEqualTo("in");
  }

  @Test
  void guessesOfAKeyFromEverywhereWaitAndTheKeyItselfDoesNot() {
    for (int i = 0; i < 40; i++) {
      String address = "10.1.0." + i;
      assertThat(outcome(address, "wanted:bad")).isEqualTo(i < Throttle.BURST ? "401" : "429");
    }
    assertThat(outcome("10.2.0.1", "wanted:good")).isEqualTo("in");
    assertThat(outcome("10.1.0.3", "wanted:good")).isEqualTo("in");
  }

  @Test
  void anIpv6CustomerIsOneSource() {
    for (int i = 0; i <= Throttle.BURST; i++) {
      String unused = outcome("2001:db8:1:2::" + i, "x" + i + ":bad");
    }
    assertThat(outcome("2001:db8:1:2:ffff::1", "y:bad")).isEqualTo("429");
    assertThat(outcome("2001:db8:1:3::1", "y:bad")).isEqualTo("401");
  }

  @Test
  void whatIsRememberedIsBounded() {
    Throttle throttle = new Throttle(now::get);
    for (int i = 0; i < 200_000; i++) {
      Optional<Duration> unused =
          throttle.failed(
              "10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255), Optional.of("p" + i));
    }
    assertThat(throttle.remembered()).isLessThanOrEqualTo(4 * 10_000L);
  }

  @Test
  void aMethodThatDoesNotSayWhatItAsksForDoesNotStart() {
    assertThat(ApiOperation.of(List.of(MeResource.class))).hasSize(1);
    assertThatThrownBy(() -> ApiOperation.of(List.of(Open.class)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("expected one of @Requires and @AnyCaller, for GET /api/v1/open");
    assertThatThrownBy(() -> ApiOperation.of(List.of(Hidden.class)))
        .hasMessageContaining("sub-resources are not checked");
  }

  @jakarta.ws.rs.Path("/api/v1/open")
  public static final class Open {
    @jakarta.ws.rs.GET
    public String get() {
      return "";
    }
  }

  @jakarta.ws.rs.Path("/api")
  public static final class Hidden {
    @jakarta.ws.rs.Path("v1/x")
    public Open get() {
      return new Open();
    }
  }
}
