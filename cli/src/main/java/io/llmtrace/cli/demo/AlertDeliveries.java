package io.llmtrace.cli.demo;

import io.llmtrace.testkit.sinks.Ledger;
import io.llmtrace.testkit.sinks.Received;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What came through the channels, held against what was to be told: each step once through each
 * channel, the steps of an incident in their order, and nothing else. Immutable.
 *
 * @param channels what came, by channel
 * @param problems what differs, one sentence each; empty when nothing does
 */
record AlertDeliveries(Map<String, Channel> channels, List<String> problems) {
  AlertDeliveries {
    channels = Collections.unmodifiableMap(new LinkedHashMap<>(channels));
    problems = List.copyOf(problems);
  }

  /**
   * What came through a channel.
   *
   * @param kinds messages by what they told, such as {@code firing}
   * @param duplicates messages that came more than once
   * @param refused messages that the service would not have taken
   */
  record Channel(Map<String, Long> kinds, int duplicates, int refused) {
    Channel {
      kinds = Collections.unmodifiableSortedMap(new TreeMap<>(kinds));
    }
  }

  /**
   * Compares.
   *
   * @param ledgers what each channel took, by its name
   * @param steps of each incident, by its id, in their order
   */
  static AlertDeliveries of(
      Map<String, Ledger> ledgers, Map<String, List<DemoIncidents.Step>> steps) {
    Map<String, Channel> channels = new LinkedHashMap<>();
    List<String> problems = new ArrayList<>();
    ledgers.forEach((name, ledger) -> channels.put(name, channel(name, ledger, steps, problems)));
    return new AlertDeliveries(channels, problems);
  }

  /** The id of a notice, which each service is given in its own way. */
  private static String notice(String incident, DemoIncidents.Step step) {
    return incident + "-" + step.number();
  }

  private static Channel channel(
      String name,
      Ledger ledger,
      Map<String, List<DemoIncidents.Step>> steps,
      List<String> problems) {
    List<String> arrived = ledger.received().stream().map(Received::key).distinct().toList();
    Map<String, Long> kinds = new TreeMap<>();
    List<String> expected = new ArrayList<>();
    steps.forEach(
        (incident, all) -> {
          List<String> due = new ArrayList<>();
          for (DemoIncidents.Step step : all) {
            if (step.channels().contains(name)) {
              String notice = notice(incident, step);
              due.add(notice);
              if (arrived.contains(notice)) {
                kinds.merge(step.kind(), 1L, Long::sum);
              } else {
                problems.add(name + " was never told of " + step.kind() + " (" + notice + ")");
              }
            }
          }
          List<String> came = arrived.stream().filter(due::contains).toList();
          if (came.size() == due.size() && !came.equals(due)) {
            problems.add(name + " was told in the order " + came + ", expected " + due);
          }
          expected.addAll(due);
        });
    arrived.stream()
        .filter(notice -> !expected.contains(notice))
        .forEach(notice -> problems.add(name + " was told of " + notice + ", which nobody made"));
    ledger
        .duplicates()
        .forEach(
            (notice, times) ->
                problems.add(name + " was told " + times.size() + " times of " + notice));
    ledger
        .refused()
        .forEach(refused -> problems.add(name + " refused a message: " + refused.problems()));
    return new Channel(kinds, ledger.duplicates().size(), ledger.refused().size());
  }
}
