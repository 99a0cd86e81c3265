package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.controlplane.statistics.RecentFinding;
import io.llmtrace.policies.detect.Severity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A rule about findings that match.
 *
 * @param match what a finding must be like
 * @param count findings of a group in the window
 * @param kind whether it is about so many, or about the first
 */
record FindingsWatch(AlertRule rule, Predicate<RecentFinding.What> match, int count, Kind kind)
    implements Watch {
  enum Kind {
    COUNT,
    /** So many, and an incident as severe as the worst of them. */
    COUNT_AS_SEVERE,
    FIRST_SEEN
  }

  /** Findings of one group. Not thread-safe. */
  private static final class Group {
    private final Map<String, Long> actions = new HashMap<>();
    private long count;
    private Severity worst = Severity.INFO;
    private int tenths;

    void add(RecentFinding finding) {
      count += finding.count();
      actions.merge(finding.what().action(), finding.count(), Long::sum);
      worst = finding.what().severity().atLeast(worst) ? finding.what().severity() : worst;
      tenths = Math.max(tenths, finding.what().tenths());
    }

    Group add(Group other) {
      count += other.count;
      other.actions.forEach((action, many) -> actions.merge(action, many, Long::sum));
      worst = other.worst.atLeast(worst) ? other.worst : worst;
      tenths = Math.max(tenths, other.tenths);
      return this;
    }
  }

  @Override
  public Set<Source> sources() {
    return Set.of(Source.FINDINGS);
  }

  @Override
  public List<Recent.Seen> asks(Look look) {
    if (kind != Kind.FIRST_SEEN) {
      return List.of();
    }
    List<Recent.Seen> asks = new ArrayList<>();
    asks.add(Recent.Seen.itself(rule.name()));
    groups(look).keySet().forEach(labels -> asks.add(seen(labels)));
    return asks;
  }

  private Recent.Seen seen(SortedMap<String, String> labels) {
    // Never empty: that is the rule itself. Names have no control characters once stored.
    return new Recent.Seen(rule.name(), "=" + String.join("\n", labels.values()));
  }

  @Override
  public void look(Look look, Consumer<Observation> to) {
    groups(look).forEach((labels, group) -> to.accept(observation(look, labels, group)));
  }

  private Observation observation(Look look, SortedMap<String, String> labels, Group group) {
    boolean active = kind != Kind.FIRST_SEEN ? group.count >= count : isNew(look, labels);
    Map<String, Long> counts = new TreeMap<>();
    counts.put("findings", group.count);
    if (group.count > 0) {
      counts.put(Observation.CONFIDENCE, 10L * group.tenths);
    }
    group.actions.forEach((action, many) -> counts.put(past(action), many));
    return new Observation(
        rule.name(),
        labels,
        kind == Kind.COUNT_AS_SEVERE ? group.worst : rule.severity(),
        active,
        !active,
        group.count,
        kind != Kind.FIRST_SEEN ? count : 1,
        "findings",
        counts,
        List.of(),
        summary(labels, group));
  }

  /** A rule that never looked before knows what there is: it is about what comes. */
  private boolean isNew(Look look, SortedMap<String, String> labels) {
    Map<Recent.Seen, Instant> known = look.recent().seen();
    if (!known.containsKey(Recent.Seen.itself(rule.name()))) {
      return false;
    }
    Instant first = known.getOrDefault(seen(labels), look.recent().now());
    return Duration.between(first, look.recent().now()).compareTo(rule.window()) < 0;
  }

  /** As counts of exchanges are called. */
  private static String past(String action) {
    return switch (action) {
      case "allow" -> "allowed";
      case "flag" -> "flagged";
      case "redact" -> "redacted";
      case "limit" -> "limited";
      case "block" -> "blocked";
      default -> action;
    };
  }

  private String summary(Map<String, String> labels, Group group) {
    return new Template(rule.summary())
        .filled(
            name ->
                switch (name) {
                  case "findings" -> Long.toString(group.count);
                  case "worst" -> group.worst.label();
                  case "threshold" -> Integer.toString(count);
                  case "window" -> Numbers.time(rule.window());
                  default -> labels.getOrDefault(name, "");
                });
  }

  /**
   * Where one finding is enough, those count too that came while nobody looked. More of them would
   * have had to come within the window.
   */
  private Duration window(Look look) {
    return count == 1 ? rule.window().plus(look.recent().unseen()) : rule.window();
  }

  private Map<SortedMap<String, String>, Group> groups(Look look) {
    Map<RecentFinding.What, Boolean> judged = new HashMap<>();
    Map<List<String>, Group> groups = new HashMap<>();
    if (rule.by().isEmpty()) {
      groups.put(List.of(), new Group());
    }
    long from = look.from(window(look));
    for (RecentFinding finding : look.recent().findings()) {
      if (finding.bucket() >= from
          && judged.computeIfAbsent(finding.what(), what -> match.test(what))) {
        groups
            .computeIfAbsent(
                rule.by().stream().map(label -> Look.value(finding.what(), label)).toList(),
                key -> new Group())
            .add(finding);
      }
    }
    return Look.named(rule.by(), groups, Group::add, group -> group.count);
  }
}
