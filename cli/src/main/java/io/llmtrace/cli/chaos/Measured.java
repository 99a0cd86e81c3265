package io.llmtrace.cli.chaos;

import java.util.Map;
import java.util.TreeMap;

/**
 * What was measured of one fault, from a second before it until everything was accounted for.
 *
 * @param sent requests
 * @param errors what clients saw, by kind
 * @param p95Before milliseconds of good requests without a fault
 * @param p95During the same while the fault held
 * @param logged exchanges that the gateway logged, each once
 * @param unlogged requests that were answered and that the gateway never logged
 * @param exchanges what the log's exchanges are by the records
 * @param orphans inspections whose exchange the gateway never logged: their answer was lost
 * @param records what became of the records
 * @param missedAttacks attacks that reached the provider although they were inspected
 * @param recoveryMillis from the end of the fault until an attack was blocked and recorded and a
 *     good request answered
 */
record Measured(
    int sent,
    Map<ClientError, Integer> errors,
    double p95Before,
    double p95During,
    int logged,
    int unlogged,
    Exchanges exchanges,
    int orphans,
    Records records,
    int missedAttacks,
    long recoveryMillis) {

  Measured {
    errors = new TreeMap<>(errors);
  }

  /**
   * Completed exchanges by coverage.
   *
   * @param unrecorded that completed without an inspection, because its record was lost
   * @param incomplete that were inspected and whose completion was lost, and counted
   * @param reasons of those that were not inspected as a whole; {@code degraded} passed while the
   *     plugin was away
   */
  record Exchanges(
      int inspected,
      int partial,
      int uninspected,
      int unrecorded,
      int incomplete,
      Map<String, Integer> reasons) {
    Exchanges {
      reasons = new TreeMap<>(reasons);
    }

    int all() {
      return inspected + partial + uninspected + unrecorded + incomplete;
    }
  }

  /**
   * Inspections and completions.
   *
   * @param expected two for each logged exchange, and one for each orphan
   * @param stored rows
   * @param inSpool that wait to be sent
   * @param lost by reason, as counted
   * @param doubled exchanges with two completed records, and inspections counted and not stored
   */
  record Records(long expected, long stored, long inSpool, Map<String, Long> lost, long doubled) {
    Records {
      lost = new TreeMap<>(lost);
    }

    long lostInAll() {
      return lost.values().stream().mapToLong(Long::longValue).sum();
    }

    /** What nobody can say anything about; 0 where the books balance. */
    long unaccounted() {
      return expected - stored - inSpool - lostInAll();
    }
  }

  double addedMillis() {
    return p95During - p95Before;
  }
}
