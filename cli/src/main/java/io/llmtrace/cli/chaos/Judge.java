package io.llmtrace.cli.chaos;

import java.util.ArrayList;
import java.util.List;

/** Compares what was measured with what is expected. Stateless. */
final class Judge {
  private Judge() {}

  /** What is not as expected; empty when all is. */
  static List<String> problems(Expectation expected, Measured measured) {
    List<String> problems = new ArrayList<>();
    measured
        .errors()
        .forEach(
            (error, count) -> {
              if (!expected.errors().contains(error)) {
                problems.add(count + " client errors: " + error.label());
              }
            });
    Measured.Exchanges exchanges = measured.exchanges();
    exchanges
        .reasons()
        .forEach(
            (reason, count) -> {
              if (!expected.reasons().contains(reason)) {
                problems.add(count + " exchanges not inspected: " + reason);
              }
            });
    if (exchanges.all() != measured.logged()) {
      problems.add(
          "the gateway logged "
              + measured.logged()
              + " exchanges, and records tell of "
              + exchanges.all());
    }
    if (measured.unlogged() > 0 && !expected.unlogged()) {
      problems.add(measured.unlogged() + " answered requests that the gateway never logged");
    }
    records(expected, measured, problems);
    if (measured.missedAttacks() > 0) {
      problems.add(measured.missedAttacks() + " attacks were inspected and passed");
    }
    // A machine that is slow without a fault is as much slower with one.
    double later = Math.max(expected.addedMillis(), measured.p95Before());
    if (measured.addedMillis() > later) {
      problems.add(
          "p95 is %.0f ms later, expected at most %.0f".formatted(measured.addedMillis(), later));
    }
    if (measured.recoveryMillis() > expected.recovery().toMillis()) {
      problems.add(
          "recovered after %d ms, expected at most %d"
              .formatted(measured.recoveryMillis(), expected.recovery().toMillis()));
    }
    return problems;
  }

  private static void records(Expectation expected, Measured measured, List<String> problems) {
    Measured.Records records = measured.records();
    records
        .lost()
        .forEach(
            (reason, count) -> {
              if (count > 0 && !expected.losses().contains(reason)) {
                problems.add(count + " records lost: " + reason);
              }
            });
    if (expected.mustLose() && records.lostInAll() == 0) {
      problems.add("no loss was counted, although the fault destroys records");
    }
    int halves = measured.exchanges().unrecorded() + measured.exchanges().incomplete();
    if (halves > records.lostInAll()) {
      problems.add(
          halves
              + " exchanges without an inspection or a completion, and "
              + records.lostInAll()
              + " records counted as lost");
    }
    if (records.unaccounted() != 0) {
      problems.add(
          "%d records unaccounted for: %d expected, %d stored, %d in the spool, %d counted as lost"
              .formatted(
                  records.unaccounted(),
                  records.expected(),
                  records.stored(),
                  records.inSpool(),
                  records.lostInAll()));
    }
    if (records.doubled() > 0) {
      problems.add(records.doubled() + " records doubled");
    }
    if (measured.orphans() > 0
        && !expected.reasons().contains("degraded")
        && !expected.unlogged()) {
      problems.add(measured.orphans() + " inspections whose exchange the gateway never logged");
    }
  }
}
