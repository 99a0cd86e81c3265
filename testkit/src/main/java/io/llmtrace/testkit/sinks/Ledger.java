package io.llmtrace.testkit.sinks;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a sink has taken and refused, in the order of arrival. Thread-safe. */
public final class Ledger {
  private final List<Received> received = new ArrayList<>();
  private final List<Received.Refused> refused = new ArrayList<>();
  private long requests;

  Ledger() {}

  synchronized void request() {
    requests++;
  }

  synchronized void take(Received message) {
    received.add(message);
    notifyAll();
  }

  synchronized void refuse(Received.Refused message) {
    refused.add(message);
    notifyAll();
  }

  /** Requests that arrived, whatever became of them. */
  public synchronized long requests() {
    return requests;
  }

  /** All that was taken, duplicates among them. */
  public synchronized List<Received> received() {
    return List.copyOf(received);
  }

  /** What was refused for what it held. Faults are not among them. */
  public synchronized List<Received.Refused> refused() {
    return List.copyOf(refused);
  }

  /** The messages of each incident, in the order of arrival, each key once: its first arrival. */
  public synchronized Map<String, List<Received>> incidents() {
    Map<String, Received> first = new LinkedHashMap<>();
    received.forEach(message -> first.putIfAbsent(message.key(), message));
    return first.values().stream()
        .collect(groupingBy(Received::incident, LinkedHashMap::new, toList()));
  }

  /** The messages of one incident, duplicates among them. */
  public synchronized List<Received> byIncident(String incident) {
    return received.stream().filter(message -> message.incident().equals(incident)).toList();
  }

  /** What was taken more than once: the key and all its arrivals. */
  public synchronized Map<String, List<Received>> duplicates() {
    Map<String, List<Received>> byKey =
        received.stream().collect(groupingBy(Received::key, LinkedHashMap::new, toList()));
    byKey.values().removeIf(arrivals -> arrivals.size() < 2);
    return byKey;
  }

  /**
   * Waits until this many messages were taken.
   *
   * @return whether they were, in this time
   */
  public synchronized boolean await(int messages, java.time.Duration within)
      throws InterruptedException {
    long end = System.nanoTime() + within.toNanos();
    while (received.size() < messages) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return false;
      }
      wait(left);
    }
    return true;
  }
}
