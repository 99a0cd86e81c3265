package io.llmtrace.cli.bench.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.WireJson;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(90)
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
  void a_peak_of_memory_is_of_one_moment() {
    MemoryPeak peak = MemoryPeak.watch();
    byte[] held = new byte[64 << 20];
    held[held.length - 1] = 1;
    assertThat(peak.bytes()).isBetween(64L << 20, Runtime.getRuntime().maxMemory());
    long before = peak.bytes();
    held = null;
    System.gc();
    assertThat(peak.bytes()).as("it does not fall").isGreaterThanOrEqualTo(before);
    assertThat(held).isNull();
  }

  @Test
  void what_fills_a_cache_is_never_the_same_text_twice() throws Exception {
    ManyTexts texts = new ManyTexts();
    Set<String> seen = new HashSet<>();
    for (int body = 0; body < 3; body++) {
      WireJson.mapper()
          .readTree(texts.next())
          .path("messages")
          .forEach(message -> seen.add(message.path("content").asText()));
    }
    assertThat(seen).hasSize(texts.made()).hasSize(300);
  }

  @Test
  void a_provider_streams_to_who_asks_for_a_stream() throws Exception {
    try (Upstream upstream = new Upstream()) {
      HttpClient client = HttpClient.newHttpClient();
      for (Conversation.Reply reply : Conversation.Reply.values()) {
        byte[] body = new Conversation(1 << 10, 1, 5, reply).next();
        HttpRequest request =
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + upstream.port() + "/v1/chat/completions"))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        String answer = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
        assertThat(answer.startsWith("data: {"))
            .isEqualTo(reply == Conversation.Reply.STREAMED)
            .isEqualTo(answer.endsWith("data: [DONE]\n\n"));
      }
    }
  }

  @Test
  void a_provider_that_goes_away_is_failures_and_an_end() throws Exception {
    Upstream upstream = new Upstream();
    AtomicInteger asked = new AtomicInteger();
    Conversation conversation = new Conversation(1 << 10, 1, 5);
    try (HttpLoad load = new HttpLoad(upstream.port())) {
      Outcome seen =
          load.open(
              () -> {
                if (asked.incrementAndGet() == 20) {
                  upstream.close();
                }
                return conversation.next();
              },
              2,
              1.5,
              100);
      assertThat(seen.failed() + seen.nanos().length).isGreaterThanOrEqualTo(1);
      assertThat(seen.nanos().length).isLessThan(150);
    }
  }
}
