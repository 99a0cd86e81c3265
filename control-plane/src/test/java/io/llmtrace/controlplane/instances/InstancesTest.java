package io.llmtrace.controlplane.instances;

import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.TestControlPlane;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class InstancesTest {
  @Test
  void aNodeTellsHowItDoesAndWhenItTold(TestControlPlane plane) throws Exception {
    long now = System.currentTimeMillis();
    plane.sql(
        ("INSERT INTO instances (node, received_at, snapshot) VALUES"
                + " ('i-a', now(), '{\"node\":\"i-a\",\"at\":%d,\"version\":\"1.2\",\"problems\":[\"p\"],"
                + "\"routes\":[{\"key\":\"k\",\"values\":{\"mode\":\"enforce\"}}]}'),"
                + " ('i-b', now() - interval '1 minute', '{\"node\":\"i-b\",\"at\":%d}')")
            .formatted(now + 30_000, now - 60_000));
    JsonNode ahead = json(get(plane, "/i-a"));
    assertThat(ahead.path("silent").asBoolean()).isFalse();
    assertThat(ahead.path("clock_skew_ms").asLong()).isBetween(25_000L, 31_000L);
    assertThat(ahead.path("version").asText()).isEqualTo("1.2");
    assertThat(ahead.at("/routes/0/values/mode").asText()).isEqualTo("enforce");
    assertThat(ahead.at("/problems/0").asText()).isEqualTo("p");
    JsonNode silent = json(get(plane, "/i-b"));
    assertThat(silent.path("silent").asBoolean()).isTrue();
    assertThat(silent.path("silent_for_ms").asLong()).isGreaterThanOrEqualTo(60_000);
    assertThat(silent.path("clock_skew_ms").asLong()).isBetween(-5_000L, 5_000L);
    assertThat(get(plane, "?silent=true").body()).contains("i-b").doesNotContain("i-a");
    assertThat(get(plane, "?silent=false").body()).contains("i-a").doesNotContain("i-b");
    assertThat(get(plane, "?silent=maybe").statusCode()).isEqualTo(400);
    assertThat(get(plane, "/nobody").statusCode()).isEqualTo(404);
    assertThat(json(get(plane, "?limit=1")).has("next")).isTrue();
  }

  private static HttpResponse<String> get(TestControlPlane plane, String path) throws Exception {
    return plane.call("GET", "/api/v1/instances" + path, plane.admin(), null);
  }
}
