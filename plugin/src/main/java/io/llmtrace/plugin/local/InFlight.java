package io.llmtrace.plugin.local;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Requests of all connections from their first byte that counts to their last. Thread-safe. */
final class InFlight {
  /** What a caller sent before it knew that we leave is still on its way for so long. */
  private static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final long POLL_MILLIS = 5;

  private final AtomicInteger requests = new AtomicInteger();
  private volatile boolean leaving;
  private volatile long lastBegun = System.nanoTime();

  void begun() {
    requests.incrementAndGet();
    lastBegun = System.nanoTime();
  }

  void ended() {
    requests.decrementAndGet();
  }

  /** Whether connections are to be closed with their answers. */
  boolean leaving() {
    return leaving;
  }

  /** Waits until there is none, and none has come for a while. */
  void leave(long longestNanos) throws InterruptedException {
    leaving = true;
    long start = System.nanoTime();
    while (System.nanoTime() - start < longestNanos
        && (requests.get() > 0 || System.nanoTime() - Math.max(start, lastBegun) < GRACE_NANOS)) {
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }
}
