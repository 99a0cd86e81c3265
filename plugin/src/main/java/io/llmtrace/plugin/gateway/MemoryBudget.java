package io.llmtrace.plugin.gateway;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Bytes of request bodies that may be held at once, over all connections. Thread-safe. */
public final class MemoryBudget {
  private final long limit;
  private final AtomicLong used = new AtomicLong();

  public MemoryBudget(long limitBytes) {
    this.limit = limitBytes;
  }

  /** Takes {@code bytes}, or null where that would be too many. */
  public @Nullable Lease take(long bytes) {
    long after = used.addAndGet(bytes);
    if (after > limit) {
      used.addAndGet(-bytes);
      return null;
    }
    return new Lease(this, bytes);
  }

  /** Bytes held now. */
  public long used() {
    return used.get();
  }

  /** Bytes that somebody holds until {@link #close()}; closing twice gives back once. */
  public static final class Lease implements AutoCloseable {
    /** Holds nothing. */
    public static final Lease NONE = new Lease(new MemoryBudget(0), 0);

    private final MemoryBudget budget;
    private final AtomicLong bytes;

    private Lease(MemoryBudget budget, long bytes) {
      this.budget = budget;
      this.bytes = new AtomicLong(bytes);
    }

    /**
     * Takes more, for what grows as it comes in; by its one owner, before it is closed.
     *
     * @return false where that would be too many: it holds what it held
     */
    public boolean grow(long more) {
      Lease taken = budget.take(more);
      if (taken == null) {
        return false;
      }
      bytes.addAndGet(more);
      return true;
    }

    /** Gives back all but so many bytes; by its one owner, before it is closed. */
    public void shrink(long to) {
      long before = bytes.getAndUpdate(held -> Math.min(held, to));
      budget.used.addAndGet(-Math.max(0, before - to));
    }

    @Override
    public void close() {
      budget.used.addAndGet(-bytes.getAndSet(0));
    }
  }
}
