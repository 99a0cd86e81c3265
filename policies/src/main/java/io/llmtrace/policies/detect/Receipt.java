package io.llmtrace.policies.detect;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.llmtrace.policies.exchange.Segment;
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
 * @param unread which segments a partial coverage left out: JSON Pointers of the first of those
 *     that not every stage has read to their end, {@code segments} less {@code segmentsInspected}
 *     in all
 */
public record Receipt(
    Coverage coverage,
    String reason,
    int segments,
    int segmentsInspected,
    long bytes,
    List<String> missingStages,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<String> unread) {

  /** Of so many segments it is said that they were not read. */
  public static final int MOST_UNREAD = 20;

  /** Clients choose the names in pointers. */
  private static final int LONGEST_POINTER = 200;

  /**
   * The reason of exchanges that an application told of by OpenTelemetry spans, past every gateway:
   * nobody could look at them. Their batches have it for a node, their routes for a first part.
   */
  public static final String OTLP = "otlp";

  public Receipt {
    missingStages = List.copyOf(missingStages);
    // Records of an earlier version do not have it.
    unread = unread == null ? List.of() : List.copyOf(unread);
  }

  /** A receipt that has nothing to say of single segments. */
  public Receipt(
      Coverage coverage,
      String reason,
      int segments,
      int segmentsInspected,
      long bytes,
      List<String> missingStages) {
    this(coverage, reason, segments, segmentsInspected, bytes, missingStages, List.of());
  }

  /**
   * The pointers of segments, for {@code unread}.
   *
   * @param places in the list of segments
   */
  public static List<String> pointers(List<Segment> segments, List<Integer> places) {
    return places.stream().map(place -> shown(segments.get(place).pointer())).toList();
  }

  private static String shown(String pointer) {
    return pointer.length() <= LONGEST_POINTER
        ? pointer
        : pointer.substring(0, LONGEST_POINTER - 1) + "…";
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
