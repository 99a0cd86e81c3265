package io.llmtrace.policies.limit;

/**
 * What a node knows of those that it shares limits with. Written by the thread that talks with the
 * control plane, read by all. Thread-safe.
 */
final class Sharing {
  private volatile int nodes = 1;
  private volatile boolean alone;

  /** Processes that share, this one included; as many as were known last. */
  int nodes() {
    return nodes;
  }

  /** Whether the control plane is gone, and with it every lease. */
  boolean alone() {
    return alone;
  }

  void nodes(int known) {
    nodes = Math.max(1, known);
  }

  void alone(boolean is) {
    alone = is;
  }

  /** The part of a limit that a node has as long as nobody gave it another. */
  double even(double total) {
    return total / nodes;
  }
}
