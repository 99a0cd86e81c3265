package io.llmtrace.policies.wire;

/**
 * Telemetry that was dropped: says so, so that what is missing is counted.
 *
 * @param reason for example {@code spool_full}, {@code spool_corrupt}
 * @param count records dropped
 * @param at when it was noticed, epoch milliseconds
 */
public record LossRecord(String reason, long count, long at) implements TelemetryRecord {}
