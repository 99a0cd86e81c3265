package io.llmtrace.policies.usage;

import java.util.List;

/**
 * All prices that were said at the control plane and that concern an instance.
 *
 * @param revision tells one list from another; 0 is none that a control plane ever had
 */
public record PriceOverrides(long revision, List<PriceOverride> prices) {
  public PriceOverrides {
    prices = prices == null ? List.of() : List.copyOf(prices);
  }
}
