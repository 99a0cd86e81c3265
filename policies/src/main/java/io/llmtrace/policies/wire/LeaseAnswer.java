package io.llmtrace.policies.wire;

import java.util.List;

/**
 * The answer to a {@link LeaseRequest}.
 *
 * @param leases one for each demand, in their order
 * @param now the control plane's clock, epoch milliseconds: {@code notAfter} less {@code now},
 *     counted from before the request was sent, is how long a node may go by a lease whatever its
 *     own clock says
 */
public record LeaseAnswer(List<LimitLease> leases, long now) {
  public LeaseAnswer {
    leases = List.copyOf(leases);
  }
}
