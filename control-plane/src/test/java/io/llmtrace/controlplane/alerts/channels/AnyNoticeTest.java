package io.llmtrace.controlplane.alerts.channels;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.testkit.sinks.AlertmanagerSink;
import io.llmtrace.testkit.sinks.HttpSink;
import io.llmtrace.testkit.sinks.PagerDutySink;
import io.llmtrace.testkit.sinks.SlackSink;
import io.llmtrace.testkit.sinks.TeamsSink;
import io.llmtrace.testkit.sinks.WebhookSink;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever a notice holds, each service takes it and nothing in it is read as markup. */
class AnyNoticeTest {
  private static final String SECRET = "a secret of words";

  private static SlackSink slack;
  private static PagerDutySink pagerDuty;
  private static WebhookSink webhook;
  private static WebhookSink templated;
  private static AlertmanagerSink alertmanager;
  private static TeamsSink teams;

  @BeforeContainer
  static void start() throws IOException {
    slack = SlackSink.start();
    pagerDuty = PagerDutySink.start();
    webhook = WebhookSink.start(Optional.of(schema()), Optional.of(SECRET.getBytes(UTF_8)));
    templated = WebhookSink.start();
    alertmanager = AlertmanagerSink.start();
    teams = TeamsSink.start();
  }

  @AfterContainer
  static void stop() {
    List.of(slack, pagerDuty, webhook, templated, alertmanager, teams).forEach(HttpSink::close);
  }

  static String schema() throws IOException {
    try (InputStream in = Channel.class.getResourceAsStream("webhook-event.schema.json")) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  @Provide
  Arbitrary<Notice> notices() {
    return Notices.any();
  }

  @Property(tries = 40, shrinking = ShrinkingMode.BOUNDED)
  void isTakenByEveryService(@ForAll("notices") Notice notice) throws Exception {
    taken(Notices.slack(slack.webhook()), slack, notice);
    taken(Notices.slackApp(slack.api(), SlackSink.TOKEN, SlackSink.CHANNEL), slack, notice);
    taken(Notices.pagerDuty(pagerDuty.events()), pagerDuty, notice);
    taken(Notices.webhook(webhook.url(), SECRET, null), webhook, notice);
    taken(
        Notices.webhook(
            templated.url(),
            null,
            "{\"{{rule}}\": \"{{title}} {{labels.route}} {{summary}}\", \"n\": {{number}},"
                + " \"all\": [{{labels}}, {{facts}}, {{score}}, \"{{samples}}\"]}"),
        templated,
        notice);
    taken(Notices.alertmanager(alertmanager.url()), alertmanager, notice);
    taken(Notices.teams(teams.url()), teams, notice);
  }

  private static void taken(Channel channel, HttpSink sink, Notice notice) throws Exception {
    int before = sink.ledger().received().size();
    Verdict verdict = Post.judged(channel, Post.send(channel, notice));
    assertThat(sink.ledger().refused()).as("refused by %s", channel.name()).isEmpty();
    assertThat(verdict).isEqualTo(new Verdict.Delivered());
    assertThat(sink.ledger().received()).hasSize(before + 1);
    if (sink != templated) {
      assertThat(sink.ledger().received().get(before).key()).isEqualTo(Texts.id(notice.id()));
    }
  }

  @Property(tries = 100)
  void becomesAMailWithoutLinesInItsHeaders(@ForAll("notices") Notice notice) {
    Mail mail = (Mail) Notices.email().render(notice, Context.first(Instant.now()));

    assertThat(mail.subject()).doesNotContain("\r", "\n").hasSizeLessThanOrEqualTo(200);
    assertThat(UTF_8.newEncoder().canEncode(mail.subject() + mail.text() + mail.html())).isTrue();
    mail.headers()
        .forEach(
            (name, value) -> {
              assertThat(name + value).doesNotContain("\r", "\n");
              assertThat(US_ASCII.newEncoder().canEncode(value)).isTrue();
            });
    assertThat(
            mail.html()
                .replaceAll(
                    "</?(html|head|meta|title|body|h2|p|br|table|tr|th|td|small|a)\\b[^<>]*>", "")
                .replace("<!DOCTYPE html>", ""))
        .doesNotContain("<", ">");
    assertThat(mail.text().getBytes(StandardCharsets.UTF_8).length).isLessThan(200_000);
  }

  @Property(tries = 200)
  void isCutBetweenCharacters(@ForAll("texts") String text) {
    for (int max : new int[] {1, 2, 7, 150}) {
      String cut = Texts.bounded(Texts.clean(text), max, Texts::html);
      assertThat(cut.length()).isLessThanOrEqualTo(max);
      assertThat(UTF_8.newEncoder().canEncode(cut)).isTrue();
      assertThat(cut.replaceAll("&(amp|lt|gt|quot|#39);", "")).doesNotContain("&", "<");
    }
  }

  @Provide
  Arbitrary<String> texts() {
    return Notices.texts();
  }
}
