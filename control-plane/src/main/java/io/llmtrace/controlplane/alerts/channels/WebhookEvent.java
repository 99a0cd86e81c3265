package io.llmtrace.controlplane.alerts.channels;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The published form of a webhook's body: {@code webhook-event.schema.json} beside this class. */
final class WebhookEvent {
  private WebhookEvent() {}

  static ObjectNode of(Told told) {
    ObjectNode event = Json.object();
    event.put("type", type(told));
    event.put("timestamp", told.at().toString());
    ObjectNode data = event.putObject("data");
    data.put("id", told.id());
    data.put("kind", told.kind().label());
    data.put("incident", told.incident());
    data.put("number", told.number());
    data.put("rule", told.rule());
    data.put("severity", told.severity().label());
    data.put("tenant", told.tenant().orElse(null));
    data.set("labels", labels(told));
    data.put("title", told.title());
    data.put("summary", told.summary());
    data.put("traffic", told.traffic());
    data.put("score", told.score().orElse(null));
    data.put("since", told.since().toString());
    data.put("at", told.at().toString());
    data.put("by", told.by().orElse(null));
    data.put("comment", told.comment().orElse(null));
    data.set("facts", facts(told));
    data.set("samples", samples(told));
    data.set("links", links(told));
    return event;
  }

  static String type(Told told) {
    return "incident." + told.kind().label();
  }

  static ObjectNode labels(Told told) {
    ObjectNode labels = Json.object();
    told.labels().forEach(labels::put);
    return labels;
  }

  static ArrayNode facts(Told told) {
    ArrayNode facts = Json.MAPPER.createArrayNode();
    told.facts()
        .forEach(fact -> facts.addObject().put("name", fact.name()).put("value", fact.value()));
    return facts;
  }

  static ArrayNode samples(Told told) {
    ArrayNode samples = Json.MAPPER.createArrayNode();
    told.samples()
        .forEach(
            sample ->
                samples
                    .addObject()
                    .put("type", sample.type())
                    .put("evidence", sample.evidence())
                    .put("decision_id", sample.decisionId()));
    return samples;
  }

  static ObjectNode links(Told told) {
    ObjectNode links = Json.object();
    told.links().forEach((link, address) -> links.put(link.label(), address));
    return links;
  }
}
