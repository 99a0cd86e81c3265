package io.llmtrace.policies.limit;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One node's share of a budget that all nodes spend from. What is spent is one number that only
 * grows, in billionths of a dollar or in tokens; a share is what may be added to it. Requests read
 * and add without a lock; the rest is for the one thread that talks with the control plane.
 */
final class SharedBudget {
  /** How far back marks lie apart at most, when there are many. */
  private static final int MOST_MARKS = 128;

  private static final double MINUTE = 60e9;

  /**
   * What was given.
   *
   * @param base what had been spent when it was asked for
   */
  private record Share(double granted, long base, long until, long resetsAt, long revision) {}

  private record Mark(long at, long spent) {}

  private final Limit.Alone alone;
  private final AtomicLong spent = new AtomicLong();
  private final Deque<Mark> marks = new ArrayDeque<>();
  private volatile BudgetLease definition;
  private volatile Share share = new Share(-1, 0, Long.MIN_VALUE, 0, 0);
  private volatile long touched = Long.MIN_VALUE;
  private long askedAt;
  private long askedSpent;
  private double perMinute;

  SharedBudget(BudgetLease definition, Limit.Alone alone, long now) {
    this.definition = definition;
    this.alone = alone;
    this.askedAt = now;
    marks.add(new Mark(now, 0));
  }

  void define(BudgetLease changed) {
    definition = changed;
  }

  String name() {
    return SharedBudgets.PREFIX + definition.id();
  }

  BudgetLease.Unit unit() {
    return definition.unit();
  }

  Limit.Action action() {
    return definition.action();
  }

  void touch(long now) {
    touched = now;
  }

  void spend(Spent ended) {
    Double usd = ended.costUsd();
    if (definition.unit() == BudgetLease.Unit.TOKENS) {
      spent.addAndGet(Math.max(0, ended.tokens()));
    } else if (usd != null) {
      spent.addAndGet(Counters.nanos(usd));
    }
  }

  /** Whether what this node may spend of it is spent. */
  boolean isOver(long now, Sharing sharing) {
    Share mine = share;
    if (now >= mine.until() && sharing.alone() && alone != Limit.Alone.LOCAL) {
      return alone == Limit.Alone.CLOSED;
    }
    return mine.granted() >= 0 && spent.get() - mine.base() >= mine.granted();
  }

  /** When the share ends; before all time where there is none. */
  long until() {
    return share.until();
  }

  /**
   * Nanoseconds until something of it may be free again: a share that is used up may be followed by
   * another one soon, one of nothing is not before the budget's time ends.
   */
  long waitNanos(long now) {
    Share mine = share;
    return mine.granted() == 0 ? mine.resetsAt() - now : Counters.CLOSED_NANOS;
  }

  /** Whether somebody used it lately, or it refuses: a share of it is worth asking for. */
  boolean isWanted(long now, long idle) {
    Share mine = share;
    return touched != Long.MIN_VALUE
        && (now - touched < idle
            || (mine.granted() >= 0 && spent.get() - mine.base() >= mine.granted()));
  }

  /** Whether the next share should not wait: there is none, or half of it is spent. */
  boolean isUrgent(long now) {
    Share mine = share;
    return mine.granted() < 0
        || now >= mine.until()
        || (mine.granted() > 0 && (spent.get() - mine.base()) * 2.0 >= mine.granted());
  }

  /**
   * What to tell the control plane.
   *
   * @param acknowledged everything that ended before this time is in its sums
   */
  LeaseRequest.BudgetDemand demand(long acknowledged, long now) {
    long sum = spent.get();
    Mark from = marks.getFirst();
    while (marks.size() > 1) {
      Iterator<Mark> each = marks.iterator();
      each.next();
      if (each.next().at() > acknowledged) {
        break;
      }
      marks.removeFirst();
      from = marks.getFirst();
    }
    if (now > askedAt) {
      perMinute = (perMinute + (double) (sum - askedSpent) * MINUTE / (now - askedAt)) / 2;
      askedAt = now;
      askedSpent = sum;
    }
    return new LeaseRequest.BudgetDemand(
        definition.id(), unit((double) (sum - from.spent())), unit(perMinute), share.revision());
  }

  /** Notes how much was spent up to now. To be called every second or so. */
  void mark(long now) {
    long sum = spent.get();
    if (marks.getLast().spent() == sum) {
      return;
    }
    marks.addLast(new Mark(now, sum));
    if (marks.size() > MOST_MARKS) {
      // What is not acknowledged may be told too high, never too low.
      int[] place = {0};
      marks.removeIf(mark -> place[0]++ % 2 == 1);
    }
  }

  /** What is spent, to be given to {@link #take} with the answer. */
  long spentNow() {
    return spent.get();
  }

  void take(BudgetLease lease, long base, long until, long resetsAt) {
    Double granted = lease.granted();
    if (granted != null && lease.revision() >= share.revision()) {
      double amount =
          granted * (lease.unit() == BudgetLease.Unit.USD ? Counters.NANOS_A_DOLLAR : 1);
      share = new Share(amount, base, until, resetsAt, lease.revision());
    }
  }

  private double unit(double amount) {
    return definition.unit() == BudgetLease.Unit.USD ? amount / Counters.NANOS_A_DOLLAR : amount;
  }
}
