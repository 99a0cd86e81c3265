package io.llmtrace.testkit.sinks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Sinks refuse what the services refuse, and misbehave as they are told to. */
class HttpSinksTest {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String TRIGGER =
      "{\"routing_key\":\"%s\",\"event_action\":\"trigger\",\"dedup_key\":\"i1\",\"payload\":"
          + "{\"summary\":\"%s\",\"severity\":\"%s\",\"source\":\"s\",\"custom_details\":"
          + "{\"notice\":\"n1\"}}}";

  private static HttpResponse<String> post(URI uri, String body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(Duration.ofSeconds(60))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String trigger() {
    return String.format(TRIGGER, PagerDutySink.ROUTING_KEY, "it burns", "critical");
  }

  @Test
  void slackRefusesWhatIsTooLongOrNotEscaped() throws Exception {
    try (SlackSink sink = SlackSink.start()) {
      String message =
          "{\"text\":\"%s\",\"blocks\":[{\"type\":\"header\",\"text\":{\"type\":\"plain_text\","
              + "\"text\":\"%s\"}}]}";
      assertThat(post(sink.webhook(), String.format(message, "a", "b")).body()).isEqualTo("ok");
      for (String bad :
          List.of(
              String.format(message, "a", "b".repeat(151)),
              String.format(message, "<!channel>", "b"),
              String.format(message, "a & b", "b"),
              "{\"text\":\"a\",\"blocks\":[{\"type\":\"section\"}]}",
              "{\"text\":\"a\",\"unknown\":1}",
              "{\"blocks\":[]}",
              "no JSON")) {
        HttpResponse<String> answer = post(sink.webhook(), bad);
        assertThat(answer.statusCode()).as(bad).isEqualTo(400);
        assertThat(answer.body()).isEqualTo("invalid_payload");
      }
      assertThat(post(sink.uri("/services/other"), String.format(message, "a", "b")).statusCode())
          .isEqualTo(404);
      assertThat(sink.ledger().received()).hasSize(1);
      assertThat(sink.ledger().refused()).hasSize(8);
    }
  }

  @Test
  void slackRefusesMoreThanFiftyBlocksTogether() throws Exception {
    String divider = "{\"type\":\"divider\"}";
    String list = String.join(",", IntStream.range(0, 26).mapToObj(i -> divider).toList());
    try (SlackSink sink = SlackSink.start()) {
      String two =
          "{\"text\":\"a\",\"blocks\":["
              + list
              + "],\"attachments\":[{\"blocks\":["
              + list
              + "]}]}";
      assertThat(post(sink.webhook(), two).statusCode()).isEqualTo(400);
      assertThat(sink.ledger().refused().get(0).problems())
          .containsExactly("52 blocks; at most 50");
    }
  }

  @Test
  void slacksApiToldOfErrorsWithAStatusOf200() throws Exception {
    try (SlackSink sink = SlackSink.start()) {
      URI post = URI.create(sink.api() + "/chat.postMessage");
      String right = "{\"channel\":\"#alerts\",\"text\":\"a\"}";
      String bearer = "Bearer " + SlackSink.TOKEN;
      assertThat(post(post, right, "Authorization", bearer).body()).contains("\"ok\":true", "ts");
      assertThat(post(post, right).body()).contains("invalid_auth");
      assertThat(post(post, right.replace("#alerts", "#other"), "Authorization", bearer).body())
          .contains("channel_not_found");
      assertThat(
              post(
                      post,
                      "{\"channel\":\"#alerts\",\"text\":\"a\",\"thread_ts\":\"1.1\"}",
                      "Authorization",
                      bearer)
                  .body())
          .contains("thread_not_found");
    }
  }

  @Test
  void pagerDutyRefusesWhatItsSchemaDoes() throws Exception {
    try (PagerDutySink sink = PagerDutySink.start()) {
      URI enqueue = sink.uri("/v2/enqueue");
      assertThat(post(enqueue, trigger()).statusCode()).isEqualTo(202);
      String key = PagerDutySink.ROUTING_KEY;
      for (String bad :
          List.of(
              String.format(TRIGGER, "short", "it burns", "critical"),
              String.format(TRIGGER, key, "x".repeat(1_025), "critical"),
              String.format(TRIGGER, key, "it burns", "high"),
              String.format(TRIGGER, key, "it burns", "critical")
                  .replace("\"s\"", "\"s\",\"component\":\"" + "x".repeat(512 * 1_024) + "\""),
              "{\"routing_key\":\"" + key + "\",\"event_action\":\"resolve\"}")) {
        HttpResponse<String> answer = post(enqueue, bad);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("invalid event");
      }
      assertThat(sink.state("i1")).contains(PagerDutySink.State.TRIGGERED);
      assertThat(sink.byDedupKey("i1")).hasSize(1);
    }
  }

  @Test
  void aWebhookRefusesWrongSignaturesAndOldTimes() throws Exception {
    byte[] key = "key".getBytes(UTF_8);
    String now = Long.toString(Instant.now().getEpochSecond());
    try (WebhookSink sink =
        WebhookSink.start(Optional.of("{\"type\":\"object\"}"), Optional.of(key))) {
      assertThat(
              post(
                      sink.url(),
                      "{}",
                      "webhook-id",
                      "a",
                      "webhook-timestamp",
                      now,
                      "webhook-signature",
                      "v1,AAAA")
                  .body())
          .isEqualTo("no signature is right");
      assertThat(post(sink.url(), "[]", "webhook-id", "a", "webhook-timestamp", "1").body())
          .contains("is not of now", "object");
    }
    try (WebhookSink sink = WebhookSink.start()) {
      assertThat(post(sink.url(), "{}").body()).contains("no webhook-id");
      assertThat(post(sink.url(), "{}", "webhook-id", "a", "webhook-timestamp", now).statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void anAlertmanagerRefusesLabelsThatItDoesNotKnow() throws Exception {
    String alert =
        "[{\"labels\":{\"alertname\":\"a\",\"%s\":\"%s\"},\"startsAt\":\"2026-01-01T00:00:00Z\","
            + "\"endsAt\":\"%s\"}]";
    try (AlertmanagerSink sink = AlertmanagerSink.start()) {
      URI alerts = sink.uri("/api/v2/alerts");
      String later = "2026-01-01T01:00:00Z";
      assertThat(post(alerts, String.format(alert, "b", "c", later)).statusCode()).isEqualTo(200);
      assertThat(sink.active(Instant.parse("2026-01-01T00:30:00Z"))).hasSize(1);
      assertThat(sink.active(Instant.parse(later))).isEmpty();
      for (String bad :
          List.of(
              String.format(alert, "b-c", "c", later),
              String.format(alert, "b", "", later),
              String.format(alert, "b", "c", "2025-01-01T00:00:00Z"),
              "[{\"labels\":{}}]",
              "[]")) {
        assertThat(post(alerts, bad).statusCode()).as(bad).isEqualTo(400);
      }
    }
  }

  @Test
  void teamsRefusesLongMessagesAndTextThatItWouldRead() throws Exception {
    String message =
        "{\"type\":\"message\",\"attachments\":[{\"contentType\":"
            + "\"application/vnd.microsoft.card.adaptive\",\"content\":{\"type\":\"AdaptiveCard\","
            + "\"version\":\"1.4\",\"body\":[%s]}}]}";
    String run =
        "{\"type\":\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\",\"text\":\"%s\"}]}";
    try (TeamsSink sink = TeamsSink.start()) {
      assertThat(post(sink.url(), String.format(message, String.format(run, "a"))).statusCode())
          .isEqualTo(202);
      for (String bad :
          List.of(
              String.format(message, String.format(run, "a".repeat(28 * 1_024))),
              String.format(message, String.format(run, "{{DATE()}}")),
              String.format(message, "{\"type\":\"TextBlock\",\"text\":\"[a](http://b)\"}"),
              String.format(message, ""))) {
        assertThat(post(sink.url(), bad).statusCode()).isEqualTo(400);
      }
    }
  }

  @Test
  void faultsComeInTheirOrderAndOnlyAcceptedMessagesAreKept() throws Exception {
    try (PagerDutySink sink = PagerDutySink.start()) {
      URI enqueue = sink.uri("/v2/enqueue");
      sink.faults(
          Faults.script(
              new Fault.RateLimited(7),
              new Fault.Status(503),
              new Fault.ErrorBody(),
              new Fault.Reset(),
              new Fault.ResetAfterAccepting(),
              new Fault.Slow(Duration.ofMillis(20))));

      HttpResponse<String> limited = post(enqueue, trigger());
      assertThat(limited.statusCode()).isEqualTo(429);
      assertThat(limited.headers().firstValue("retry-after")).contains("7");
      assertThat(post(enqueue, trigger()).statusCode()).isEqualTo(503);
      assertThat(post(enqueue, trigger()).body()).contains("throttled");
      assertThatThrownBy(() -> post(enqueue, trigger())).isInstanceOf(IOException.class);
      assertThat(sink.ledger().received()).isEmpty();
      assertThatThrownBy(() -> post(enqueue, trigger())).isInstanceOf(IOException.class);
      assertThat(sink.ledger().await(1, Duration.ofSeconds(30))).isTrue();
      assertThat(sink.ledger().received().get(0).answered()).isFalse();
      assertThat(post(enqueue, trigger()).statusCode()).isEqualTo(202);
      assertThat(post(enqueue, trigger()).statusCode()).isEqualTo(202);

      assertThat(sink.ledger().duplicates().get("n1")).hasSize(3);
      assertThat(sink.ledger().incidents().get("i1")).hasSize(1);
      assertThat(sink.ledger().requests()).isEqualTo(7);
    }
  }

  @Test
  void aHangNeverAnswers() throws Exception {
    try (PagerDutySink sink = PagerDutySink.start()) {
      sink.faults(Faults.always(new Fault.Hang()));
      HttpRequest request =
          HttpRequest.newBuilder(sink.uri("/v2/enqueue"))
              .timeout(Duration.ofMillis(300))
              .POST(HttpRequest.BodyPublishers.ofString(trigger()))
              .build();
      assertThatThrownBy(() -> CLIENT.send(request, HttpResponse.BodyHandlers.ofString()))
          .isInstanceOf(HttpTimeoutException.class);
      assertThat(sink.ledger().received()).isEmpty();
    }
  }

  @Test
  void seededFaultsAreTheSameForTheSameSeed() {
    List<Fault> first = IntStream.range(0, 200).mapToObj(draws(1)::get).toList();
    assertThat(IntStream.range(0, 200).mapToObj(draws(1)::get).toList()).isEqualTo(first);
    assertThat(first).contains(Fault.none(), new Fault.Hang(), new Fault.Reset());
  }

  private static List<Fault> draws(long seed) {
    Faults faults = Faults.seeded(seed, 0.5, Faults.everyKind());
    return IntStream.range(0, 200).mapToObj(i -> faults.next()).toList();
  }
}
