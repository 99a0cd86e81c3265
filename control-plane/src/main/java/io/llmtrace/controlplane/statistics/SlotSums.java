package io.llmtrace.controlplane.statistics;

import io.llmtrace.controlplane.statistics.Measures.Sum;
import io.llmtrace.controlplane.statistics.Statistics.Group;
import io.llmtrace.controlplane.statistics.Statistics.Slot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Sums under way, by group and bucket. Not thread-safe. */
final class SlotSums {
  private @Nullable Set<Group> only;
  private final Map<Group, Integer> places = new HashMap<>();
  private final List<Group> groups = new ArrayList<>();
  private final TreeMap<Long, @Nullable Measures[]> buckets = new TreeMap<>();

  /**
   * @param only groups that count; null for all
   */
  SlotSums(@Nullable Set<Group> only) {
    this.only = only;
  }

  /** Where a group's sums are, or -1 if it does not count. */
  int place(Group group) {
    if (only != null && !only.contains(group)) {
      return -1;
    }
    Integer known = places.get(group);
    if (known != null) {
      return known;
    }
    groups.add(group);
    places.put(group, groups.size() - 1);
    return groups.size() - 1;
  }

  /**
   * The sums of some groups in a bucket, for adding.
   *
   * @return null where the place is -1
   */
  @Nullable Measures[] at(long bucket, int... some) {
    @Nullable Measures[] all = buckets.computeIfAbsent(bucket, key -> new Measures[groups.size()]);
    if (all.length < groups.size()) {
      // Some more: rows bring new groups one by one.
      all = Arrays.copyOf(all, Math.max(groups.size(), all.length * 2));
      buckets.put(bucket, all);
    }
    @Nullable Measures[] found = new Measures[some.length];
    for (int i = 0; i < some.length; i++) {
      if (some[i] >= 0) {
        Measures sums = all[some[i]];
        if (sums == null) {
          sums = new Measures();
          all[some[i]] = sums;
        }
        found[i] = sums;
      }
    }
    return found;
  }

  /** Sums of a group in a bucket, or null if it does not count. */
  @Nullable Measures at(long bucket, Group group) {
    int place = place(group);
    return place < 0 ? null : at(bucket, new int[] {place})[0];
  }

  /** From now on only some groups count; what was added stays. */
  SlotSums only(Set<Group> some) {
    only = some;
    return this;
  }

  int groups() {
    return groups.size();
  }

  /** Those with most exchanges in the one bucket that there is. */
  Collection<Group> busiest(int most) {
    Map<Slot, Measures> lines = lines();
    return lines.keySet().stream().limit(most).map(Slot::group).toList();
  }

  /** By bucket, and within one by exchanges, then by name. */
  Map<Slot, Measures> lines() {
    Map<Slot, Measures> lines = new LinkedHashMap<>();
    buckets.forEach(
        (bucket, all) -> {
          record One(Group group, Measures sums, long count) {}
          List<One> those = new ArrayList<>();
          for (int i = 0; i < all.length; i++) {
            Measures sums = all[i];
            if (sums != null) {
              long count = sums.get(Sum.REQUESTS) + sums.get(Sum.FINDINGS);
              those.add(new One(groups.get(i), sums, count));
            }
          }
          those.sort(Comparator.comparingLong(One::count).reversed().thenComparing(One::group));
          those.forEach(one -> lines.put(new Slot(one.group(), bucket), one.sums()));
        });
    return lines;
  }
}
