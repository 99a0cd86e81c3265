package io.llmtrace.controlplane.alerts.channels;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Fact;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.alerts.notice.Notice.Link;
import io.llmtrace.controlplane.alerts.notice.Notice.Sample;
import io.llmtrace.policies.detect.Severity;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Notices to try a template with before there are any. */
final class Samples {
  private static final Instant SINCE = Instant.parse("2026-01-01T12:00:00Z");

  private Samples() {}

  /** With everything that a notice can hold, and with what JSON has to escape. */
  static Notice full() {
    return new Notice(
        "01K0000000000000000000SAMP",
        Kind.ACKNOWLEDGED,
        "01K0000000000000000000INCI",
        2,
        "high_error_rate",
        Severity.CRITICAL,
        "acme",
        Map.of("route", "chat \"beta\"\\", "model", "gpt-4o"),
        "Error rate 7.3 % on route chat",
        "7.3 % of 1,900 requests failed.\nThe threshold is 5 %.",
        "139 requests were answered with 5xx.",
        90,
        SINCE,
        SINCE.plusSeconds(300),
        "ada",
        "I look at it.",
        List.of(new Fact("Requests", "1900")),
        List.of(new Sample("prompt_injection", "ign*** all ***", "01K0000000000000000000DECI")),
        Map.of(
            Link.INCIDENT, URI.create("https://llmtrace.example/incidents/1?a=1&b=2"),
            Link.RUNBOOK, URI.create("https://llmtrace.example/runbooks/high_error_rate"),
            Link.DATA, URI.create("https://llmtrace.example/exchanges")));
  }

  /** With nothing that may be absent. */
  static Notice bare() {
    return new Notice(
        "01K0000000000000000000SAMP",
        Kind.FIRING,
        "01K0000000000000000000INCI",
        1,
        "ingest_lag",
        Severity.INFO,
        null,
        Map.of(),
        "Ingest is late",
        "",
        "",
        null,
        SINCE,
        SINCE,
        null,
        null,
        List.of(),
        List.of(),
        Map.of());
  }
}
