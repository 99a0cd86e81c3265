package io.llmtrace.testkit.sinks;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An Alertmanager's {@code POST /api/v2/alerts} (prometheus/alertmanager, api/v2/openapi.yaml). As
 * there, an alert is known by its labels, and is over once its {@code endsAt} has passed. Label
 * names have to be of the classic form, which every version takes.
 */
public final class AlertmanagerSink extends HttpSink {
  private static final Schema SCHEMA = Schema.named("alertmanager-alerts.schema.json");

  private final Map<String, Instant> ends = new LinkedHashMap<>();

  private AlertmanagerSink() throws IOException {
    super("alertmanager-sink");
  }

  public static AlertmanagerSink start() throws IOException {
    return new AlertmanagerSink();
  }

  public URI url() {
    return uri("/");
  }

  /** The labels, as JSON, of the alerts that hold at a time. */
  public List<String> active(Instant at) {
    synchronized (ends) {
      return ends.entrySet().stream()
          .filter(alert -> alert.getValue().isAfter(at))
          .map(Map.Entry::getKey)
          .toList();
    }
  }

  @Override
  List<String> problems(Request request) {
    if (!request.path().equals("/api/v2/alerts")) {
      return List.of("path " + request.path() + "; expected /api/v2/alerts");
    }
    List<String> problems = new ArrayList<>(SCHEMA.problems(request.body().toString()));
    if (problems.isEmpty()) {
      for (JsonNode alert : request.body()) {
        if (end(alert).isBefore(Instant.parse(alert.path("startsAt").asText()))) {
          problems.add("start time must be before end time");
        }
      }
    }
    return problems;
  }

  private static Instant end(JsonNode alert) {
    return Instant.parse(alert.path("endsAt").asText());
  }

  @Override
  Identity identity(Request request) {
    JsonNode alert = request.body().path(0);
    return new Identity(
        alert.path("annotations").path("notice").asText(),
        alert.path("annotations").path("incident").asText(),
        alert.path("annotations").path("state").asText());
  }

  @Override
  Answer taken(Request request) {
    synchronized (ends) {
      request.body().forEach(alert -> ends.put(alert.path("labels").toString(), end(alert)));
    }
    return new Answer(200, "application/json", "");
  }

  @Override
  Answer refused(List<String> problems) {
    return Answer.json(400, String.join("; ", problems));
  }
}
