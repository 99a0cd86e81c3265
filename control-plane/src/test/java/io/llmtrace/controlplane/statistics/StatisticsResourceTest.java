package io.llmtrace.controlplane.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.TestControlPlane;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class StatisticsResourceTest {
  @Test
  void hoursThatAreGoneAreRefusedAndWholeDaysAreNot(TestControlPlane plane) throws Exception {
    for (String hours :
        new String[] {
          "from=2020-01-01T01:00:00Z&until=2020-01-02",
          "from=2020-01-01&until=2020-01-02&interval=hour"
        }) {
      HttpResponse<String> refused = ask(plane, hours);
      assertThat(refused.statusCode()).as(hours).isEqualTo(400);
      assertThat(refused.body()).contains("expected whole days");
    }
    HttpResponse<String> days = ask(plane, "from=2020-01-01&until=2020-01-02&interval=day");
    assertThat(days.statusCode()).as(days.body()).isEqualTo(200);
  }

  @Test
  void timesBeyondReasonAreRefused(TestControlPlane plane) throws Exception {
    for (String times :
        new String[] {
          "from=%2B999999999-12-31T00:00:00Z",
          "until=%2B999999999-12-31T23:59:59Z",
          "from=-999999999-01-01T00:00:00Z",
          "from=1999-12-31",
          "until=3000-01-01"
        }) {
      HttpResponse<String> refused = ask(plane, times);
      assertThat(refused.statusCode()).as(times).isEqualTo(400);
      assertThat(refused.body()).contains("expected a day such as");
    }
  }

  private static HttpResponse<String> ask(TestControlPlane plane, String query) throws Exception {
    return plane.call("GET", "/api/v1/statistics?" + query, plane.admin(), null);
  }
}
