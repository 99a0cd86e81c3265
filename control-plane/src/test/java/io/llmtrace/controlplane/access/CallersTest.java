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
  private final Callers callers = new Callers(List.of(new Doors()), meters, now::get);

  /** Tokens are {@code prefix:secret}; the secret {@code good} is right. */
  private static final class Doors implements Authenticator {
    @Override
    public boolean knows(String token) {
      return token.contains(":");
    }

    @Override
    public Optional<Caller> authenticate(String token, Origin origin) {
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

  @Test
  void anAddressThatGuessesIsToldToWaitAndARightKeyFromThereIsLetIn() {
    for (int i = 0; i < Throttle.BURST; i++) {
      assertThat(outcome("10.0.0.1", "p" + i + ":bad")).isEqualTo("401");
    }
    assertThat(outcome("10.0.0.1", "p:bad")).isEqualTo("429");
    assertThat(outcome("10.0.0.1", "no form at all")).isEqualTo("429");
    // A proxy's address is everybody's: a stranger behind it locks nobody out.
    assertThat(outcome("10.0.0.1", "new:good")).isEqualTo("in");
    assertThat(outcome("10.0.0.1", "p:bad")).isEqualTo("429");
    assertThat(outcome("10.0.0.2", "p:bad")).isEqualTo("401");
    assertThat(count("throttled")).isEqualTo(3);
    assertThat(count("invalid")).isEqualTo(Throttle.BURST + 4);

    now.addAndGet(Throttle.FORGIVES_ONE.multipliedBy(2).toNanos());
    assertThat(outcome("10.0.0.1", "p:bad")).isEqualTo("401");
    now.addAndGet(Throttle.FORGIVES_ONE.multipliedBy(Throttle.BURST + 2).toNanos());
    for (int i = 0; i < Throttle.BURST; i++) {
      assertThat(outcome("10.0.0.1", "q:bad")).isEqualTo("401");
    }
  }

  @Test
  void howeverLongStrangersGuessARightKeyIsLetInEachTime() {
    for (int i = 0; i < 1_000; i++) {
      assertThat(outcome("10.0.0.1", "wanted:bad")).isEqualTo(i < Throttle.BURST ? "401" : "429");
      assertThat(outcome("10.0.0.1", "wanted:good")).isEqualTo("in");
    }
  }

  private double count(String reason) {
    return meters.get("llmtrace.authentication.failures").tag("reason", reason).counter().count();
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
          throttle.failed("10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255));
    }
    assertThat(throttle.remembered()).isLessThanOrEqualTo(Throttle.MOST);
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
