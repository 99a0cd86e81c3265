package io.llmtrace.controlplane.alerts.channels;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.outbound.Signature;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.ChannelConfig.Common;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.testkit.sinks.PagerDutySink;
import io.llmtrace.testkit.sinks.SlackSink;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ChannelFormsTest {
  private static final URI SLACK =
      URI.create("https://hooks.slack.example/services/T/B/SECRETPART");
  private static final URI HOOK = URI.create("https://user:hidden@hook.example/in?token=hidden");

  private static JsonNode body(Channel channel, Notice notice) throws IOException {
    return body(channel, notice, Context.first(Notices.AT));
  }

  private static JsonNode body(Channel channel, Notice notice, Context context) throws IOException {
    return Json.MAPPER.readTree(((HttpCall) channel.render(notice, context)).body());
  }

  @Test
  void slackSaysWhatHappenedInItsHeaderAndColoursBySeverity() throws IOException {
    JsonNode body = body(Notices.slack(SLACK), Notices.errorRate(Kind.FIRING, 1));

    assertThat(body.at("/blocks/0/text/text").asText())
        .isEqualTo("Firing (critical): Error rate 7.3 % on route chat");
    assertThat(body.at("/attachments/0/color").asText()).isEqualTo("#b3261e");
    assertThat(body.at("/attachments/0/blocks/0/text/text").asText())
        .isEqualTo("139 of 1,900 requests failed; the threshold is 5 %.");
    assertThat(body.toString())
        .contains("<https://llmtrace.example/incidents/1?a=1&amp;b=2|Open the incident>")
        .contains("*route*\\n`chat`");
    assertThat(
            body(Notices.slack(SLACK), Notices.errorRate(Kind.RESOLVED, 3))
                .at("/attachments/0/color")
                .asText())
        .isEqualTo("#2e7d32");
  }

  @Test
  void aMentionInDataCallsNobodyInSlack() throws IOException {
    String all = body(Notices.slack(SLACK), Notices.saying("<!channel> & <@U1>")).toString();

    assertThat(all).contains("&lt;!channel&gt; &amp; &lt;@U1&gt;").doesNotContain("<!", "<@");
  }

  @Test
  void anAppsFollowUpsGoIntoTheThreadOfTheFirstMessage() throws Exception {
    try (SlackSink sink = SlackSink.start()) {
      Channel app = Notices.slackApp(sink.api(), SlackSink.TOKEN, SlackSink.CHANNEL);
      HttpResponse<byte[]> first = Post.send(app, Notices.errorRate(Kind.FIRING, 1));
      Optional<String> reference = app.reference(first.body());
      Context follows = new Context(Notices.AT, reference.orElseThrow());

      assertThat(Post.judged(app, Post.send(app, Notices.errorRate(Kind.ACKNOWLEDGED, 2), follows)))
          .isEqualTo(new Verdict.Delivered());
      assertThat(Post.judged(app, Post.send(app, Notices.errorRate(Kind.RESOLVED, 3), follows)))
          .isEqualTo(new Verdict.Delivered());

      var told = sink.ledger().byIncident(Notices.INCIDENT);
      assertThat(told).hasSize(3);
      assertThat(told.get(0).body().has("thread_ts")).isFalse();
      assertThat(told.get(1).body().get("thread_ts").asText()).isEqualTo(reference.get());
      assertThat(told.get(1).body().has("reply_broadcast")).isFalse();
      assertThat(told.get(2).body().get("reply_broadcast").asBoolean()).isTrue();
      assertThat(told.get(2).body().at("/metadata/event_payload/id").asText())
          .isEqualTo("01JNNOTICE3");
    }
  }

  @Test
  void pagerDutyFollowsAnIncidentByItsKey() throws Exception {
    try (PagerDutySink sink = PagerDutySink.start()) {
      Channel channel = Notices.pagerDuty(sink.events());
      long number = 0;
      for (Kind kind : List.of(Kind.FIRING, Kind.REMINDER, Kind.ESCALATED, Kind.COMMENTED)) {
        Post.send(channel, Notices.errorRate(kind, ++number));
        assertThat(sink.states())
            .containsExactly(Map.entry(Notices.INCIDENT, PagerDutySink.State.TRIGGERED));
      }
      Post.send(channel, Notices.errorRate(Kind.ACKNOWLEDGED, ++number));
      assertThat(sink.state(Notices.INCIDENT)).contains(PagerDutySink.State.ACKNOWLEDGED);
      Post.send(channel, Notices.errorRate(Kind.RESOLVED, ++number));
      assertThat(sink.state(Notices.INCIDENT)).contains(PagerDutySink.State.RESOLVED);
      assertThat(sink.byDedupKey(Notices.INCIDENT)).hasSize(6);
      assertThat(sink.ledger().duplicates()).isEmpty();

      JsonNode payload = sink.ledger().received().get(0).body().get("payload");
      assertThat(payload.get("severity").asText()).isEqualTo("critical");
      assertThat(payload.get("source").asText()).isEqualTo("model=gpt-4o, route=chat");
      assertThat(payload.get("component").asText()).isEqualTo("gpt-4o");
      assertThat(payload.get("group").asText()).isEqualTo("acme");
      assertThat(payload.get("class").asText()).isEqualTo("high_error_rate");
      assertThat(payload.at("/custom_details/values/Requests").asText()).isEqualTo("1900");
    }
  }

  @Test
  void anAlertmanagerKnowsAnIncidentByLabelsThatItTakes() throws IOException {
    Channel channel = Notices.alertmanager(URI.create("http://am.example:9093/prefix/"));
    HttpCall call =
        (HttpCall) channel.render(Notices.errorRate(Kind.FIRING, 1), Context.first(Notices.AT));
    assertThat(call.target().toString()).isEqualTo("http://am.example:9093/prefix/api/v2/alerts");

    JsonNode firing = Json.MAPPER.readTree(call.body()).get(0);
    JsonNode resolved = body(channel, Notices.errorRate(Kind.RESOLVED, 2)).get(0);
    assertThat(firing.get("labels").toString())
        .isEqualTo(
            "{\"alertname\":\"high_error_rate\",\"model\":\"gpt-4o\",\"route\":\"chat\","
                + "\"severity\":\"critical\",\"tenant\":\"acme\"}");
    assertThat(resolved.get("labels")).isEqualTo(firing.get("labels"));
    assertThat(firing.get("startsAt").asText()).isEqualTo("2026-03-01T10:00:00Z");
    assertThat(firing.get("endsAt").asText()).isEqualTo("2026-03-08T10:05:00Z");
    assertThat(resolved.get("endsAt").asText()).isEqualTo("2026-03-01T10:05:00Z");

    JsonNode odd = body(channel, Notices.saying("__name er")).get(0).get("labels");
    assertThat(odd.get("name_er").asText()).isEqualTo("__name er");
  }

  @Test
  void mailsOfAnIncidentAreOneThread() {
    Channel channel = Notices.email();
    Mail first =
        (Mail) channel.render(Notices.errorRate(Kind.FIRING, 1), Context.first(Notices.AT));
    Mail second =
        (Mail) channel.render(Notices.errorRate(Kind.RESOLVED, 2), Context.first(Notices.AT));

    assertThat(first.headers().get("Message-ID"))
        .isEqualTo("<incident.01JNINCIDENT@llmtrace.example>");
    assertThat(second.headers())
        .containsEntry("Message-ID", "<notice.01JNNOTICE2@llmtrace.example>")
        .containsEntry("References", first.headers().get("Message-ID"))
        .containsEntry("Date", "Sun, 1 Mar 2026 10:05:00 GMT");
    assertThat(second.subject())
        .isEqualTo("[LLMTrace] Resolved (critical): Error rate 7.3 % on route chat");
    assertThat(second.text())
        .contains("Traffic: Requests were answered with 5xx.", "Until: 2026-03-01 10:05:00 UTC");
    assertThat(
            ((Mail) channel.render(Notices.saying("a\r\nBcc: x@y.z"), Context.first(Notices.AT)))
                .subject())
        .isEqualTo("[LLMTrace] Comment (low): a Bcc: x@y.z");
  }

  /** The example of the specification's own libraries. */
  @Test
  void signsAsStandardWebhooksDoes() {
    Signature signature = Signature.of(Secret.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));

    assertThat(
            signature.headers(
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                Instant.ofEpochSecond(1_614_265_330),
                "{\"test\": 2432232314}".getBytes(UTF_8)))
        .containsEntry("webhook-timestamp", "1614265330")
        .containsEntry("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  }

  @Test
  void aSecretIsReplacedByTellingBoth() {
    Map<String, String> headers =
        Signature.of(Secret.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_AAAA"))
            .headers("a", Notices.AT, new byte[0]);

    assertThat(headers.get("webhook-signature")).matches("v1,[^ ]{44} v1,[^ ]{44}");
  }

  @Test
  void aTemplateIsFilledInItsStringsAndOutside() throws IOException {
    Notice notice = Notices.saying("a \"quoted\" \\ line\nand {{title}}");
    JsonNode body =
        body(
            Notices.webhook(
                HOOK,
                null,
                "{\"text\": \"{{ title }} of {{labels.route}}\", \"none\": \"{{labels.gone}}\","
                    + " \"step\": {{number}}, \"labels\": {{labels}}, \"gone\": {{links.data}}}"),
            notice);

    String line = "a \"quoted\" \\ line and {{title}}";
    assertThat(body.get("text").asText()).isEqualTo(line + " of " + line);
    assertThat(body.get("none").asText()).isEmpty();
    assertThat(body.get("step").asInt()).isEqualTo(2);
    assertThat(body.get("labels").get("route").asText()).isEqualTo(line);
    assertThat(body.get("gone").isNull()).isTrue();
  }

  @Test
  void aTemplateThatCannotBecomeJsonIsRefusedWithItsPlace() {
    assertThat(problems("{\n  \"text\": \"{{titel}}\"}"))
        .singleElement()
        .asString()
        .startsWith(
            "template line 2, column 12: unknown placeholder {{titel}}; expected one of at,")
        .endsWith("or labels.NAME");
    assertThat(problems("{\"text\": \"{{title\"}"))
        .singleElement()
        .asString()
        .startsWith("template line 1, column 11: {{ without }}");
    assertThat(problems("{\"text\": {{title}} {{title}}}"))
        .singleElement()
        .asString()
        .startsWith("template: does not become JSON");
    assertThat(problems("{\"text\": \"{{title}}\"}")).isEmpty();
  }

  private static List<String> problems(String template) {
    return Channels.problems(
        new ChannelConfig.Webhook(Common.of("hook"), Secret.of(HOOK.toString()), null, template));
  }

  @Test
  void whatIsWrongIsToldWithoutCredentials() {
    var config =
        new ChannelConfig.Webhook(
            Common.of("hook"), Secret.of("hidden secret"), Secret.of("whsec_!hidden!"), null);

    assertThat(Channels.problems(config))
        .containsExactly(
            "url: is no address; expected https://host/path",
            "secret: begins with whsec_ and goes on with what is no base64; expected whsec_ and"
                + " base64, or a text that begins in another way");
    assertThatThrownBy(() -> Channels.of(config))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("channel hook: url: ")
        .hasMessageNotContaining("hidden");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void previewsShowTheMessageAndNoCredential(Kind kind) {
    Notice notice = Notices.errorRate(kind, 2);
    List<Channel> channels =
        List.of(
            Notices.slack(SLACK),
            Notices.slackApp(URI.create("https://slack.example/api"), "xoxb-hidden", "#alerts"),
            Notices.pagerDuty(URI.create("https://events.example")),
            Notices.webhook(HOOK, "hidden", null),
            Notices.alertmanager(HOOK),
            Notices.teams(HOOK),
            Notices.email());
    for (Channel channel : channels) {
      JsonNode preview = channel.preview(notice, Context.first(Notices.AT));
      Outgoing outgoing = channel.render(notice, Context.first(Notices.AT));

      assertThat(preview + " " + outgoing + " " + channel.destination())
          .contains("Error rate 7.3 % on route chat")
          .doesNotContain("hidden", "SECRETPART", Notices.ROUTING_KEY)
          .doesNotContain("Basic ");
    }
  }

  @Test
  void anAddressWithAUserSendsItAsAHeader() {
    HttpCall call =
        (HttpCall)
            Notices.webhook(HOOK, null, null)
                .render(Notices.errorRate(Kind.TEST, 1), Context.first(Notices.AT));

    assertThat(call.target().toString()).isEqualTo("https://hook.example/in?token=hidden");
    assertThat(call.headers()).containsEntry("Authorization", "Basic dXNlcjpoaWRkZW4=");
  }

  @Test
  void answersAreJudgedByWhatTheServiceMeans() {
    Channel slack = Notices.slack(SLACK);
    Channel app = Notices.slackApp(URI.create("https://slack.example/api"), "xoxb-1", "#a");
    Channel pagerDuty = Notices.pagerDuty(URI.create("https://events.example"));
    Channel hook = Notices.webhook(HOOK, null, null);
    Channel teams = Notices.teams(HOOK);
    Channel mail = Notices.email();

    assertThat(judge(slack, 200, "ok")).isInstanceOf(Verdict.Delivered.class);
    assertThat(judge(slack, 200, "<html>proxy")).isInstanceOf(Verdict.Retry.class);
    assertThat(judge(slack, 404, "no_service"))
        .isEqualTo(new Verdict.Hopeless("Slack answered 404: no_service"));
    assertThat(judge(slack, 410, "channel_is_archived")).isInstanceOf(Verdict.Hopeless.class);
    assertThat(judge(slack, 500, "rollup_error")).isInstanceOf(Verdict.Retry.class);
    assertThat(judge(app, 200, "{\"ok\":true,\"ts\":\"1.2\",\"message\":{\"te"))
        .isInstanceOf(Verdict.Delivered.class);
    assertThat(judge(app, 200, "{\"ok\":false,\"error\":\"ratelimited\"}"))
        .isEqualTo(new Verdict.Retry("Slack answered: ratelimited", null));
    assertThat(judge(app, 200, "{\"ok\":false,\"error\":\"channel_not_found\"}"))
        .isEqualTo(new Verdict.Hopeless("Slack answered: channel_not_found"));
    assertThat(judge(app, 200, "nonsense")).isInstanceOf(Verdict.Retry.class);
    assertThat(judge(pagerDuty, 202, "{\"status\":\"success\"}"))
        .isInstanceOf(Verdict.Delivered.class);
    assertThat(judge(pagerDuty, 200, "{\"status\":\"throttled\"}"))
        .isInstanceOf(Verdict.Retry.class);
    assertThat(judge(pagerDuty, 400, "{\"status\":\"invalid event\"}"))
        .isInstanceOf(Verdict.Hopeless.class);
    assertThat(judge(hook, 204, "")).isInstanceOf(Verdict.Delivered.class);
    assertThat(judge(hook, 301, "")).isInstanceOf(Verdict.Hopeless.class);
    assertThat(judge(hook, 408, "")).isInstanceOf(Verdict.Retry.class);
    assertThat(judge(hook, 400, "you sent " + HOOK))
        .isEqualTo(new Verdict.Hopeless("The webhook answered 400: you sent ***"));
    assertThat(judge(teams, 202, "")).isInstanceOf(Verdict.Delivered.class);
    assertThat(judge(teams, 200, "delivery failed: HTTP error 413"))
        .isInstanceOf(Verdict.Hopeless.class);
    assertThat(judge(teams, 200, "delivery failed: HTTP error 429"))
        .isInstanceOf(Verdict.Retry.class);
    assertThat(judge(mail, 250, "")).isInstanceOf(Verdict.Delivered.class);
    assertThat(judge(mail, 451, "later")).isInstanceOf(Verdict.Retry.class);
    assertThat(judge(mail, 550, "no such user")).isInstanceOf(Verdict.Hopeless.class);
  }

  @Test
  void retryAfterIsReadInBothFormsAndBounded() {
    assertThat(waiting(Map.of("retry-after", List.of("30")))).isEqualTo(Duration.ofSeconds(30));
    assertThat(waiting(Map.of("Retry-After", List.of("999999999"))))
        .isEqualTo(Duration.ofHours(24));
    assertThat(
            waiting(
                Map.of(
                    "Date", List.of("Sun, 01 Mar 2026 10:00:00 GMT"),
                    "Retry-After", List.of("Sun, 01 Mar 2026 10:02:00 GMT"))))
        .isEqualTo(Duration.ofMinutes(2));
    assertThat(waiting(Map.of("Retry-After", List.of("soon")))).isNull();
  }

  private static @Nullable Duration waiting(Map<String, List<String>> headers) {
    Verdict verdict = Notices.slack(SLACK).judge(429, headers, "rate_limited".getBytes(UTF_8));
    return ((Verdict.Retry) verdict).after();
  }

  private static Verdict judge(Channel channel, int status, String body) {
    return channel.judge(status, Map.of(), body.getBytes(UTF_8));
  }
}
