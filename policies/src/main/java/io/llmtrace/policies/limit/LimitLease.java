package io.llmtrace.policies.limit;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A share of a limit that one instance may use by itself until it ends. Instances that share a
 * limit are each given a part of it, so that none asks another one while a request waits; all
 * together they overshoot by no more than what leases allow that have not ended.
 *
 * @param limit name of the limit
 * @param key value by dimension; empty where the limit counts by none
 * @param kind what of the limit is shared: a rate, a number at once, or cost
 * @param window of a cost, null for all else
 * @param granted requests or tokens a minute, exchanges at once, or dollars in the window; from 0
 * @param notAfter epoch milliseconds; from then on the configured value holds again
 * @param revision a lease with a lower one than another of the same share is out of date
 */
public record LimitLease(
    String limit,
    Map<Dimension, String> key,
    LimitKind kind,
    @Nullable Window window,
    double granted,
    long notAfter,
    long revision) {
  public LimitLease {
    key = Map.copyOf(key);
  }
}
