package io.llmtrace.controlplane.ingest;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Bytes of unpacked batches that are held at once, whoever sends them: a hundred large ones must
 * not end the process. Thread-safe.
 */
final class BodyBudget {
  private static final int UNIT = 1 << 10;

  /** A batch's objects and its rows take several times its bytes. */
  private static final int PART_OF_HEAP = 16;

  private static final long WAIT_SECONDS = 2;

  private final Semaphore units;
  private final int all;

  private BodyBudget(int all) {
    this.all = all;
    this.units = new Semaphore(all, true);
  }

  static BodyBudget ofHeap() {
    return of(Runtime.getRuntime().maxMemory() / PART_OF_HEAP);
  }

  static BodyBudget of(long bytes) {
    return new BodyBudget((int) Math.min(Integer.MAX_VALUE, Math.max(1, bytes / UNIT)));
  }

  /** Bytes that one batch may have. */
  long most() {
    return (long) all * UNIT;
  }

  /** Bytes of one body, given back when it is closed. One thread's. */
  final class Lease implements AutoCloseable {
    private int held;

    private Lease() {}

    /**
     * Takes more, and waits a moment for room.
     *
     * @throws BusyException when there is none
     */
    void take(int bytes) {
      int more = (bytes + UNIT - 1) / UNIT;
      try {
        if (!units.tryAcquire(more, WAIT_SECONDS, TimeUnit.SECONDS)) {
          throw new BusyException();
        }
        held += more;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new BusyException();
      }
    }

    @Override
    public void close() {
      units.release(held);
      held = 0;
    }
  }

  /** A lease of nothing yet. */
  Lease lease() {
    return new Lease();
  }
}
