package io.llmtrace.controlplane.anomalies;

/**
 * What a series had in one hour (UTC).
 *
 * @param hour hours since the epoch
 * @param costUsd US dollars, as far as they are known
 * @param tokens of prompts and answers
 * @param requests that ended
 * @param errors of these, those with status 5xx
 * @param exchanges that were inspected
 * @param findings in these
 */
public record HourSums(
    long hour,
    double costUsd,
    long tokens,
    long requests,
    long errors,
    long exchanges,
    long findings) {

  /** An hour without anything. */
  static HourSums none(long hour) {
    return new HourSums(hour, 0, 0, 0, 0, 0, 0);
  }
}
