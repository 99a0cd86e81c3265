package io.llmtrace.policies.limit;

/**
 * One node's share of one allowance of one key: how much was asked for, and what was given. Guarded
 * by the lock of its {@link Counters}.
 */
final class KeyShare {
  /**
   * A key that is new here goes by no less than an even part for so long: others have to learn of
   * it before they can leave it a share.
   */
  static final long BEGINNING_NANOS = 15_000_000_000L;

  private static final double MINUTE = 60e9;

  final LimitKind kind;
  final double total;
  private long asked;
  private final long began;
  private long measuredAt;
  private double perMinute;
  private double granted = -1;
  private long until;
  private long revision;
  private long holds;

  KeyShare(LimitKind kind, double total, long now) {
    this.kind = kind;
    this.total = total;
    this.began = now;
    this.measuredAt = now;
  }

  /** Requests or tokens that were asked for since the last time. */
  void asked(long amount) {
    asked += amount;
  }

  /** What was asked for in a minute, the last time counting half. */
  double measure(long now) {
    long since = now - measuredAt;
    if (since > 0) {
      perMinute = (perMinute + asked * MINUTE / since) / 2;
      asked = 0;
      measuredAt = now;
    }
    return perMinute;
  }

  boolean isNewerThan(LimitLease lease) {
    return revision > lease.revision();
  }

  void take(LimitLease lease, long end) {
    granted = lease.granted();
    until = end;
    revision = lease.revision();
  }

  /** The largest amount that this node may go by now, or a negative number without a lease. */
  double leased(long now) {
    return now < until ? granted : -1;
  }

  boolean isNew(long now) {
    return now - began < BEGINNING_NANOS;
  }

  /** This node goes by the newest lease and by no larger one. */
  void goesByIt() {
    holds = revision;
  }

  long holds() {
    return holds;
  }
}
