package io.llmtrace.controlplane.alerts.channels;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Fact;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.alerts.notice.Notice.Link;
import io.llmtrace.controlplane.alerts.notice.Notice.Sample;
import io.llmtrace.policies.detect.Severity;
import java.net.URI;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A notice whose texts are clean and bounded ({@link Texts}), with its labels and links in order.
 * What every channel renders; escaping is the channel's. The bounds are those of the webhook's
 * published schema.
 */
record Told(
    String id,
    Kind kind,
    String incident,
    long number,
    String rule,
    Severity severity,
    Optional<String> tenant,
    NavigableMap<String, String> labels,
    String title,
    String summary,
    String traffic,
    Optional<Integer> score,
    Instant since,
    Instant at,
    Optional<String> by,
    Optional<String> comment,
    List<Fact> facts,
    List<Sample> samples,
    Map<Link, String> links) {

  static final int RULE = 100;
  static final int TENANT = 200;
  static final int LABELS = 20;
  static final int LABEL_NAME = 64;
  static final int LABEL_VALUE = 300;
  static final int TITLE = 200;
  static final int SUMMARY = 2_000;
  static final int TRAFFIC = 1_000;
  static final int BY = 200;
  static final int COMMENT = 2_000;
  static final int FACTS = 30;
  static final int FACT_NAME = 100;
  static final int FACT_VALUE = 500;
  static final int SAMPLES = 3;
  static final int SAMPLE_TYPE = 100;
  static final int EVIDENCE = 500;
  static final int DECISION = 100;
  static final int LINK = 2_000;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  // Years of four digits, which is all that RFC 3339 knows.
  private static final Instant EARLIEST = Instant.EPOCH;
  private static final Instant LATEST = Instant.parse("9990-01-01T00:00:00Z");

  static Told of(Notice notice) {
    String rule = orElse(Texts.line(notice.rule(), RULE), "alert");
    return new Told(
        Texts.id(notice.id()),
        notice.kind(),
        Texts.id(notice.incident()),
        Math.max(1, notice.number()),
        rule,
        notice.severity(),
        line(notice.tenant(), TENANT),
        labels(notice.labels()),
        orElse(Texts.line(notice.title(), TITLE), rule),
        Texts.block(notice.summary(), SUMMARY),
        Texts.block(notice.traffic(), TRAFFIC),
        Optional.ofNullable(notice.score()).map(score -> Math.max(0, Math.min(100, score))),
        time(notice.since()),
        time(notice.at()),
        line(notice.by(), BY),
        Optional.ofNullable(notice.comment())
            .map(comment -> Texts.block(comment, COMMENT))
            .filter(comment -> !comment.isEmpty()),
        facts(notice.facts()),
        samples(notice.samples()),
        links(notice.links()));
  }

  /** What happened, how bad and what it is about, in one line. */
  String headline() {
    return said() + " (" + severity.label() + "): " + title;
  }

  /** What happened. */
  String said() {
    return switch (kind) {
      case FIRING -> "Firing";
      case REMINDER -> "Still firing";
      case ESCALATED -> "Escalated";
      case ACKNOWLEDGED -> "Acknowledged";
      case COMMENTED -> "Comment";
      case RESOLVED -> "Resolved";
      case DIGEST -> "Digest";
      case TEST -> "Test";
    };
  }

  /** Who took the step and what they wrote, where a person did. */
  Optional<String> person() {
    if (by.isEmpty() && comment.isEmpty()) {
      return Optional.empty();
    }
    String who = said() + by.map(name -> " by " + name).orElse("");
    return Optional.of(comment.map(text -> who + ": " + text).orElse(who));
  }

  /** Names and values in the order of their weight: since when, what it is about, the facts. */
  List<Fact> details() {
    List<Fact> all = new ArrayList<>();
    all.add(new Fact("Since", text(since)));
    if (kind == Kind.RESOLVED) {
      all.add(new Fact("Until", text(at)));
    }
    tenant.ifPresent(name -> all.add(new Fact("Tenant", name)));
    labels.forEach(
        (name, value) -> {
          if (!name.equals("tenant") || tenant.isEmpty()) {
            all.add(new Fact(name, value));
          }
        });
    score.ifPresent(value -> all.add(new Fact("Confidence", value + " of 100")));
    all.addAll(facts);
    return all;
  }

  /** Where it can be found again. */
  String footer() {
    return "rule " + rule + " · incident " + incident + " · step " + number + " · " + text(at);
  }

  static String text(Instant time) {
    return TIME.format(time);
  }

  /** What a link says. */
  static String label(Link link) {
    return switch (link) {
      case INCIDENT -> "Open the incident";
      case RUNBOOK -> "Runbook";
      case DATA -> "Look at the data";
    };
  }

  /** Within what RFC 3339 can say, in milliseconds. */
  static Instant time(Instant time) {
    Instant early = time.isBefore(EARLIEST) ? EARLIEST : time;
    return (early.isAfter(LATEST) ? LATEST : early).truncatedTo(ChronoUnit.MILLIS);
  }

  private static Optional<String> line(@Nullable String text, int max) {
    return Optional.ofNullable(text)
        .map(value -> Texts.line(value, max))
        .filter(value -> !value.isEmpty());
  }

  private static String orElse(String text, String other) {
    return text.isEmpty() ? other : text;
  }

  private static NavigableMap<String, String> labels(Map<String, String> labels) {
    NavigableMap<String, String> all = new TreeMap<>();
    // Sorted before they are cut, so that each replica keeps the same ones.
    new TreeMap<>(labels)
        .forEach(
            (name, value) -> {
              String shown = Texts.line(name, LABEL_NAME);
              if (!shown.isEmpty() && (all.size() < LABELS || all.containsKey(shown))) {
                all.put(shown, Texts.line(value, LABEL_VALUE));
              }
            });
    return Collections.unmodifiableNavigableMap(all);
  }

  private static List<Fact> facts(List<Fact> facts) {
    List<Fact> all = new ArrayList<>();
    for (Fact fact : facts) {
      if (all.size() == FACTS - 1 && facts.size() > FACTS) {
        all.add(new Fact("More", (facts.size() - all.size()) + " further values"));
        break;
      }
      all.add(
          new Fact(
              orElse(Texts.line(fact.name(), FACT_NAME), "Value"),
              Texts.line(fact.value(), FACT_VALUE)));
    }
    return List.copyOf(all);
  }

  private static List<Sample> samples(List<Sample> samples) {
    return samples.stream()
        .limit(SAMPLES)
        .map(
            sample ->
                new Sample(
                    orElse(Texts.line(sample.type(), SAMPLE_TYPE), "finding"),
                    Texts.line(sample.evidence(), EVIDENCE),
                    Texts.line(sample.decisionId(), DECISION)))
        .toList();
  }

  /** Only those that a browser opens and no service cuts; a rule's runbook may be any URI. */
  private static Map<Link, String> links(Map<Link, URI> links) {
    Map<Link, String> all = new EnumMap<>(Link.class);
    links.forEach(
        (link, uri) -> {
          String text = uri.toASCIIString();
          boolean web =
              "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
          if (web && uri.getHost() != null && text.length() <= LINK) {
            all.put(link, text);
          }
        });
    return Collections.unmodifiableMap(all);
  }
}
