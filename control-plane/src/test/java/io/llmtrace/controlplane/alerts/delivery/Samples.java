package io.llmtrace.controlplane.alerts.delivery;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.controlplane.alerts.channels.Context;
import io.llmtrace.controlplane.alerts.channels.HttpCall;
import io.llmtrace.controlplane.alerts.channels.Outgoing;
import io.llmtrace.controlplane.alerts.channels.Verdict;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.Secret;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Notices and channels of tests. */
final class Samples {
  static final Tuning QUICK =
      new Tuning(
          Duration.ofMillis(20),
          Duration.ofSeconds(60),
          4,
          Duration.ofMillis(200),
          Duration.ofSeconds(1),
          Duration.ofMinutes(10));

  private Samples() {}

  static Notice notice(String incident, long number) {
    return notice(incident, number, Notice.Kind.FIRING, "finding_spike", Severity.HIGH, "acme");
  }

  static Notice notice(
      String incident,
      long number,
      Notice.Kind kind,
      String rule,
      Severity severity,
      @Nullable String tenant) {
    return new Notice(
        incident + "-" + number,
        kind,
        incident,
        number,
        rule,
        severity,
        tenant,
        Map.of("route", "r1"),
        "Incident " + incident,
        "A summary.",
        "100 of 140 requests were blocked.",
        90,
        Instant.parse("2026-03-01T10:00:00Z"),
        Instant.parse("2026-03-01T10:05:00.123456Z"),
        null,
        null,
        List.of(new Notice.Fact("findings", "123")),
        List.of(new Notice.Sample("jailbreak", "ig***", "01KQ")),
        Map.of(Notice.Link.INCIDENT, URI.create("https://llmtrace.example/i/1")));
  }

  private static ChannelConfig.Common common(String name, int perMinute) {
    return new ChannelConfig.Common(name, Severity.INFO, 0, Map.of(), perMinute, true);
  }

  /** A channel that says id, incident and number of its notice, and folds what is too much. */
  static Lane lane(String name, int perMinute, URI target) {
    return new Lane(
        form(target),
        new ChannelConfig.Webhook(common(name, perMinute), Secret.of("https://x"), null, null),
        QUICK.breakerOpen());
  }

  /** One that is not told digests. */
  static Lane paced(String name, int perMinute, URI target) {
    return new Lane(
        form(target),
        new ChannelConfig.PagerDuty(common(name, perMinute), Secret.of("k"), target),
        QUICK.breakerOpen());
  }

  private static Lane.Form form(URI target) {
    return new Lane.Form() {
      @Override
      public Outgoing render(Notice notice, Context context) {
        String body =
            notice.id()
                + " "
                + notice.incident()
                + " "
                + notice.number()
                + " "
                + notice.kind().label()
                + " "
                + context.reference();
        return new HttpCall(target, Map.of("Idempotency-Key", notice.id()), body.getBytes(UTF_8));
      }

      @Override
      public Verdict judge(int status, Map<String, List<String>> headers, byte[] bodyStart) {
        if (status < 300) {
          return new Verdict.Delivered();
        }
        if (status == 429 || status >= 500) {
          List<String> after = headers.get("retry-after");
          return new Verdict.Retry(
              "answered " + status,
              after == null ? null : Duration.ofSeconds(Long.parseLong(after.get(0))));
        }
        return new Verdict.Hopeless("answered " + status);
      }

      @Override
      public Optional<String> reference(byte[] bodyStart) {
        return Optional.of(new String(bodyStart, UTF_8)).filter(body -> body.startsWith("thread"));
      }
    };
  }
}
