package io.llmtrace.controlplane.anomalies;

/**
 * Hours in which a measure was too much, without more than a short calm between them.
 *
 * @param first its first hour, since the epoch
 * @param last its last hour so far
 * @param over whether it has ended: enough calm hours have followed
 * @param hours that were too much
 * @param excess of all its hours above what was expected; of shares of what is counted
 * @param peak the hour that was furthest above
 * @param observed in that hour
 * @param expected of that hour
 * @param basis what that is expected by
 * @param score of that hour; 1 is the limit
 */
public record Episode(
    Measure measure,
    long first,
    long last,
    boolean over,
    int hours,
    double excess,
    long peak,
    double observed,
    Expectation expected,
    Baseline.Basis basis,
    double score) {}
