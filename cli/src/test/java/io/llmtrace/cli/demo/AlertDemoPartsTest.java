package io.llmtrace.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.runtime.config.AlertsConfig;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.testkit.sinks.Ledger;
import io.llmtrace.testkit.sinks.WebhookSink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The parts of the demo of alerts; the whole of it is {@code ./llmtrace demo --alerts --once}. */
class AlertDemoPartsTest {
  private static final String INCIDENT = "01M8MS4YG1A29R6W7DDHMFHCQG";
  private static final String SLACK_MESSAGE =
      """
      {"text": "Firing (critical): Breaker open",
       "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "Firing (critical): a &lt;b&gt; &amp; c"}}],
       "attachments": [{"color": "#b3261e", "blocks": [
         {"type": "section", "text": {"type": "plain_text", "text": "It is open."}},
         {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Severity*\\n`critical`"}]},
         {"type": "context", "elements": [
           {"type": "mrkdwn", "text": "<http://127.0.0.1:1/alerts/X?key=1.a&amp;b=2|Open the incident>"},
           {"type": "mrkdwn", "text": "<http://127.0.0.1:1/runbooks/breaker_open|Runbook>"}]}]}]}
      """;

  @TempDir Path directory;

  @Test
  void theSettingsAreTheGuidesThreeSectionsAndShorterRules() throws Exception {
    try (AlertSinks sinks = AlertSinks.start()) {
      Path file = directory.resolve("llmtrace.yaml");
      Files.writeString(file, AlertDemo.SETTINGS + sinks.settings() + AlertDemo.RULES);
      AlertsConfig alerts = ConfigFile.load(file, Map.of()).alerts();
      assertThat(alerts.channels())
          .extracting(channel -> channel.common().name())
          .containsExactlyElementsOf(AlertSinks.CHANNELS);
      assertThat(alerts.allowPrivateTargets()).containsExactly("127.0.0.1");
      assertThat(alerts.rules())
          .containsOnlyKeys(
              "severe_finding", "finding_spike", "breaker_open", "high_error_rate", "events_lost");
      // A demo whose thresholds are not the shipped ones would show something else.
      assertThat(alerts.rules().values()).allMatch(rule -> rule.threshold() == null);
      assertThat(sinks.addresses()).contains("/v2/enqueue").hasLineCount(3);
    }
  }

  @Test
  void theBurstIsStopped() {
    assertThat(DemoScenarios.burst())
        .hasSize(2)
        .allMatch(attack -> attack.expected() == Action.BLOCK && attack.status() == 400);
  }

  @Test
  void eachStepOnceInOrderIsAsExpected() throws Exception {
    try (WebhookSink sink = WebhookSink.start()) {
      post(sink, 1);
      post(sink, 2);
      AlertDeliveries deliveries = compare(sink.ledger());
      assertThat(deliveries.problems()).isEmpty();
      AlertDeliveries.Channel channel = deliveries.channels().get("webhook");
      assertThat(channel)
          .isEqualTo(new AlertDeliveries.Channel(Map.of("firing", 1L, "resolved", 1L), 0, 0));
    }
  }

  @Test
  void whatIsMissingTwiceInAnotherOrderOrTooMuchIsSaid() throws Exception {
    try (WebhookSink sink = WebhookSink.start()) {
      post(sink, 1);
      assertThat(compare(sink.ledger()).problems())
          .containsExactly("webhook was never told of resolved (" + INCIDENT + "-2)");
      post(sink, 2);
      post(sink, 2);
      post(sink, 3);
      AlertDeliveries deliveries = compare(sink.ledger());
      assertThat(deliveries.problems())
          .containsExactly(
              "webhook was told of " + INCIDENT + "-3, which nobody made",
              "webhook was told 2 times of " + INCIDENT + "-2");
      assertThat(deliveries.channels().get("webhook"))
          .extracting(AlertDeliveries.Channel::duplicates)
          .isEqualTo(1);
    }
    try (WebhookSink sink = WebhookSink.start()) {
      post(sink, 2);
      post(sink, 1);
      assertThat(compare(sink.ledger()).problems())
          .singleElement()
          .asString()
          .startsWith("webhook was told in the order [" + INCIDENT + "-2, " + INCIDENT + "-1]");
    }
  }

  @Test
  void aMessageOfSlackIsReadAsPeopleSeeIt() throws Exception {
    JsonNode message = WireJson.mapper().readTree(SLACK_MESSAGE);
    assertThat(SlackText.lines(message))
        .containsExactly(
            "Firing (critical): a <b> & c",
            "It is open.",
            "Severity: critical",
            "Open the incident: http://127.0.0.1:1/alerts/X?key=1.a&b=2",
            "Runbook: http://127.0.0.1:1/runbooks/breaker_open");
    assertThat(SlackText.link(message, "Open the incident"))
        .contains(URI.create("http://127.0.0.1:1/alerts/X?key=1.a&b=2"));
    assertThat(SlackText.link(message, "Close the incident")).isEmpty();
  }

  @Test
  void aButtonIsPressedAsABrowserDoes() throws Exception {
    AtomicReference<String> posted = new AtomicReference<>("nothing");
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/alerts/X",
        exchange -> {
          byte[] page =
              "<form method=\"post\" action=\"/alerts/X\"><input type=\"hidden\" name=\"key\" value=\"1.a-_\"><button name=\"act\" value=\"acknowledge\">"
                  .getBytes(StandardCharsets.UTF_8);
          boolean press = exchange.getRequestMethod().equals("POST");
          if (press) {
            posted.set(
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          }
          exchange.sendResponseHeaders(press ? 303 : 200, press ? -1 : page.length);
          if (!press) {
            exchange.getResponseBody().write(page);
          }
          exchange.close();
        });
    server.start();
    try {
      IncidentLink link =
          new IncidentLink(
              URI.create(
                  "http://127.0.0.1:" + server.getAddress().getPort() + "/alerts/X?key=1.a-_"));
      String page = link.open();
      assertThat(posted.get()).isEqualTo("nothing");
      link.press(page, "acknowledge", "Ana", "on it & well");
      assertThat(posted.get())
          .isEqualTo("key=1.a-_&name=Ana&comment=on+it+%26+well&act=acknowledge");
      assertThatThrownBy(() -> link.press(page, "explode", "Ana", ""))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no button explode");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void theReportHasTheStableNames() throws Exception {
    AlertReport report =
        new AlertReport(
            true,
            List.of(
                new AlertReport.Incident(
                    INCIDENT,
                    "severe_finding",
                    Map.of("type", "jailbreak"),
                    "high",
                    "12 findings.",
                    12,
                    "resolved",
                    List.of(
                        new AlertReport.State("firing", 1_000, "", List.of("slack")),
                        new AlertReport.State("resolved", 2_500, "", List.of("slack"))))),
            Map.of("slack", new AlertDeliveries.Channel(Map.of("firing", 1L), 0, 0)),
            List.of());
    Path file = directory.resolve("new/alerts.json");
    report.write(file);
    JsonNode json = WireJson.mapper().readTree(file.toFile());
    assertThat(json.fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("ok", "incidents", "deliveries", "problems");
    assertThat(json.at("/ok").isBoolean()).isTrue();
    assertThat(json.at("/incidents/0/labels/type").asText()).isEqualTo("jailbreak");
    assertThat(json.at("/incidents/0/states/1/at").asLong()).isEqualTo(2_500);
    assertThat(json.at("/deliveries/slack/kinds/firing").asLong()).isEqualTo(1);
    assertThat(json.at("/deliveries/slack/duplicates").asLong()).isZero();
    assertThat(report.table()).contains("firing +0.0 s → resolved +1.5 s", "jailbreak");
  }

  private static AlertDeliveries compare(Ledger ledger) {
    return AlertDeliveries.of(
        Map.of("webhook", ledger),
        Map.of(
            INCIDENT,
            List.of(
                new DemoIncidents.Step(1, "firing", 1, "", List.of("slack", "webhook")),
                new DemoIncidents.Step(2, "muted by incident:X", 0, "", List.of()),
                new DemoIncidents.Step(3, "resolved", 2, "", List.of("webhook")))));
  }

  private static void post(WebhookSink sink, int number) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(sink.url())
            .header("content-type", "application/json")
            .header("webhook-id", INCIDENT + "-" + number)
            .header("webhook-timestamp", Long.toString(Instant.now().getEpochSecond()))
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"type\":\"incident.firing\",\"data\":{\"incident\":\"" + INCIDENT + "\"}}"))
            .build();
    int status =
        HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.discarding())
            .statusCode();
    assertThat(status).isEqualTo(200);
  }
}
