package io.llmtrace.cli.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Which faults fit into a time: of each group in turn the next one that still fits. Stateless. */
final class Sample {
  private Sample() {}

  /**
   * Chooses.
   *
   * @param time for faults alone, without the start and the end of the stack
   * @return in the order of {@code all}
   */
  static List<Fault> of(List<Fault> all, Duration time) {
    Map<Fault.Group, List<Fault>> groups = new EnumMap<>(Fault.Group.class);
    all.forEach(fault -> groups.computeIfAbsent(fault.group(), g -> new ArrayList<>()).add(fault));
    List<Fault> chosen = new ArrayList<>();
    long left = time.toSeconds();
    boolean any = true;
    while (any) {
      any = false;
      for (List<Fault> group : groups.values()) {
        while (!group.isEmpty()) {
          Fault next = group.remove(0);
          if (next.seconds() <= left) {
            chosen.add(next);
            left -= next.seconds();
            any = true;
            break;
          }
        }
      }
    }
    return all.stream().filter(chosen::contains).toList();
  }
}
