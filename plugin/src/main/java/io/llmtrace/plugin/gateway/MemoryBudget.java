package io.llmtrace.plugin.gateway;

import io.llmtrace.policies.json.BodyMemory;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of bodies, and of what is made of them, that may be held at once, over all connections.
 * Thread-safe.
 */
public final class MemoryBudget {
  private final long limit;
  private final AtomicLong used = new AtomicLong();

  public MemoryBudget(long limitBytes) {
    this.limit = limitBytes;
  }

  /** Takes {@code bytes}, or null where that would be too many. */
  public @Nullable Lease take(long bytes) {
    return tryTake(bytes) ? new Lease(this, bytes) : null;
  }

  private boolean tryTake(long bytes) {
    long after = used.addAndGet(bytes);
    if (after > limit) {
      used.addAndGet(-bytes);
      return false;
    }
    return true;
  }

  /** A lease of nothing yet, for what grows. */
  public Lease open() {
    return new Lease(this, 0);
  }

  /** Bytes held now. */
  public long used() {
    return used.get();
  }

  /** Bytes that somebody holds until {@link #close()}; closing twice gives back once. */
  public static final class Lease implements BodyMemory {
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
    @Override
    public boolean grow(long more) {
      if (!budget.tryTake(more)) {
        return false;
      }
      bytes.addAndGet(more);
      return true;
    }

    @Override
    public void giveBack(long less) {
      shrink(Math.max(0, bytes.get() - less));
    }

    /**
     * A lease of which only the caller takes more: this one, or, where it holds nothing and may be
     * many's, a new one of the same budget.
     */
    Lease own() {
      return bytes.get() == 0 ? budget.open() : this;
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
