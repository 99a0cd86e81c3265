package io.llmtrace.policies.detect;

import java.util.List;

/**
 * What was and was not inspected of an exchange, and why.
 *
 * @param coverage how much was looked at
 * @param reason why not everything was: {@code budget}, {@code overload}, {@code memory}, {@code
 *     breaker}, {@code error}, {@code unparsable}, {@code too_large}, {@code degraded}, {@code
 *     forged_id}, …; empty when everything was inspected
 * @param segments segments of the exchange
 * @param segmentsInspected segments that every stage has read
 * @param bytes bytes of the request body
 * @param missingStages stages that did not run or did not finish
 */
public record Receipt(
    Coverage coverage,
    String reason,
    int segments,
    int segmentsInspected,
    long bytes,
    List<String> missingStages) {

  /**
   * The reason of exchanges that an application told of by OpenTelemetry spans, past every gateway:
   * nobody could look at them. Their batches have it for a node, their routes for a first part.
   */
  public static final String OTLP = "otlp";

  public Receipt {
    missingStages = List.copyOf(missingStages);
  }

  /** Whether an application told of it, and no gateway. */
  public boolean ofSpans() {
    return reason.equals(OTLP);
  }

  /** Nothing was looked at, for this reason. */
  public static Receipt uninspected(String reason, long bytes) {
    return new Receipt(Coverage.UNINSPECTED, reason, 0, 0, bytes, List.of());
  }
}
