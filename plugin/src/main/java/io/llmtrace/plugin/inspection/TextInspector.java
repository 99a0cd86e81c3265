package io.llmtrace.plugin.inspection;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.plugin.local.InspectEndpoint;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.FindingBounds;
import io.llmtrace.policies.detect.engine.InspectionProgress;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.DecisionEngine;
import io.llmtrace.policies.policy.Mode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * Inspects one text that a local caller hands in: {@code {"text": …, "zone": "user"}} gives the
 * decision that enforce mode would make, and the findings. Nothing is recorded. Thread-safe.
 */
public final class TextInspector implements InspectEndpoint {
  private final DetectionEngine engine;
  private final DecisionEngine policy;
  private final Duration budget;

  public TextInspector(DetectionEngine engine, DecisionEngine policy, Duration budget) {
    this.engine = engine;
    this.policy = policy;
    this.budget = budget;
  }

  @Override
  public byte[] inspect(byte[] json) {
    Segment segment = segment(json);
    Exchange exchange =
        new Exchange(
            Dialect.TEXT,
            Dialect.TEXT.provider(),
            Exchange.UNKNOWN_MODEL,
            false,
            List.of(segment),
            List.of(),
            0);
    InspectionProgress progress = new InspectionProgress();
    engine.inspect(
        exchange, InspectionBudget.until(System.nanoTime() + budget.toNanos()), progress);
    InspectionProgress.Snapshot seen = progress.snapshot();
    ObjectNode answer = WireJson.mapper().createObjectNode();
    answer.put("decision", policy.decide(seen.findings(), Mode.ENFORCE).action().label());
    answer.put("coverage", seen.coverage().label());
    answer.set("findings", WireJson.mapper().valueToTree(FindingBounds.told(seen.findings())));
    try {
      return WireJson.mapper().writeValueAsBytes(answer);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an answer of our own cannot be written", e);
    }
  }

  private static Segment segment(byte[] json) {
    JsonNode request;
    try {
      request = WireJson.mapper().readTree(json);
    } catch (IOException e) {
      throw new IllegalArgumentException("expected JSON such as {\"text\": \"…\"}", e);
    }
    if (!request.path("text").isTextual()) {
      throw new IllegalArgumentException("text: expected a string");
    }
    Zone zone = Zone.of(request.path("zone").asText(Zone.USER.label()));
    return new Segment(zone, "", "/text", request.path("text").asText());
  }
}
