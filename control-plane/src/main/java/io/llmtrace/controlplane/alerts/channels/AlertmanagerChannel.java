package io.llmtrace.controlplane.alerts.channels;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Link;
import io.llmtrace.runtime.config.ChannelConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An Alertmanager, {@code POST /api/v2/alerts} (prometheus/alertmanager, api/v2/openapi.yaml). An
 * alert is known by its labels: {@code alertname}, {@code severity} and the incident's own, with
 * names made valid. It holds until {@code endsAt}, which lies a week ahead because nothing is sent
 * again in between; an end sends it anew with the time of the end.
 */
final class AlertmanagerChannel implements Channel {
  static final Duration HOLDS = Duration.ofDays(7);
  static final Duration DIGEST_HOLDS = Duration.ofHours(1);
  static final Duration TEST_HOLDS = Duration.ofMinutes(5);

  private final ChannelConfig.Alertmanager config;
  private final Target target;

  AlertmanagerChannel(ChannelConfig.Alertmanager config) {
    this.config = config;
    this.target = Target.of(config.url()).resolve("/api/v2/alerts");
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
    ObjectNode alert = Json.object();
    Instant end = end(told);
    alert.put("startsAt", (told.since().isAfter(end) ? end : told.since()).toString());
    alert.put("endsAt", end.toString());
    labels(told).forEach(alert.putObject("labels")::put);
    annotations(told).forEach(alert.putObject("annotations")::put);
    String page = told.links().getOrDefault(Link.INCIDENT, told.links().get(Link.DATA));
    if (page != null) {
      alert.put("generatorURL", page);
    }
    return target.post(Json.bytes(Json.MAPPER.createArrayNode().add(alert)));
  }

  private static Instant end(Told told) {
    return switch (told.kind()) {
      case RESOLVED -> told.at();
      case DIGEST -> told.at().plus(DIGEST_HOLDS);
      case TEST -> told.at().plus(TEST_HOLDS);
      case FIRING, REMINDER, ESCALATED, ACKNOWLEDGED, COMMENTED -> told.at().plus(HOLDS);
    };
  }

  private static Map<String, String> labels(Told told) {
    Map<String, String> labels = new TreeMap<>();
    labels.put("alertname", told.rule());
    labels.put("severity", told.severity().label());
    told.tenant().ifPresent(tenant -> labels.put("tenant", tenant));
    told.labels()
        .forEach(
            (name, value) -> {
              // Alertmanager drops labels without a value.
              if (!value.isEmpty() && !(name.equals("tenant") && told.tenant().isPresent())) {
                labels.put(free(labels, valid(name)), value);
              }
            });
    return labels;
  }

  private static Map<String, String> annotations(Told told) {
    Map<String, String> annotations = new TreeMap<>();
    annotations.put("title", told.title());
    annotations.put("summary", told.summary());
    annotations.put("traffic", told.traffic());
    annotations.put("incident", told.incident());
    annotations.put("notice", told.id());
    annotations.put("state", told.said());
    told.person().ifPresent(person -> annotations.put("person", person));
    told.links().forEach((link, address) -> annotations.put(link.label() + "_url", address));
    told.facts()
        .forEach(fact -> annotations.put(free(annotations, valid(fact.name())), fact.value()));
    for (int i = 0; i < told.samples().size(); i++) {
      Notice.Sample sample = told.samples().get(i);
      annotations.put(
          free(annotations, "sample_" + (i + 1)), sample.type() + ": " + sample.evidence());
    }
    annotations.values().removeIf(String::isEmpty);
    return annotations;
  }

  /** {@code [a-zA-Z_][a-zA-Z0-9_]*}, and not of those with two underscores, which are reserved. */
  private static String valid(String name) {
    String made = name.replaceAll("[^a-zA-Z0-9_]", "_").replaceAll("^_+", "");
    return made.isEmpty() || Character.isDigit(made.charAt(0)) ? "label_" + made : made;
  }

  /** A name that is not taken yet. */
  private static String free(Map<String, String> taken, String name) {
    String free = name;
    for (int i = 2; taken.containsKey(free); i++) {
      free = name + "_" + i;
    }
    return free;
  }

  @Override
  public Verdict judge(int status, Map<String, List<String>> headers, byte[] bodyStart) {
    return Answers.byStatus("Alertmanager", status, headers, bodyStart, List.of(config.url()));
  }
}
