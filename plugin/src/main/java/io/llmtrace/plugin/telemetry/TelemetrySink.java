package io.llmtrace.plugin.telemetry;

import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;

/**
 * Where the two records of an exchange go. When a call returns, the record has been written to disk
 * (the page cache: it survives the death of the process, and the death of the machine after the
 * next flush). Thread-safe.
 */
public interface TelemetrySink {
  /**
   * Keeps what was seen and decided.
   *
   * @throws SpoolRefusedException if it cannot be kept, for example on a full disk
   */
  void inspection(InspectionRecord inspection) throws SpoolRefusedException;

  /**
   * Keeps how an exchange ended.
   *
   * @throws SpoolRefusedException if it cannot be kept, for example on a full disk
   */
  void completion(CompletionRecord completion) throws SpoolRefusedException;
}
