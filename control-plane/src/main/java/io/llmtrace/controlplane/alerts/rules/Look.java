package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.controlplane.statistics.RecentFinding;
import io.llmtrace.controlplane.statistics.RecentKeys;
import io.llmtrace.controlplane.statistics.RecentRow;
import io.llmtrace.controlplane.statistics.RecentSum;
import io.llmtrace.controlplane.statistics.RecentSums;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One look at what happened lately, summed as rules ask for it; rules that ask for the same share
 * the work. Not thread-safe.
 */
final class Look {
  /** Groups that a rule may have; what is beyond them is one group more. */
  static final int MOST_GROUPS = 1_000;

  private record Asked(Duration window, List<String> by) {}

  private final Recent recent;
  private final Map<Asked, Map<SortedMap<String, String>, RecentSums>> known = new HashMap<>();

  Look(Recent recent) {
    this.recent = recent;
  }

  Recent recent() {
    return recent;
  }

  /** Where the first bucket of a window begins: it is whole, so the window may be longer by it. */
  long from(Duration window) {
    return from(recent.now(), window);
  }

  /** Where the first bucket of a window begins, epoch seconds. */
  static long from(Instant now, Duration window) {
    return RecentRow.bucketOf(now.minus(window).toEpochMilli());
  }

  /** Seconds that are summed for a window: up to ten more than it has. */
  double seconds(Duration window) {
    return recent.now().toEpochMilli() / 1e3 - from(window);
  }

  /** Sums by labels over a window. Without labels there is one group, empty or not. */
  Map<SortedMap<String, String>, RecentSums> sums(Duration window, List<String> by) {
    return known.computeIfAbsent(new Asked(window, by), this::summed);
  }

  private Map<SortedMap<String, String>, RecentSums> summed(Asked asked) {
    Map<List<String>, RecentSums> groups = new HashMap<>();
    if (asked.by().isEmpty()) {
      groups.put(List.of(), new RecentSums());
    }
    Map<RecentKeys, List<String>> values = new HashMap<>();
    long from = from(asked.window());
    for (RecentRow row : recent.sums()) {
      if (row.bucket() >= from) {
        List<String> group = values.computeIfAbsent(row.keys(), keys -> values(keys, asked.by()));
        groups.computeIfAbsent(group, key -> new RecentSums()).add(row.sums());
      }
    }
    groups.values().removeIf(sums -> !asked.by().isEmpty() && sums.isEmpty());
    return named(
        asked.by(),
        groups,
        RecentSums::add,
        sums ->
            sums.get(RecentSum.EXCHANGES)
                + sums.get(RecentSum.REQUESTS)
                + sums.get(RecentSum.FINDINGS));
  }

  /** Adds two groups to the first of them. */
  interface Joining<T> {
    T add(T to, T other);
  }

  /** How much a group weighs. */
  interface Weight<T> {
    long of(T group);
  }

  /** Groups by their labels; the lightest of too many are one, whose labels all say other. */
  static <T> Map<SortedMap<String, String>, T> named(
      List<String> by, Map<List<String>, T> groups, Joining<T> joining, Weight<T> weight) {
    List<Map.Entry<List<String>, T>> order = new ArrayList<>(groups.entrySet());
    if (order.size() > MOST_GROUPS) {
      order.sort(
          Comparator.comparingLong((Map.Entry<List<String>, T> each) -> -weight.of(each.getValue()))
              .thenComparing(each -> String.join("\n", each.getKey())));
    }
    Map<SortedMap<String, String>, T> named = new LinkedHashMap<>();
    for (int i = 0; i < order.size(); i++) {
      SortedMap<String, String> labels = new TreeMap<>();
      for (int j = 0; j < by.size(); j++) {
        labels.put(by.get(j), i < MOST_GROUPS ? order.get(i).getKey().get(j) : RecentKeys.OTHER);
      }
      named.merge(labels, order.get(i).getValue(), joining::add);
    }
    return named;
  }

  private static List<String> values(RecentKeys keys, List<String> by) {
    return by.stream().map(label -> value(keys, label)).toList();
  }

  private static String value(RecentKeys keys, String label) {
    return switch (label) {
      case "tenant" -> keys.tenant();
      case "route" -> keys.route();
      case "provider" -> keys.provider();
      case "model" -> keys.model();
      default -> throw new IllegalArgumentException("no label of sums is called " + label);
    };
  }

  /** A label of findings. */
  static String value(RecentFinding.What what, String label) {
    return switch (label) {
      case "type" -> what.type();
      case "severity" -> what.severity().label();
      case "action" -> what.action();
      default -> value(what.keys(), label);
    };
  }
}
