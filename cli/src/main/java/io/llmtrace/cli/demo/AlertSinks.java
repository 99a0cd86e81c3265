package io.llmtrace.cli.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.controlplane.alerts.channels.Channels;
import io.llmtrace.testkit.sinks.HttpSink;
import io.llmtrace.testkit.sinks.Ledger;
import io.llmtrace.testkit.sinks.PagerDutySink;
import io.llmtrace.testkit.sinks.Received;
import io.llmtrace.testkit.sinks.SlackSink;
import io.llmtrace.testkit.sinks.WebhookSink;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Stand-ins for Slack, PagerDuty and a receiver of webhooks on this machine, and the configuration
 * by which the control plane tells them of everything. Each checks what it is sent by the service's
 * own limits and schema; the receiver also checks the signature. Thread-safe.
 */
final class AlertSinks implements AutoCloseable {
  static final String SLACK = "slack";
  static final String PAGERDUTY = "pagerduty";
  static final String WEBHOOK = "webhook";

  /** In the order in which they are printed. */
  static final List<String> CHANNELS = List.of(SLACK, PAGERDUTY, WEBHOOK);

  private static final int KEY_BYTES = 24;

  private final SlackSink slack;
  private final PagerDutySink pagerDuty;
  private final WebhookSink webhook;
  private final String secret;

  private AlertSinks(SlackSink slack, PagerDutySink pagerDuty, WebhookSink webhook, String secret) {
    this.slack = slack;
    this.pagerDuty = pagerDuty;
    this.webhook = webhook;
    this.secret = secret;
  }

  /** Starts all three, each on a port of its own. */
  static AlertSinks start() throws IOException {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    SlackSink slack = SlackSink.start();
    PagerDutySink pagerDuty = PagerDutySink.start();
    return new AlertSinks(
        slack,
        pagerDuty,
        WebhookSink.start(Optional.of(schema()), Optional.of(key)),
        "whsec_" + Base64.getEncoder().encodeToString(key));
  }

  /** The published schema of what a webhook is sent. */
  private static String schema() throws IOException {
    String name = "webhook-event.schema.json";
    try (InputStream in = Channels.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new FileNotFoundException(name + " is not beside " + Channels.class);
      }
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  /** The guide's block, with leave to reach loopback and no rules changed. */
  String settings() {
    return """
    alerts:
      slack:
        webhook_url: "%s"
      pagerduty:
        routing_key: "%s"
        events_url: "%s"
      webhook:
        url: "%s"
        secret: "%s"
      allow_private_targets: ["127.0.0.1"]
    """
        .formatted(
            slack.webhook(), PagerDutySink.ROUTING_KEY, pagerDuty.events(), webhook.url(), secret);
  }

  /** What came through each channel. */
  Map<String, Ledger> ledgers() {
    Map<String, Ledger> ledgers = new LinkedHashMap<>();
    sinks().forEach((channel, sink) -> ledgers.put(channel, sink.ledger()));
    return ledgers;
  }

  /** What Slack was told of an incident. */
  List<Received> slack(String incident) {
    return slack.ledger().byIncident(incident);
  }

  /** What PagerDuty has made of its events, by incident. */
  Map<String, PagerDutySink.State> pagerDuty() {
    return pagerDuty.states();
  }

  /** Where each listens, a line each. */
  String addresses() {
    StringBuilder lines = new StringBuilder();
    Map.of(SLACK, slack.webhook(), PAGERDUTY, pagerDuty.uri("/v2/enqueue"), WEBHOOK, webhook.url())
        .entrySet()
        .stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(each -> lines.append("  %-10s %s%n".formatted(each.getKey(), each.getValue())));
    return lines.toString();
  }

  private Map<String, HttpSink> sinks() {
    Map<String, HttpSink> sinks = new LinkedHashMap<>();
    sinks.put(SLACK, slack);
    sinks.put(PAGERDUTY, pagerDuty);
    sinks.put(WEBHOOK, webhook);
    return sinks;
  }

  @Override
  public void close() {
    sinks().values().forEach(HttpSink::close);
  }
}
