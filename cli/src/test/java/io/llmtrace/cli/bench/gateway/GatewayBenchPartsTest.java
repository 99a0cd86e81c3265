package io.llmtrace.cli.bench.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.wire.WireJson;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class GatewayBenchPartsTest {
  @Test
  void a_conversation_keeps_its_history_and_says_something_new() throws Exception {
    Conversation conversation = new Conversation(8 << 10, 0.2, 3);
    JsonNode first = WireJson.mapper().readTree(conversation.next());
    JsonNode second = WireJson.mapper().readTree(conversation.next());
    int last = first.path("messages").size() - 1;
    for (int i = 0; i < last; i++) {
      assertThat(second.at("/messages/" + i)).isEqualTo(first.at("/messages/" + i));
    }
    String told = first.at("/messages/" + last + "/content").asText();
    assertThat(told).hasSize((8 << 10) / 5);
    assertThat(second.at("/messages/" + last + "/content").asText()).isNotEqualTo(told);
    assertThat(conversation.next().length).isBetween(8 << 10, 9 << 10);
  }

  @Test
  void medians_are_of_pairs_and_no_contender_is_always_first() {
    assertThat(Rounds.median(List.of(3.0, 1.0, 2.0, 10.0))).isEqualTo(2.5);
    assertThat(Rounds.medianRatio(List.of(2.0, 30.0, 8.0), List.of(1.0, 10.0, 2.0))).isEqualTo(3);
    assertThat(Rounds.medianDifference(List.of(5.0, 7.0), List.of(1.0, 1.0))).isEqualTo(5);
    assertThat(List.of(0, 1, 2))
        .extracting(round -> Rounds.turned(List.of("a", "b", "c"), round).get(0))
        .containsExactlyInAnyOrder("a", "b", "c");
  }

  @Test
  void what_did_not_end_as_expected_is_an_error_and_late_is_counted_from_when_it_was_due() {
    Outcome seen = Outcome.of(2, Map.of(200, 3L, 503, 1L), 2, new long[] {4, 1_000_000, 2, 3});
    assertThat(seen.errors(200)).isEqualTo(3);
    assertThat(seen.perSecond()).isEqualTo(2);
    assertThat(seen.percentile(0.99)).isEqualTo(1);
  }

  @Test
  void clients_ask_as_often_as_they_are_told_to_and_every_answer_is_counted() throws Exception {
    try (Upstream upstream = new Upstream();
        HttpLoad load = new HttpLoad(upstream.port())) {
      Outcome open = load.open(new Conversation(1 << 10, 1, 5)::next, 4, 0.5, 200);
      assertThat(open.statuses()).containsExactly(Map.entry(200, 100L));
      assertThat(open.errors(200)).isZero();
      Outcome closed = load.closed(new Conversation(1 << 10, 1, 5)::next, 4, 0.2);
      assertThat(closed.statuses()).containsOnlyKeys(200);
      assertThat(closed.nanos().length).isPositive();
    }
  }

  @Test
  void a_provider_that_goes_away_is_failures_and_an_end() throws Exception {
    Upstream upstream = new Upstream();
    try (HttpLoad load = new HttpLoad(upstream.port())) {
      Thread killer =
          new Thread(
              () -> {
                try {
                  Thread.sleep(200);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                upstream.close();
              });
      killer.start();
      Outcome seen = load.open(new Conversation(1 << 10, 1, 5)::next, 2, 1.5, 100);
      killer.join();
      assertThat(seen.failed() + seen.nanos().length).isGreaterThanOrEqualTo(1);
      assertThat(seen.nanos().length).isLessThan(150);
    }
  }
}
