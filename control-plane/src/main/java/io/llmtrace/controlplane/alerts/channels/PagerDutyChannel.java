package io.llmtrace.controlplane.alerts.channels;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Fact;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.alerts.notice.Notice.Link;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.Secret;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Events API v2 of PagerDuty (developer.pagerduty.com/docs/events-api-v2). The incident is the
 * {@code dedup_key}: firing, reminders, escalations and comments trigger it, so that none of them
 * opens a second one; an acknowledgement acknowledges it and an end resolves it. A summary has at
 * most 1,024 characters, a key 255, an event 512 KB. 202 is taken, 400 never will be, 429 and 5xx
 * are to be tried again.
 */
final class PagerDutyChannel implements Channel {
  static final int SUMMARY = 1_024;
  static final int PLACE = 255;
  private static final int ACCEPTED = 202;

  private final ChannelConfig.PagerDuty config;
  private final Target target;

  PagerDutyChannel(ChannelConfig.PagerDuty config) {
    this.config = config;
    this.target = Target.of(config.events()).resolve("/v2/enqueue");
  }

  @Override
  public String name() {
    return config.common().name();
  }

  @Override
  public String type() {
    return config.type();
  }

  @Override
  public String destination() {
    return target.toString();
  }

  @Override
  public Outgoing render(Notice notice, Context context) {
    Told told = Told.of(notice);
    ObjectNode event = Json.object();
    event.put("routing_key", config.routingKey().reveal());
    event.put("event_action", action(told.kind()));
    event.put("dedup_key", told.incident());
    event.put("client", "LLMTrace");
    String page = told.links().get(Link.INCIDENT);
    if (page != null) {
      event.put("client_url", page);
    }
    ArrayNode links = event.putArray("links");
    told.links()
        .forEach(
            (link, address) ->
                links.addObject().put("href", address).put("text", Told.label(link)));
    // With all three actions: what an acknowledgement said stays with its event.
    event.set("payload", payload(told));
    return target.post(Json.bytes(event));
  }

  private static ObjectNode payload(Told told) {
    ObjectNode payload = Json.object();
    payload.put("summary", Texts.line(told.title() + ": " + told.summary(), SUMMARY));
    payload.put("severity", severity(told.severity()));
    payload.put("source", source(told));
    payload.put("timestamp", told.since().toString());
    Stream.of("model", "provider", "route", "node")
        .map(told.labels()::get)
        .filter(value -> value != null && !value.isEmpty())
        .findFirst()
        .ifPresent(component -> payload.put("component", Texts.line(component, PLACE)));
    told.tenant().ifPresent(tenant -> payload.put("group", Texts.line(tenant, PLACE)));
    payload.put("class", told.rule());
    ObjectNode details = payload.putObject("custom_details");
    details.put("notice", told.id());
    details.put("step", told.number());
    details.put("what", told.said());
    details.put("summary", told.summary());
    details.put("traffic", told.traffic());
    told.person().ifPresent(person -> details.put("person", person));
    ObjectNode values = details.putObject("values");
    for (Fact fact : told.details()) {
      values.put(fact.name(), fact.value());
    }
    ArrayNode samples = details.putArray("samples");
    told.samples()
        .forEach(
            sample ->
                samples
                    .addObject()
                    .put("type", sample.type())
                    .put("evidence", sample.evidence())
                    .put("decision", sample.decisionId()));
    return payload;
  }

  /** What is affected: the labels, for example {@code model=gpt-4o, route=chat}. */
  private static String source(Told told) {
    StringBuilder source = new StringBuilder();
    told.labels()
        .forEach(
            (name, value) ->
                source.append(source.isEmpty() ? "" : ", ").append(name).append('=').append(value));
    return source.isEmpty() ? "llmtrace" : Texts.line(source.toString(), PLACE);
  }

  private static String action(Kind kind) {
    return switch (kind) {
      case ACKNOWLEDGED -> "acknowledge";
      case RESOLVED -> "resolve";
      case FIRING, REMINDER, ESCALATED, COMMENTED, DIGEST, TEST -> "trigger";
    };
  }

  static String severity(Severity severity) {
    return switch (severity) {
      case CRITICAL -> "critical";
      case HIGH -> "error";
      case MEDIUM -> "warning";
      case LOW, INFO -> "info";
    };
  }

  @Override
  public Verdict judge(int status, Map<String, List<String>> headers, byte[] bodyStart) {
    List<Secret> secrets = List.of(config.routingKey());
    Verdict verdict = Answers.byStatus("PagerDuty", status, headers, bodyStart, secrets);
    if (!(verdict instanceof Verdict.Delivered)) {
      return verdict;
    }
    String said = Answers.topLevel(bodyStart).get("status");
    return "success".equals(said) || (said == null && status == ACCEPTED)
        ? verdict
        : Answers.retry(Answers.reason("PagerDuty", status, bodyStart, secrets), headers);
  }
}
