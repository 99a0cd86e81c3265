package io.llmtrace.controlplane.alerts.channels;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Fact;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.alerts.notice.Notice.Link;
import io.llmtrace.controlplane.alerts.notice.Notice.Sample;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.ChannelConfig.Common;
import io.llmtrace.runtime.config.Secret;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import org.jspecify.annotations.Nullable;

/** Notices and channels for tests. */
final class Notices {
  static final Instant SINCE = Instant.parse("2026-03-01T10:00:00Z");
  static final Instant AT = Instant.parse("2026-03-01T10:05:00Z");
  static final String ROUTING_KEY = "0123456789abcdef0123456789abcdef";
  static final String INCIDENT = "01JNINCIDENT";

  private Notices() {}

  static Notice errorRate(Kind kind, long number) {
    return new Notice(
        "01JNNOTICE" + number,
        kind,
        INCIDENT,
        number,
        "high_error_rate",
        Severity.CRITICAL,
        "acme",
        Map.of("route", "chat", "model", "gpt-4o"),
        "Error rate 7.3 % on route chat",
        "139 of 1,900 requests failed; the threshold is 5 %.",
        "Requests were answered with 5xx.",
        90,
        SINCE,
        AT,
        kind == Kind.ACKNOWLEDGED ? "ada" : null,
        kind == Kind.ACKNOWLEDGED ? "I look at it." : null,
        List.of(new Fact("Requests", "1900")),
        List.of(new Sample("prompt_injection", "ign*** all ***", "01JNDECISION")),
        Map.of(
            Link.INCIDENT, URI.create("https://llmtrace.example/incidents/1?a=1&b=2"),
            Link.RUNBOOK, URI.create("https://llmtrace.example/runbooks/high_error_rate")));
  }

  /** The same with one text everywhere. */
  static Notice saying(String text) {
    return new Notice(
        text,
        Kind.COMMENTED,
        text,
        2,
        text,
        Severity.LOW,
        text,
        Map.of(text, text, "route", text),
        text,
        text,
        text,
        1,
        SINCE,
        AT,
        text,
        text,
        List.of(new Fact(text, text)),
        List.of(new Sample(text, text, text)),
        Map.of(Link.INCIDENT, URI.create("https://llmtrace.example/x")));
  }

  /** Any text: long, in any script, with markup, control characters and halves of pairs. */
  static Arbitrary<String> texts() {
    Arbitrary<String> hostile =
        Arbitraries.of(
                "<!channel>",
                "<@U123>",
                "@here",
                "&amp;",
                "`",
                "*bold*",
                "{{title}}",
                "{{{",
                "\r\n",
                "Bcc: a@b.c",
                "\u0000",
                "\u202e",
                "\ud83d",
                "\ude00",
                "😀",
                "\"",
                "\\",
                "</h2>",
                "<script>",
                "[x](http://y)",
                "${x}",
                "\u2028",
                "\ufffe",
                "]]>",
                "é",
                "漢",
                " ",
                "'")
            .list()
            .ofMaxSize(40)
            .map(parts -> String.join("", parts));
    Arbitrary<String> any = Arbitraries.strings().all().ofMaxLength(200);
    Arbitrary<String> longOnes =
        Combinators.combine(
                Arbitraries.of("x", "&", "<", "漢", "😀", "\"", "\ud83d", "a b\n", "`"),
                Arbitraries.integers().between(1_000, 6_000))
            .as(String::repeat);
    return Arbitraries.oneOf(hostile, any, longOnes);
  }

  static Arbitrary<Notice> any() {
    Arbitrary<String> texts = texts();
    Arbitrary<Map<String, String>> labels =
        Arbitraries.maps(
                Arbitraries.oneOf(texts, Arbitraries.of("route", "tenant", "alertname")), texts)
            .ofMaxSize(30);
    Arbitrary<List<Fact>> facts =
        Combinators.combine(texts, texts).as(Fact::new).list().ofMaxSize(40);
    Arbitrary<List<Sample>> samples =
        Combinators.combine(texts, texts, texts).as(Sample::new).list().ofMaxSize(4);
    Arbitrary<Map<Link, URI>> links =
        Arbitraries.maps(
            Arbitraries.of(Link.class),
            Arbitraries.of(
                URI.create("https://llmtrace.example/incidents/1?a=1&b=%3C"),
                URI.create("javascript:alert(1)"),
                URI.create("https://llmtrace.example/" + "p".repeat(1_900)),
                URI.create("https://llmtrace.example/" + "p".repeat(9_000)),
                URI.create("https://llmtrace.example/ü"),
                URI.create("/relative")));
    Arbitrary<Instant> times =
        Arbitraries.of(Instant.MIN, Instant.EPOCH, SINCE, AT, Instant.MAX, Instant.now());
    Arbitrary<String[]> strings = texts.array(String[].class).ofSize(9);
    return Combinators.combine(
            Arbitraries.of(Kind.class),
            Arbitraries.of(Severity.class),
            strings,
            labels,
            facts,
            samples,
            links,
            times.tuple2())
        .as(
            (kind, severity, text, label, fact, sample, link, time) ->
                new Notice(
                    text[0],
                    kind,
                    text[1],
                    text[0].length() % 3,
                    text[2],
                    severity,
                    text[3].isEmpty() ? null : text[3],
                    label,
                    text[4],
                    text[5],
                    text[6],
                    text[0].length() % 2 == 0 ? null : 120,
                    time.get1(),
                    time.get2(),
                    text[7].isEmpty() ? null : text[7],
                    text[8].isEmpty() ? null : text[8],
                    fact,
                    sample,
                    link));
  }

  static Channel slack(URI url) {
    return Channels.of(
        new ChannelConfig.SlackWebhook(Common.of("slack"), Secret.of(url.toString())));
  }

  static Channel slackApp(URI api, String token, String channel) {
    return Channels.of(
        new ChannelConfig.SlackApp(Common.of("slack-app"), Secret.of(token), channel, api));
  }

  static Channel pagerDuty(URI events) {
    return Channels.of(
        new ChannelConfig.PagerDuty(Common.of("pagerduty"), Secret.of(ROUTING_KEY), events));
  }

  static Channel webhook(URI url, @Nullable String secret, @Nullable String template) {
    return Channels.of(
        new ChannelConfig.Webhook(
            Common.of("webhook"),
            Secret.of(url.toString()),
            secret == null ? null : Secret.of(secret),
            template));
  }

  static Channel alertmanager(URI url) {
    return Channels.of(
        new ChannelConfig.Alertmanager(Common.of("alertmanager"), Secret.of(url.toString())));
  }

  static Channel teams(URI url) {
    return Channels.of(new ChannelConfig.Teams(Common.of("teams"), Secret.of(url.toString())));
  }

  static Channel email() {
    return Channels.of(
        new ChannelConfig.Email(
            Common.of("mail"),
            "mail.example",
            587,
            ChannelConfig.Tls.STARTTLS,
            null,
            null,
            "LLMTrace <alerts@llmtrace.example>",
            List.of("ops@llmtrace.example")));
  }
}
