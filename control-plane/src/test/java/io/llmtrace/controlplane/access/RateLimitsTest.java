package io.llmtrace.controlplane.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.runtime.config.RateLimitConfig;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class RateLimitsTest {
  private final AtomicLong now = new AtomicLong(-5);
  private final RateLimits limits = new RateLimits(new RateLimitConfig(10, 3), now::get);

  @Test
  void aBurstPassesAndThenOneInEachTenth() {
    assertThat(limits.take("a").remaining()).isEqualTo(2);
    assertThat(limits.take("a").remaining()).isEqualTo(1);
    assertThat(limits.take("a").remaining()).isEqualTo(0);
    RateLimits.Taken refused = limits.take("a");
    assertThat(refused.passes()).isFalse();
    assertThat(refused.delay()).isEqualTo(Duration.ofMillis(100));
    assertThat(refused.full()).isEqualTo(Duration.ofMillis(300));
    now.addAndGet(TimeUnit.MILLISECONDS.toNanos(99));
    assertThat(limits.take("a").passes()).isFalse();
    now.addAndGet(TimeUnit.MILLISECONDS.toNanos(1));
    assertThat(limits.take("a").passes()).isTrue();
    assertThat(limits.take("a").passes()).isFalse();
  }

  @Test
  void eachCallerHasABurstOfTheirOwnAndARefusalCostsNothing() {
    for (int i = 0; i < 50; i++) {
      limits.take("a");
    }
    assertThat(limits.take("b").passes()).isTrue();
    now.addAndGet(TimeUnit.MILLISECONDS.toNanos(300));
    assertThat(limits.take("a").remaining()).isEqualTo(2);
  }

  @Test
  void memoryIsBounded() {
    for (int i = 0; i < 30_000; i++) {
      limits.take("caller " + i);
    }
    assertThat(limits.remembered()).isLessThanOrEqualTo(10_000);
    now.addAndGet(TimeUnit.SECONDS.toNanos(10));
    // What was just put in is looked at by the second look.
    for (int i = 0; i < 100 && limits.remembered() > 0; i++) {
      limits.take("looker");
      now.addAndGet(TimeUnit.SECONDS.toNanos(10));
    }
    assertThat(limits.remembered()).isLessThanOrEqualTo(1);
  }

  @Test
  void answersSayWhatIsLeft(TestControlPlane plane) throws Exception {
    HttpResponse<String> answer = plane.call("GET", "/api/v1/me", plane.admin(), null);
    assertThat(answer.headers().firstValue("RateLimit-Policy")).hasValue("\"key\";q=100000;w=1");
    assertThat(answer.headers().firstValue("RateLimit").orElse(""))
        .matches("\"key\";r=999\\d\\d;t=1");
    HttpResponse<String> instance =
        plane.call("POST", "/api/v1/ingest/snapshots", plane.key("instance", "*"), "{}");
    assertThat(instance.statusCode()).isEqualTo(400);
    assertThat(instance.headers().firstValue("RateLimit")).isEmpty();
  }
}
