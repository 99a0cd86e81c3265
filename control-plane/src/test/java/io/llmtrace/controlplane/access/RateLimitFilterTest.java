package io.llmtrace.controlplane.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.runtime.config.OtlpIngestConfig;
import io.llmtrace.runtime.config.RateLimitConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.glassfish.jersey.internal.MapPropertiesDelegate;
import org.glassfish.jersey.server.ContainerRequest;
import org.junit.jupiter.api.Test;

/** Which requests are counted, and against what. */
class RateLimitFilterTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final AtomicLong now = new AtomicLong();

  private RateLimitFilter filter(RateLimitConfig spans) {
    return new RateLimitFilter(new RateLimitConfig(1, 2), spans, meters, now::get);
  }

  private static int status(RateLimitFilter filter, String path, String key) {
    Response refused = refused(filter, path, key);
    return refused == null ? 200 : refused.getStatus();
  }

  private static Response refused(RateLimitFilter filter, String path, String key) {
    URI base = URI.create("http://127.0.0.1/");
    ContainerRequest request =
        new ContainerRequest(
            base, base.resolve(path), "POST", null, new MapPropertiesDelegate(), null);
    new Caller(
            key,
            Caller.Kind.KEY,
            key,
            List.of(new Grant(Role.INSTANCE, TenantScope.all())),
            Set.of(),
            new Origin("127.0.0.1", "", "r"))
        .attachTo(request);
    filter.filter(request);
    return request.getAbortResponse();
  }

  @Test
  void spansAreLimitedForEachKeyAndTheirSenderIsToldWhenToComeAgain() {
    RateLimitFilter filter = filter(new RateLimitConfig(1, 3));
    for (int i = 0; i < 3; i++) {
      assertThat(status(filter, "v1/traces", "flood")).isEqualTo(200);
    }
    Response refused = refused(filter, "v1/traces", "flood");
    assertThat(refused.getStatus()).isEqualTo(429);
    assertThat(refused.getHeaderString("Retry-After")).isEqualTo("1");
    assertThat(meters.get("llmtrace.api.rate.limited").counter().count()).isEqualTo(1);
    assertThat(status(filter, "v1/traces", "other")).as("another key").isEqualTo(200);
    assertThat(status(filter, "api/v1/me", "flood")).as("what people ask").isEqualTo(200);
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(status(filter, "v1/traces", "flood")).isEqualTo(200);
  }

  @Test
  void fiveHundredExportersOfOneKeyAreNotInTheWayOfEachOther() {
    RateLimitFilter filter = filter(OtlpIngestConfig.RATE);
    for (int minute = 0; minute < 12; minute++) {
      // All at once, as after a restart of all of them.
      for (int exporter = 0; exporter < 500; exporter++) {
        assertThat(status(filter, "v1/traces", "apps")).isEqualTo(200);
      }
      now.addAndGet(Duration.ofSeconds(5).toNanos());
    }
  }

  @Test
  void whatPluginsSendIsNotCounted() {
    RateLimitFilter filter = filter(new RateLimitConfig(1, 1));
    for (int i = 0; i < 50; i++) {
      assertThat(status(filter, "api/v1/ingest/batches", "node")).isEqualTo(200);
    }
    assertThat(status(filter, "api/v1/me", "node")).isEqualTo(200);
    assertThat(status(filter, "api/v1/me", "node")).isEqualTo(200);
    assertThat(status(filter, "api/v1/me", "node")).isEqualTo(429);
  }
}
