package io.llmtrace.runtime.config;

import java.time.Duration;

/**
 * {@code plugin.spool}: the records on disk that wait for the control plane.
 *
 * @param maxBytes past this the spool refuses records, and each refusal is counted
 * @param segmentMaxBytes size in bytes at which a segment is closed and becomes a batch
 * @param flushInterval longest time that a record waits before its segment is closed
 */
public record SpoolConfig(long maxBytes, long segmentMaxBytes, Duration flushInterval) {

  public static SpoolConfig defaults() {
    return new SpoolConfig(268_435_456L, 262_144L, Duration.ofMillis(500));
  }
}
