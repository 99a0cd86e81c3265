package io.llmtrace.plugin.telemetry;

import io.llmtrace.policies.wire.NodeSnapshot;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Where the records are that this process has made, and since when they wait. Thread-safe. */
final class Books {
  /** By number of the file, when it got its first record, in nanoseconds of the JVM's clock. */
  private final Map<Long, Long> begun = new ConcurrentHashMap<>();

  private long made;
  private long waiting;
  private long dropped;
  private long sending;

  /** A record was written. */
  synchronized void made() {
    made++;
    waiting++;
  }

  /** A file has its first record. */
  void began(long sequence) {
    begun.put(sequence, System.nanoTime());
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
   * @param sequence number of its file
   * @param records that were written to it
   * @param taken of those that are with the control plane
   */
  void left(long sequence, int records, int taken) {
    begun.remove(sequence);
    synchronized (this) {
      waiting -= records;
      dropped += records - taken;
      sending = 0;
    }
  }

  /** How long the oldest file has been there whose batch has not left. */
  Duration oldest() {
    long now = System.nanoTime();
    long longest = 0;
    for (long at : begun.values()) {
      longest = Math.max(longest, now - at);
    }
    return Duration.ofNanos(longest);
  }

  synchronized NodeSnapshot.Accounts accounts() {
    return new NodeSnapshot.Accounts(made, waiting, dropped, sending);
  }
}
