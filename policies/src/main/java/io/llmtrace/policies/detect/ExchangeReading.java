package io.llmtrace.policies.detect;

import io.llmtrace.policies.exchange.Exchange;
import java.util.List;

/**
 * An exchange after its segments were read. Immutable.
 *
 * @param segments in the order of the exchange; what the budget did not allow is missing
 * @param findings what the detectors of segments have said
 * @param scope what keeps memories apart, for example tenant and route; memories of one scope are
 *     never seen in another
 */
public record ExchangeReading(
    Exchange exchange, List<SegmentReading> segments, List<Finding> findings, String scope) {
  public ExchangeReading {
    segments = List.copyOf(segments);
    findings = List.copyOf(findings);
  }
}
