package io.llmtrace.policies.limit;

import java.util.Map;
import java.util.TreeMap;

/**
 * What was spent in a rolling window, in billionths of a dollar. It forgets in steps: the sum
 * covers the whole window and up to one step more, so it never says less than was spent.
 * Thread-safe; reading takes no lock but once a step, writing happens after an exchange has ended.
 */
final class SpendWindow {
  private final long bucketNanos;
  private final long[] amounts;
  private long head;
  private volatile long sum;
  private volatile long headEnds;

  SpendWindow(Window window, long now) {
    this.bucketNanos = window.bucketNanos();
    this.amounts = new long[window.buckets() + 1];
    this.head = Math.floorDiv(now, bucketNanos);
    this.headEnds = (head + 1) * bucketNanos;
  }

  synchronized void add(long amount, long now) {
    roll(now);
    put(head, amount);
  }

  /** Adds what was spent at an earlier time, maybe by another process; the future counts as now. */
  synchronized void restore(long amount, long at, long now) {
    roll(now);
    long index = Math.min(head, Math.floorDiv(at, bucketNanos));
    if (index > head - amounts.length) {
      put(index, amount);
    }
  }

  long sum(long now) {
    if (now < headEnds) {
      return sum;
    }
    synchronized (this) {
      roll(now);
      return sum;
    }
  }

  /** Amounts that are not zero, by the time at which their step began. */
  synchronized Map<Long, Long> amounts(long now) {
    roll(now);
    Map<Long, Long> kept = new TreeMap<>();
    for (long index = head - amounts.length + 1; index <= head; index++) {
      long amount = amounts[slot(index)];
      if (amount > 0) {
        kept.put(index * bucketNanos, amount);
      }
    }
    return kept;
  }

  private void put(long index, long amount) {
    int slot = slot(index);
    amounts[slot] = plus(amounts[slot], amount);
    sum = plus(sum, amount);
  }

  private void roll(long now) {
    long index = Math.floorDiv(now, bucketNanos);
    if (index <= head) {
      return;
    }
    long steps = Math.min(index - head, amounts.length);
    for (long step = 0; step < steps; step++) {
      amounts[slot(index - step)] = 0;
    }
    head = index;
    long left = 0;
    for (long amount : amounts) {
      left = plus(left, amount);
    }
    sum = left;
    headEnds = (index + 1) * bucketNanos;
  }

  private int slot(long index) {
    return (int) Math.floorMod(index, (long) amounts.length);
  }

  private static long plus(long a, long b) {
    long plus = a + b;
    return plus < 0 ? Long.MAX_VALUE : plus;
  }
}
