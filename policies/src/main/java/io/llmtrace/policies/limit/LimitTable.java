package io.llmtrace.policies.limit;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The keys of one limit, bounded in number. Thread-safe. */
final class LimitTable {
  /*
   * Keys come from clients (a model's name, a header), so their number is bounded. Where there are
   * too many, the ones that come too late share one more set of allowances: passing them would be a
   * way around the limit, refusing them a way to shut others out.
   */
  final Limit limit;
  private final int most;
  private final Sharing sharing;
  private final Map<List<String>, Counters> keys = new ConcurrentHashMap<>();
  private final LongAdder crowded = new LongAdder();
  private volatile @Nullable Counters others;

  LimitTable(Limit limit, int most, Sharing sharing) {
    this.limit = limit;
    this.most = most;
    this.sharing = sharing;
  }

  Counters counters(Subject subject, long now) {
    return at(limit.key(subject), now);
  }

  private Counters at(List<String> key, long now) {
    Counters found = keys.get(key);
    if (found == null) {
      if (keys.size() >= most) {
        crowded.increment();
        found = others(now);
      } else {
        found = keys.computeIfAbsent(key, unused -> new Counters(limit, sharing, now));
      }
    }
    found.touch(now);
    return found;
  }

  private Counters others(long now) {
    Counters found = others;
    if (found == null) {
      synchronized (this) {
        found = others;
        if (found == null) {
          found = new Counters(limit, sharing, now);
          others = found;
        }
      }
    }
    return found;
  }

  int size() {
    return keys.size();
  }

  /** Requests that came when there were too many keys. */
  long crowded() {
    return crowded.sum();
  }

  /**
   * Forgets keys that nobody used since then. A thread that has found one and not taken from it yet
   * would have to sleep all that time to be forgotten.
   */
  void sweep(long then, long now) {
    keys.values()
        .removeIf(
            counters -> {
              counters.expire(now);
              return counters.idleSince(then, now);
            });
    Counters crowd = others;
    if (crowd != null) {
      crowd.expire(now);
    }
  }

  boolean apply(LimitLease lease, long until, long now) {
    if (!lease.key().keySet().equals(limit.by())) {
      return false;
    }
    List<String> key = new ArrayList<>();
    limit.by().forEach(dimension -> key.add(lease.key().getOrDefault(dimension, "")));
    Counters known = keys.get(key);
    // It was asked for; where it is not known it has been forgotten since.
    return known != null && known.apply(lease, until, now);
  }

  /** What this node needs of what it shares, of askable keys that were used since then. */
  void demands(
      List<LeaseRequest.Demand> out,
      Predicate<Map<Dimension, String>> askable,
      long then,
      long now) {
    if (limit.nodes() != Limit.Nodes.SHARE) {
      return;
    }
    keys.forEach(
        (values, counters) -> {
          Map<Dimension, String> key = key(values);
          if (counters.usedSince(then) && askable.test(key)) {
            counters.demands(
                (share, demand) ->
                    out.add(
                        new LeaseRequest.Demand(
                            limit.name(),
                            key,
                            share.kind,
                            null,
                            share.total,
                            demand,
                            share.holds())),
                now);
          }
        });
  }

  private Map<Dimension, String> key(List<String> values) {
    Map<Dimension, String> key = new EnumMap<>(Dimension.class);
    int i = 0;
    for (Dimension dimension : limit.by()) {
      key.put(dimension, values.get(i++));
    }
    return key;
  }

  boolean lacksShares(Predicate<Map<Dimension, String>> askable, long then, long now) {
    return limit.nodes() == Limit.Nodes.SHARE
        && keys.entrySet().stream()
            .anyMatch(
                each ->
                    each.getValue().usedSince(then)
                        && each.getValue().lacksShares(now)
                        && askable.test(key(each.getKey())));
  }

  /** Adds what is spent. */
  void spend(List<SpendSnapshot.Entry> out, long now) {
    keys.forEach((key, counters) -> add(out, key, counters, now));
    Counters crowd = others;
    if (crowd != null) {
      add(out, null, crowd, now);
    }
  }

  private void add(
      List<SpendSnapshot.Entry> out, @Nullable List<String> key, Counters counters, long now) {
    counters
        .spent()
        .forEach(
            (window, spent) -> {
              Map<Long, Long> amounts = new java.util.TreeMap<>();
              spent.amounts(now).forEach((at, nanos) -> amounts.put(Limiter.millis(at), nanos));
              if (!amounts.isEmpty()) {
                out.add(new SpendSnapshot.Entry(limit.name(), limit.by(), key, window, amounts));
              }
            });
  }

  /** Whether the entry is of this limit as it is now. */
  boolean restore(SpendSnapshot.Entry entry, long now) {
    List<String> key = entry.key();
    if (!List.copyOf(entry.by()).equals(List.copyOf(limit.by()))
        || !limit.budget().usd().containsKey(entry.window())
        || (key != null && key.size() != limit.by().size())) {
      return false;
    }
    SpendWindow window = (key == null ? others(now) : at(key, now)).spent().get(entry.window());
    if (window == null) {
      return false;
    }
    entry.spent().forEach((at, amount) -> window.restore(amount, Limiter.nanos(at), now));
    return true;
  }
}
