package io.llmtrace.cli.bench.gateway;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * What clients saw in one round.
 *
 * @param seconds how long it took
 * @param statuses answers by HTTP status
 * @param failed requests that got no answer
 * @param nanos latencies of the answers, ascending; where requests came at a fixed rate, from the
 *     moment at which each was due
 */
@SuppressWarnings("ArrayRecordComponent") // of a benchmark, and never changed
record Outcome(double seconds, Map<Integer, Long> statuses, long failed, long[] nanos) {
  static Outcome of(double seconds, Map<Integer, Long> statuses, long failed, long[] nanos) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return new Outcome(seconds, new TreeMap<>(statuses), failed, sorted);
  }

  double perSecond() {
    return nanos.length / seconds;
  }

  /** Milliseconds within which this share of the requests was answered. */
  double percentile(double share) {
    return nanos.length == 0
        ? Double.NaN
        : nanos[Math.min(nanos.length - 1, (int) (nanos.length * share))] / 1e6;
  }

  /** Requests that did not end as they should have. */
  long errors(int expected) {
    return failed + nanos.length - statuses.getOrDefault(expected, 0L);
  }
}
