package io.llmtrace.cli.alerts;

import io.llmtrace.testkit.sinks.Fault;
import io.llmtrace.testkit.sinks.Faults;
import io.llmtrace.testkit.sinks.HttpSink;
import io.llmtrace.testkit.sinks.PagerDutySink;
import io.llmtrace.testkit.sinks.SlackSink;
import io.llmtrace.testkit.sinks.WebhookSink;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A webhook that checks signatures and the published schema, PagerDuty and Slack; they misbehave at
 * random, and one of them at a time may be away. Thread-safe.
 */
final class AlertSinks implements AutoCloseable {
  private static final byte[] KEY =
      "a key of thirty-two bytes, or so".getBytes(StandardCharsets.UTF_8);
  private static final String SCHEMA =
      "/io/llmtrace/controlplane/alerts/channels/webhook-event.schema.json";

  private final WebhookSink webhook;
  private final PagerDutySink pagerDuty = PagerDutySink.start();
  private final SlackSink slack = SlackSink.start();
  private final AtomicReference<String> away = new AtomicReference<>("");

  AlertSinks() throws IOException {
    try (InputStream schema = AlertSinks.class.getResourceAsStream(SCHEMA)) {
      if (schema == null) {
        throw new IOException("no schema " + SCHEMA);
      }
      webhook =
          WebhookSink.start(
              Optional.of(new String(schema.readAllBytes(), StandardCharsets.UTF_8)),
              Optional.of(KEY));
    }
  }

  WebhookSink webhook() {
    return webhook;
  }

  PagerDutySink pagerDuty() {
    return pagerDuty;
  }

  /** All by the names of their channels. */
  Map<String, HttpSink> all() {
    Map<String, HttpSink> all = new LinkedHashMap<>();
    all.put("webhook", webhook);
    all.put("pagerduty", pagerDuty);
    all.put("slack", slack);
    return all;
  }

  /**
   * From now on they misbehave.
   *
   * @param part of the requests
   */
  void misbehave(long seed, double part, List<Fault> kinds) {
    all()
        .forEach(
            (name, sink) -> {
              Faults some = Faults.seeded(seed + name.hashCode(), part, kinds);
              sink.faults(() -> name.equals(away.get()) ? new Fault.Reset() : some.next());
            });
  }

  /** One of them resets each connection until another is named; nobody, with an empty name. */
  void away(String name) {
    away.set(name);
  }

  /** They behave again. */
  void behave() {
    away.set("");
    all().values().forEach(sink -> sink.faults(Faults.none()));
  }

  /**
   * The configuration's section, with its key.
   *
   * @param rules the file with the rules of the test
   */
  String section(String rules, int perMinute) {
    return """
        alerts:
          allow_private_targets: ["127.0.0.1"]
          webhook: {url: "%s", secret: "whsec_%s", messages_per_minute: %5$d}
          pagerduty: {routing_key: "%s", events_url: "%s", messages_per_minute: %5$d}
          slack: {webhook_url: "%6$s", messages_per_minute: %5$d}
          # They would tell of the same findings, and of sinks that fail as they are to.
          rules:
            severe_finding: {enabled: false}
            finding_spike: {enabled: false}
            channel_failing: {enabled: false}
          rule_files: ["%7$s"]
        """
        .formatted(
            webhook.url(),
            Base64.getEncoder().encodeToString(KEY),
            PagerDutySink.ROUTING_KEY,
            pagerDuty.events(),
            perMinute,
            slack.webhook(),
            rules);
  }

  @Override
  public void close() {
    all().values().forEach(HttpSink::close);
  }
}
