package io.llmtrace.controlplane.alerts.incidents;

import io.llmtrace.controlplane.alerts.incidents.Incident.Seen;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Fact;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.alerts.notice.Notice.Link;
import io.llmtrace.controlplane.alerts.rules.AlertRule;
import io.llmtrace.controlplane.alerts.rules.Observation;
import io.llmtrace.policies.detect.Severity;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Puts into words what happened to an incident. Immutable and thread-safe. */
public final class Notices {
  /** For those whose link says too little. */
  public static final String WHERE_ELSE =
      "With an API key: GET /api/v1/alerts/incidents, or ./llmtrace alerts incidents.";

  /** What may have been done to traffic, in the order in which it is told. */
  private static final List<String> ACTIONS =
      List.of("blocked", "redacted", "limited", "flagged", "uninspected", "allowed");

  private final URI base;

  /**
   * @param base of links
   */
  public Notices(URI base) {
    this.base = base;
  }

  /**
   * A notice.
   *
   * @param told the step; the incident's number is the notice's
   * @param rule the incident's
   * @param by who did it, or null
   * @param comment what that person said, or null
   */
  public Notice of(
      IncidentMachine.Told told,
      AlertRule rule,
      IncidentLinks links,
      Instant at,
      @Nullable String by,
      @Nullable String comment) {
    Incident incident = told.incident();
    return new Notice(
        incident.id() + "-" + incident.telling().number(),
        told.kind(),
        incident.id(),
        incident.telling().number(),
        incident.rule(),
        incident.severity(),
        incident.tenant(),
        incident.labels(),
        title(incident),
        summary(incident, told.kind(), at),
        traffic(incident),
        score(incident),
        incident.times().since().truncatedTo(ChronoUnit.SECONDS),
        at.truncatedTo(ChronoUnit.SECONDS),
        by,
        comment,
        facts(incident, at),
        incident.seen().samples(),
        links(incident, rule, links, at));
  }

  /** A notice that says that somebody tries a channel. */
  public Notice test(String id, Instant at, String by) {
    return made(
        id,
        Kind.TEST,
        at,
        by,
        "This is a test",
        "Somebody tries this channel. Nothing is wrong, and nothing has to be done.",
        List.of());
  }

  /** A notice as an incident might make it, to see how a channel shows it. */
  public Notice example(String id, Instant at) {
    return made(
        id,
        Kind.FIRING,
        at,
        null,
        "High error rate: route chat",
        "6.2 % of 1290 requests failed with a status of 500 or more in the last 5 min (limit 5 %).",
        List.of(new Fact("Measured", "6.20 %"), new Fact("Limit", "5 %")));
  }

  private Notice made(
      String id,
      Kind kind,
      Instant at,
      @Nullable String by,
      String title,
      String summary,
      List<Fact> facts) {
    Instant second = at.truncatedTo(ChronoUnit.SECONDS);
    return new Notice(
        id + "-1",
        kind,
        id,
        1,
        "high_error_rate",
        kind == Kind.TEST ? Severity.INFO : Severity.CRITICAL,
        null,
        kind == Kind.TEST ? Map.of() : Map.of("route", "chat"),
        title,
        summary,
        "",
        null,
        second,
        second,
        by,
        null,
        facts,
        List.of(),
        Map.of(Link.RUNBOOK, URI.create(IncidentLinks.strip(base) + "/runbooks/high_error_rate")));
  }

  /** The rule in words, and what it is about. */
  public static String title(Incident incident) {
    String rule = incident.rule().replace('_', ' ');
    String about =
        incident.labels().entrySet().stream()
            .map(each -> each.getKey() + " " + each.getValue())
            .collect(Collectors.joining(", "));
    return rule.substring(0, 1).toUpperCase(Locale.ROOT)
        + rule.substring(1)
        + (about.isEmpty() ? "" : ": " + about);
  }

  private static String summary(Incident incident, Kind kind, Instant at) {
    Seen seen = incident.seen();
    String what =
        seen.summary().isEmpty()
            ? title(incident) + " is at " + shown(seen.value(), seen.unit()) + "."
            : seen.summary();
    int reopened = incident.handling().reopened();
    return switch (kind) {
      case FIRING -> reopened == 0 ? what : what + " It came back " + times(reopened) + ".";
      case REMINDER ->
          "It has gone on for " + ago(incident, at) + ", and nobody has acknowledged it. " + what;
      case ESCALATED -> "Nobody has acknowledged it for " + ago(incident, at) + ". " + what;
      case RESOLVED -> "It is over after " + ago(incident, at) + ". Seen last: " + what;
      case ACKNOWLEDGED, COMMENTED, DIGEST, TEST -> what;
    };
  }

  private static String times(int count) {
    return count == 1 ? "once" : count + " times";
  }

  private static String ago(Incident incident, Instant at) {
    return words(Duration.between(incident.times().since(), at));
  }

  /** As people say it: two units at most. */
  static String words(Duration time) {
    long seconds = Math.max(0, time.toSeconds());
    if (seconds < 60) {
      return seconds + " s";
    }
    if (seconds < 3_600) {
      return seconds / 60 + " min" + (seconds % 60 == 0 ? "" : " " + seconds % 60 + " s");
    }
    if (seconds < 86_400) {
      return seconds / 3_600
          + " h"
          + (seconds % 3_600 < 60 ? "" : " " + seconds % 3_600 / 60 + " min");
    }
    return seconds / 86_400
        + " d"
        + (seconds % 86_400 < 3_600 ? "" : " " + seconds % 86_400 / 3_600 + " h");
  }

  /** What was done to what was seen: empty where the rule is not about traffic. */
  public static String traffic(Incident incident) {
    Map<String, Long> counts = incident.seen().counts();
    String done =
        ACTIONS.stream()
            .filter(action -> counts.getOrDefault(action, 0L) > 0)
            .map(action -> counts.get(action) + " " + action)
            .collect(Collectors.joining(", "));
    if (!done.isEmpty()) {
      return "Exchanges: " + done + ".";
    }
    return counts.containsKey("requests") || counts.containsKey("exchanges")
        ? "Traffic went on as it was."
        : "";
  }

  /** Highest confidence of what was found, 0 to 100, or null where nothing was. */
  static @Nullable Integer score(Incident incident) {
    Long confidence = incident.seen().counts().get(Observation.CONFIDENCE);
    return confidence == null ? null : (Integer) (int) Math.max(0, Math.min(100, confidence));
  }

  private static List<Fact> facts(Incident incident, Instant at) {
    Seen seen = incident.seen();
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact("Severity", incident.severity().label()));
    // Without a unit a number is a state's, of which the summary says more.
    if (!seen.unit().isEmpty()) {
      facts.add(new Fact("Measured", shown(seen.value(), seen.unit())));
      facts.add(new Fact("Limit", shown(seen.threshold(), seen.unit())));
      if (seen.peak() > seen.value()) {
        facts.add(new Fact("Highest", shown(seen.peak(), seen.unit())));
      }
    }
    facts.add(new Fact("Goes on for", ago(incident, at)));
    incident.labels().forEach((name, value) -> facts.add(new Fact(name, value)));
    seen.counts()
        .forEach(
            (name, count) -> {
              if (!name.equals(Observation.CONFIDENCE)) {
                facts.add(new Fact(name + " in the window", Long.toString(count)));
              }
            });
    if (incident.handling().acknowledgedBy() != null) {
      facts.add(new Fact("Acknowledged by", incident.handling().acknowledgedBy()));
    }
    return facts;
  }

  /** A value with its unit. */
  public static String shown(double value, String unit) {
    String number =
        value == Math.rint(value) && Math.abs(value) < 1e15
            ? Long.toString((long) value)
            : String.format(Locale.ROOT, Math.abs(value) < 1 ? "%.3f" : "%.2f", value);
    return unit.isEmpty() ? number : number + " " + unit;
  }

  private Map<Link, URI> links(Incident incident, AlertRule rule, IncidentLinks links, Instant at) {
    Map<Link, URI> all = new EnumMap<>(Link.class);
    all.put(Link.INCIDENT, links.page(base, incident.id(), at));
    if (!rule.runbook().isEmpty()) {
      all.put(
          Link.RUNBOOK,
          rule.runbook().contains("://")
              ? URI.create(rule.runbook())
              : URI.create(IncidentLinks.strip(base) + "/runbooks/" + rule.name()));
    }
    all.put(
        Link.DATA,
        URI.create(IncidentLinks.strip(base) + "/api/v1/alerts/incidents/" + incident.id()));
    return all;
  }
}
