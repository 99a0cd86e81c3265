package io.llmtrace.policies.limit;

import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The allowances of one key of one limit. Thread-safe. */
final class Counters {
  /** Soon enough to be told of a control plane that is back, and no storm before. */
  static final long CLOSED_NANOS = 5_000_000_000L;

  static final double NANOS_A_DOLLAR = 1e9;
  private static final int MOST_UNKNOWN_MODELS = 64;

  /** How long a model whose price was not known is refused, where a budget says so. */
  static final long UNKNOWN_NANOS = 600_000_000_000L;

  final Limit limit;
  final @Nullable TokenBucket requests;
  final @Nullable TokenBucket tokens;
  private final AtomicInteger running = new AtomicInteger();
  private final Map<Window, SpendWindow> spent = new EnumMap<>(Window.class);
  private final Map<String, Long> unknownModels = new LinkedHashMap<>();
  private volatile boolean someUnknown;
  private volatile long touched;
  private volatile int concurrent;
  private final Map<Window, Long> budget = new EnumMap<>(Window.class);
  private final @Nullable Sharing sharing;
  private final Map<LimitKind, KeyShare> shares = new EnumMap<>(LimitKind.class);
  private final LongAdder arrivals = new LongAdder();
  private final LongAdder tokensTaken = new LongAdder();
  private final LongAdder tokensSettled = new LongAdder();
  private volatile @Nullable LimitKind closed;

  Counters(Limit limit, Sharing known, long now) {
    this.limit = limit;
    this.sharing = limit.nodes() == Limit.Nodes.SHARE ? known : null;
    Limit.Rates rates = limit.rates();
    this.requests = bucket(LimitKind.REQUESTS_PER_MINUTE, rates.requestsPerMinute(), now);
    this.tokens = bucket(LimitKind.TOKENS_PER_MINUTE, rates.tokensPerMinute(), now);
    this.concurrent = rates.concurrent();
    if (sharing != null && rates.concurrent() > 0) {
      shares.put(LimitKind.CONCURRENT, new KeyShare(LimitKind.CONCURRENT, rates.concurrent(), now));
    }
    limit.budget().usd().forEach((window, usd) -> budget.put(window, nanos(usd)));
    budget.keySet().forEach(window -> spent.put(window, new SpendWindow(window, now)));
    this.touched = now;
    goBy(now);
  }

  private @Nullable TokenBucket bucket(LimitKind kind, long perMinute, long now) {
    if (perMinute == 0) {
      return null;
    }
    if (sharing == null) {
      return new TokenBucket(perMinute, now);
    }
    shares.put(kind, new KeyShare(kind, (double) perMinute, now));
    return new TokenBucket(Math.max(1, (long) sharing.even((double) perMinute)), now);
  }

  /** A request asks; of a limit that nodes share, demand is what shares go by. */
  void asked() {
    if (sharing != null) {
      arrivals.increment();
    }
  }

  void tokensTook(long amount) {
    if (sharing != null && amount > 0) {
      tokensTaken.add(amount);
      tokensSettled.increment();
    }
  }

  /** What is closed because nobody gives shares of it, or null. */
  @Nullable LimitKind closed() {
    return closed;
  }

  static long nanos(double usd) {
    return Math.round(Math.max(0, usd) * NANOS_A_DOLLAR);
  }

  void touch(long now) {
    touched = now;
  }

  /** Whether nobody asked since then and everything is as it was in the beginning. */
  boolean idleSince(long then, long now) {
    if (touched - then > 0 || running.get() != 0 || someUnknown) {
      return false;
    }
    synchronized (this) {
      if (shares.values().stream().anyMatch(each -> each.leased(now) >= 0)) {
        return false;
      }
    }
    return (requests == null || requests.isFull(now))
        && (tokens == null || tokens.isFull(now))
        && spent.values().stream().allMatch(window -> window.sum(now) == 0);
  }

  boolean overBudget(long now) {
    for (Map.Entry<Window, Long> one : budget.entrySet()) {
      SpendWindow window = spent.get(one.getKey());
      if (window != null && window.sum(now) >= one.getValue()) {
        return true;
      }
    }
    return false;
  }

  boolean enter() {
    int most = concurrent;
    while (true) {
      int now = running.get();
      if (now >= most) {
        return false;
      }
      if (running.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  void leave() {
    running.decrementAndGet();
  }

  int running() {
    return running.get();
  }

  void spend(double usd, long now) {
    long amount = nanos(usd);
    for (SpendWindow window : spent.values()) {
      window.add(amount, now);
    }
  }

  synchronized void costOf(String model, boolean known, long now) {
    if (known) {
      if (someUnknown) {
        unknownModels.remove(model);
      }
    } else {
      unknownModels.remove(model);
      unknownModels.put(model, now + UNKNOWN_NANOS);
      if (unknownModels.size() > MOST_UNKNOWN_MODELS) {
        Iterator<String> oldest = unknownModels.keySet().iterator();
        oldest.next();
        oldest.remove();
      }
    }
    someUnknown = !unknownModels.isEmpty();
  }

  boolean costUnknown(String model, long now) {
    if (!someUnknown) {
      return false;
    }
    synchronized (this) {
      Long until = unknownModels.get(model);
      return until != null && now < until;
    }
  }

  Map<Window, SpendWindow> spent() {
    return spent;
  }

  /**
   * Uses a lease until it ends.
   *
   * @return whether nodes share such an allowance here and the lease is not out of date
   */
  synchronized boolean apply(LimitLease lease, long until, long now) {
    KeyShare shared = shares.get(lease.kind());
    if (shared == null || shared.isNewerThan(lease)) {
      return false;
    }
    shared.take(lease, until);
    goBy(shared, now);
    return true;
  }

  /** What has ended: leases, and refusals of models without a price. */
  synchronized void expire(long now) {
    if (someUnknown) {
      unknownModels.values().removeIf(until -> now >= until);
      someUnknown = !unknownModels.isEmpty();
    }
    goBy(now);
  }

  /**
   * What this node needs of what nodes share, for the control plane.
   *
   * @param add takes a share, and what was asked for in a minute or at once
   */
  synchronized void demands(java.util.function.ObjDoubleConsumer<KeyShare> add, long now) {
    if (shares.isEmpty()) {
      return;
    }
    long came = arrivals.sumThenReset();
    long settled = tokensSettled.sum();
    double tokensEach = settled == 0 ? 1 : (double) tokensTaken.sum() / settled;
    for (KeyShare share : shares.values()) {
      // A request that is refused at once never says how many tokens it had.
      share.asked(share.kind == LimitKind.TOKENS_PER_MINUTE ? Math.round(came * tokensEach) : came);
      goBy(share, now);
      add.accept(share, share.measure(now) + (share.kind == LimitKind.CONCURRENT ? running() : 0));
    }
  }

  boolean usedSince(long then) {
    return touched - then >= 0;
  }

  /** Whether something is shared of which nobody gave this node a part. */
  synchronized boolean lacksShares(long now) {
    return shares.values().stream().anyMatch(share -> share.leased(now) < 0);
  }

  private synchronized void goBy(long now) {
    for (KeyShare share : shares.values()) {
      goBy(share, now);
    }
  }

  /** Allows what a lease allows, else what a node without one has. */
  private void goBy(KeyShare share, long now) {
    Sharing known = sharing;
    if (known == null) {
      return;
    }
    double granted = share.leased(now);
    double even = known.even(share.total);
    boolean shut = false;
    if (granted >= 0) {
      boolean all = share.isNew(now) && granted < even;
      allow(share.kind, all ? atLeastOne(even) : granted, now);
      // Places that are taken stay taken: until they are left, this node holds the larger share.
      if (!all && (share.kind != LimitKind.CONCURRENT || running.get() <= granted)) {
        share.goesByIt();
      }
    } else if (!known.alone() || limit.alone() == Limit.Alone.LOCAL) {
      allow(share.kind, atLeastOne(even), now);
    } else {
      shut = limit.alone() == Limit.Alone.CLOSED;
      allow(share.kind, Limit.MOST_PER_MINUTE, now);
    }
    if (shut) {
      closed = share.kind;
    } else if (closed == share.kind) {
      closed = null;
    }
  }

  private static double atLeastOne(double part) {
    return Math.max(1, part);
  }

  private void allow(LimitKind kind, double granted, long now) {
    switch (kind) {
      case REQUESTS_PER_MINUTE -> rate(requests, granted, now);
      case TOKENS_PER_MINUTE -> rate(tokens, granted, now);
      case CONCURRENT -> concurrent = (int) Math.min(Integer.MAX_VALUE, granted);
      default -> throw new IllegalStateException("nodes share no " + kind);
    }
  }

  /** A rate below one a minute is one a minute: a bucket cannot fill more slowly. */
  private static void rate(@Nullable TokenBucket bucket, double granted, long now) {
    if (bucket != null) {
      bucket.rate(Math.max(1, (long) Math.min(Limit.MOST_PER_MINUTE, granted)), now);
    }
  }
}
