package io.llmtrace.testkit.sinks;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * PagerDuty's Events API v2 at {@link #events()}, with {@link #ROUTING_KEY}. Events are checked
 * against PagerDuty/api-schema (reference/events-v2) and the limits of its documentation: 512 KB an
 * event, 1,024 characters a summary, 255 a {@code dedup_key}. What the events make of an incident
 * is in {@link #state}.
 */
public final class PagerDutySink extends HttpSink {
  public static final String ROUTING_KEY = "0123456789abcdef0123456789abcdef";

  private static final Schema SCHEMA = Schema.named("pagerduty-event.schema.json");
  private static final int EVENT = 512 * 1_024;

  private final Map<String, State> states = new LinkedHashMap<>();

  /** Of an incident. */
  public enum State {
    TRIGGERED,
    ACKNOWLEDGED,
    RESOLVED
  }

  private PagerDutySink() throws IOException {
    super("pagerduty-sink");
  }

  public static PagerDutySink start() throws IOException {
    return new PagerDutySink();
  }

  /** What stands in place of {@code https://events.pagerduty.com}. */
  public URI events() {
    return uri("");
  }

  /** What the events with this key have made of its incident; empty where none has triggered it. */
  public Optional<State> state(String dedupKey) {
    synchronized (states) {
      return Optional.ofNullable(states.get(dedupKey));
    }
  }

  /** All incidents by their {@code dedup_key}. */
  public Map<String, State> states() {
    synchronized (states) {
      return new LinkedHashMap<>(states);
    }
  }

  /** The events of a key, duplicates among them. */
  public List<Received> byDedupKey(String dedupKey) {
    return ledger().byIncident(dedupKey);
  }

  @Override
  List<String> problems(Request request) {
    List<String> problems = new ArrayList<>(SCHEMA.problems(request.body().toString()));
    if (!request.path().equals("/v2/enqueue")) {
      problems.add("path " + request.path() + "; expected /v2/enqueue");
    }
    if (!request.body().path("routing_key").asText().equals(ROUTING_KEY)) {
      problems.add("routing_key is not that of this service");
    }
    if (request.size() > EVENT) {
      problems.add(request.size() + " bytes; at most " + EVENT);
    }
    return problems;
  }

  @Override
  Identity identity(Request request) {
    JsonNode body = request.body();
    return new Identity(
        body.path("payload").path("custom_details").path("notice").asText(),
        body.path("dedup_key").asText(),
        body.path("event_action").asText());
  }

  @Override
  Answer taken(Request request) {
    Identity identity = identity(request);
    synchronized (states) {
      State before = states.get(identity.incident());
      switch (identity.step()) {
        // A trigger leaves an acknowledged incident as it is, and opens a resolved one again.
        case "trigger" -> {
          if (before != State.ACKNOWLEDGED) {
            states.put(identity.incident(), State.TRIGGERED);
          }
        }
        case "acknowledge" -> {
          if (before == State.TRIGGERED) {
            states.put(identity.incident(), State.ACKNOWLEDGED);
          }
        }
        default -> states.computeIfPresent(identity.incident(), (key, state) -> State.RESOLVED);
      }
    }
    return Answer.json(
        202,
        Map.of(
            "status", "success",
            "message", "Event processed",
            "dedup_key", identity.incident()));
  }

  @Override
  Answer refused(List<String> problems) {
    return Answer.json(
        400,
        Map.of(
            "status", "invalid event", "message", "Event object is invalid", "errors", problems));
  }

  @Override
  Answer errorBody() {
    return Answer.json(200, Map.of("status", "throttled", "message", "mock failure"));
  }
}
