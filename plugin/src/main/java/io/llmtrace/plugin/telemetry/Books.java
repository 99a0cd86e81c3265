package io.llmtrace.plugin.telemetry;

import io.llmtrace.policies.wire.NodeSnapshot;

/** Where the records are that this process has made. Thread-safe. */
final class Books {
  private long made;
  private long waiting;
  private long dropped;
  private long sending;

  /** A record was written. */
  synchronized void made() {
    made++;
    waiting++;
  }

  /**
   * A batch of ours is about to be sent.
   *
   * @param records in it; 0 for one of another process
   */
  synchronized void sending(int records) {
    sending = records;
  }

  /**
   * A batch of ours waits no longer.
   *
   * @param records that were written to it
   * @param taken of those that are with the control plane
   */
  synchronized void left(int records, int taken) {
    waiting -= records;
    dropped += records - taken;
    sending = 0;
  }

  synchronized NodeSnapshot.Accounts accounts() {
    return new NodeSnapshot.Accounts(made, waiting, dropped, sending);
  }
}
