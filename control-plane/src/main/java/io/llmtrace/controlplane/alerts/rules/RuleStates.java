package io.llmtrace.controlplane.alerts.rules;

import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of observations over time, as far as a rule says it: for how long it must hold, and
 * for how long it must be clear. This is for tests of rules; incidents are kept elsewhere. Not
 * thread-safe.
 */
final class RuleStates {
  /** State of one group of a rule. */
  enum State {
    NONE,
    PENDING,
    FIRING,
    RESOLVED;

    private final String label = name().toLowerCase(Locale.ROOT);

    String label() {
      return label;
    }
  }

  /** One group of a rule. */
  record Group(String rule, Map<String, String> labels) {}

  private static final class Held {
    private State state = State.NONE;
    private @Nullable Instant activeSince;
    private @Nullable Instant clearSince;
  }

  private final Map<Group, Held> groups = new HashMap<>();
  private final Map<String, AlertRule> rules = new HashMap<>();

  RuleStates(List<AlertRule> rules) {
    rules.forEach(rule -> this.rules.put(rule.name(), rule));
  }

  /** Takes what one look saw; what it has no observation of is clear. */
  void take(List<Observation> seen, Instant now) {
    Set<Group> absent = new HashSet<>(groups.keySet());
    for (Observation each : seen) {
      Group group = new Group(each.rule(), each.labels());
      absent.remove(group);
      if (each.active() || groups.containsKey(group)) {
        step(group, each.active(), each.clear(), now);
      }
    }
    absent.forEach(group -> step(group, false, true, now));
  }

  private void step(Group group, boolean active, boolean clear, Instant now) {
    AlertRule rule = rules.get(group.rule());
    if (rule == null) {
      throw new IllegalArgumentException("no rule is called " + group.rule());
    }
    Held held = groups.computeIfAbsent(group, key -> new Held());
    if (active) {
      held.clearSince = null;
      if (held.activeSince == null) {
        held.activeSince = now;
      }
      if (held.state != State.FIRING) {
        held.state =
            now.isBefore(held.activeSince.plus(rule.lasting())) ? State.PENDING : State.FIRING;
      }
    } else if (held.state == State.FIRING) {
      held.activeSince = null;
      if (!clear) {
        held.clearSince = null;
      } else {
        if (held.clearSince == null) {
          held.clearSince = now;
        }
        if (!now.isBefore(held.clearSince.plus(rule.keep()))) {
          held.state = State.RESOLVED;
        }
      }
    } else {
      held.activeSince = null;
      held.state = held.state == State.RESOLVED ? State.RESOLVED : State.NONE;
    }
  }

  /** State of a group; the worst of those that have these labels. */
  State state(String rule, Map<String, String> labels) {
    State worst = State.NONE;
    for (Map.Entry<Group, Held> entry : groups.entrySet()) {
      Group group = entry.getKey();
      if (group.rule().equals(rule)
          && group.labels().entrySet().containsAll(labels.entrySet())
          && worse(entry.getValue().state, worst)) {
        worst = entry.getValue().state;
      }
    }
    return worst;
  }

  private static boolean worse(State one, State other) {
    List<State> order = List.of(State.NONE, State.RESOLVED, State.PENDING, State.FIRING);
    return order.indexOf(one) > order.indexOf(other);
  }
}
