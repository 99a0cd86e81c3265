package io.llmtrace.policies.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.json.WireJson;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LimitLeaseTest {
  @Test
  void is_the_same_after_it_went_over_the_wire() throws Exception {
    LimitLease lease =
        new LimitLease(
            "monthly-budget",
            Map.of(Dimension.TENANT, "acme", Dimension.MODEL, "gpt-4o"),
            LimitKind.COST_USD,
            Window.MONTH,
            125.5,
            1_800_000_000_000L,
            42);
    String json = WireJson.mapper().writeValueAsString(lease);
    assertThat(json)
        .contains("\"kind\":\"cost_usd\"", "\"window\":\"month\"", "\"not_after\":1800000000000")
        .contains("\"tenant\":\"acme\"");
    assertThat(WireJson.mapper().readValue(json, LimitLease.class)).isEqualTo(lease);
  }

  @Test
  void a_rate_has_no_window_and_later_fields_are_ignored() throws Exception {
    String json =
        """
        {"limit":"rpm","key":{},"kind":"requests_per_minute","granted":60,"not_after":1,"revision":2,"later":true}
        """;
    LimitLease lease = WireJson.mapper().readValue(json, LimitLease.class);
    assertThat(lease.window()).isNull();
    assertThat(lease.granted()).isEqualTo(60);
  }
}
