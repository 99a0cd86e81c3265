package io.llmtrace.policies.usage;

import java.math.BigDecimal;

/**
 * What an exchange costs.
 *
 * @param usd US dollars, exact
 * @param by the price that it was made with
 */
public record Priced(BigDecimal usd, PricedBy by) {}
