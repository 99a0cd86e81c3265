package io.llmtrace.controlplane.conversations;

import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.StoredRows;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.id.Ulid;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class ConversationsTest {
  private static final String FIRST = "1".repeat(32);
  private static final String SECOND = "2".repeat(32);

  private static TestControlPlane plane;
  private static List<String> ids = new ArrayList<>();

  @BeforeAll
  static void talk(TestControlPlane given) throws Exception {
    plane = given;
    StoredRows rows = new StoredRows(given);
    ids.clear();
    for (String line :
        List.of(
            "2026-06-01T10:00:00Z " + FIRST,
            "2026-06-01T11:00:00Z " + SECOND,
            "2026-06-01T12:00:00Z ",
            "2026-06-03T10:00:00Z " + FIRST)) {
      String id = Ulid.of(Instant.parse(line.substring(0, 20)).toEpochMilli(), 3, ids.size());
      ids.add(id);
      rows.exchange(
          id,
          "talks",
          "r" + ids.size(),
          "\"consumer\":\"anna\",\"conversation\":\"" + line.substring(21) + "\"");
    }
    rows.completion(ids.get(0), "talks", 200, 1, "0.25")
        .completion(ids.get(3), "talks", 200, 1, "0.000000375")
        .finding(ids.get(0), "talks", "request", 1, "jailbreak", "low", "e")
        .finding(ids.get(3), "talks", "answer", 1, "pii_detected", "critical", "e");
  }

  @Test
  void exchangesThatBelongTogetherAreOneConversation() throws Exception {
    JsonNode items = list("since=2026-06-01&until=2026-06-10").path("items");
    assertThat(items).extracting(one -> one.path("id").asText()).containsExactly(SECOND, FIRST);
    JsonNode first = items.get(1);
    assertThat(first.path("requests").asInt()).isEqualTo(2);
    assertThat(first.path("first_decision_id").asText()).isEqualTo(ids.get(0));
    assertThat(first.path("last_decision_id").asText()).isEqualTo(ids.get(3));
    assertThat(first.path("findings").asInt()).isEqualTo(2);
    assertThat(first.path("severity").asText()).isEqualTo("critical");
    assertThat(first.path("cost_usd").decimalValue()).isEqualByComparingTo("0.250000375");
    assertThat(first.path("cost_unknown").asInt()).isZero();
    assertThat(first.path("route").asText()).isEqualTo("r1");
    assertThat(items.get(0).path("cost_unknown").asInt()).isOne();
    // A filter is about how a conversation began; its sums are of all of it.
    JsonNode filtered = list("since=2026-06-01&until=2026-06-10&route=r1").path("items");
    assertThat(filtered).hasSize(1);
    assertThat(filtered.get(0)).isEqualTo(first);
    assertThat(list("since=2026-06-01&until=2026-06-10&route=r4").path("items")).isEmpty();
  }

  @Test
  void pagesHoldEachOnce() throws Exception {
    List<String> read = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page = list("since=2026-06-01&until=2026-06-10&order=oldest&limit=1" + cursor);
      page.path("items").forEach(one -> read.add(one.path("id").asText()));
      cursor = page.has("next") ? "&cursor=" + page.path("next").asText() : "";
    } while (!cursor.isEmpty());
    assertThat(read).containsExactly(FIRST, SECOND);
  }

  @Test
  void oneIsReadWithItsExchanges() throws Exception {
    JsonNode one = json(get("/" + FIRST + "?since=2026-06-01&fields=decision_id,state"));
    assertThat(one.path("requests").asInt()).isEqualTo(2);
    assertThat(one.at("/exchanges/items"))
        .extracting(each -> each.path("decision_id").asText())
        .containsExactly(ids.get(0), ids.get(3));
    assertThat(get("/" + FIRST + "?until=2026-05-01").statusCode()).isEqualTo(404);
    assertThat(get("/" + "3".repeat(32) + "?since=2026-06-01").statusCode()).isEqualTo(404);
    assertThat(get("/x").statusCode()).isEqualTo(404);
    assertThat(get("?since=2026-06-01&until=2026-08-01").statusCode()).isEqualTo(400);
    assertThat(get("?conversation=x").statusCode()).isEqualTo(400);
  }

  private static JsonNode list(String query) throws Exception {
    HttpResponse<String> answer = get("?tenant=talks&" + query);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return json(answer);
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return plane.call("GET", "/api/v1/conversations" + path, plane.admin(), null);
  }
}
