package io.llmtrace.policies.limit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Holds exchanges to the limits of this process. An exchange {@linkplain #arrive arrives}, is
 * {@linkplain #read read}, is {@linkplain #forward forwarded} or {@linkplain #stop stopped}, and
 * {@linkplain #complete completes}; each step but the first may be missing. Thread-safe; a request
 * meets no lock that another request could hold.
 */
public final class Limiter {
  /*
   * Rates and windows run on the monotonic clock, so that a wall clock that is set neither opens nor
   * closes anything. Epoch time is asked once, at the start: counted on from there, steps of windows
   * begin at the same times in every process, and what is kept on disk falls into its own step again.
   */
  private final List<Limit> limits;
  private final LimitTable[] tables;
  private final Settings settings;
  private final LongSupplier nanos;
  private final long zero;
  private final long epochAtZero; // nanoseconds
  private final Map<String, Admission> open = new ConcurrentHashMap<>();
  private final LongAdder untracked = new LongAdder();
  private final LongAdder expired = new LongAdder();
  private final boolean needsTokens;
  private final Sharing sharing = new Sharing();
  private final SharedShares shared;

  /**
   * Bounds of what a limiter keeps.
   *
   * @param maxKeys keys of one limit; those that come later share one set of allowances
   * @param maxOpen exchanges that have not ended; further ones are neither concurrent nor settled
   * @param lease how long an exchange is concurrent if nobody tells that it has ended
   * @param forget how long what an exchange took is awaited
   * @param idle how long an unused key is kept
   */
  public record Settings(int maxKeys, int maxOpen, Duration lease, Duration forget, Duration idle) {
    public static Settings standard() {
      return new Settings(
          10_000, 100_000, Duration.ofMinutes(5), Duration.ofMinutes(15), Duration.ofMinutes(2));
    }
  }

  /**
   * A limiter with full allowances.
   *
   * @param nanos a monotonic clock, as {@link System#nanoTime}
   * @param epochMillis the time now, epoch milliseconds
   */
  public Limiter(List<Limit> limits, Settings settings, LongSupplier nanos, long epochMillis) {
    this.limits = List.copyOf(limits);
    this.tables =
        this.limits.stream()
            .map(limit -> new LimitTable(limit, settings.maxKeys(), sharing))
            .toArray(LimitTable[]::new);
    this.settings = settings;
    this.nanos = nanos;
    this.zero = nanos.getAsLong();
    this.epochAtZero = nanos(epochMillis);
    this.shared = new SharedShares(tables, sharing);
    this.needsTokens = this.limits.stream().anyMatch(Limit::needsTokens);
  }

  public List<Limit> limits() {
    return limits;
  }

  /** Whether the length of prompts matters to any limit. */
  public boolean needsTokens() {
    return needsTokens;
  }

  /** Whether anything is counted here: limits, or budgets that nodes share. */
  public boolean counts() {
    return tables.length > 0 || shared.hasBudgets();
  }

  /** Asks all limits that need no body; a hard refusal takes nothing from any. */
  public Admission arrive(Subject subject) {
    SharedBudgets budgets = shared.budgets();
    if (tables.length == 0 && budgets.isEmpty()) {
      return Admission.FREE;
    }
    long now = now();
    Admission admission = new Admission(subject, tables.length, now);
    synchronized (admission) {
      for (int i = 0; i < tables.length && admission.refusal() == null; i++) {
        Limit limit = tables[i].limit;
        if (!limit.needsModel() && limit.matches(subject)) {
          admission.enter(i, tables[i].counters(subject, now), now);
        }
      }
      budgets.arrive(admission, sharing, now);
    }
    return admission;
  }

  /** Asks what could not be asked before the body was read; nothing once the exchange went on. */
  public void read(Admission admission, String model, Demand demand) {
    if (admission == Admission.FREE) {
      return;
    }
    long now = now();
    synchronized (admission) {
      if (admission.state != Admission.State.ASKING) {
        return;
      }
      admission.model = model;
      Subject subject = admission.subject.withModel(model);
      for (int i = 0; i < tables.length && admission.isAsking(); i++) {
        Limit limit = tables[i].limit;
        if (limit.needsModel() && limit.matches(subject)) {
          admission.enter(i, tables[i].counters(subject, now), now);
        }
        Counters counters = admission.held[i];
        if (counters != null && admission.results[i] == Admission.Result.PASSED) {
          admission.read(i, counters, demand, now);
        }
      }
      // Refused or not: it may go on where a route observes, and whose cost it is has to be known.
      shared.budgets().read(admission, sharing, now);
    }
  }

  /** The exchange goes to its provider; what it comes to is awaited under this id. */
  public void forward(Admission admission, String decisionId) {
    if (admission == Admission.FREE) {
      return;
    }
    synchronized (admission) {
      if (admission.state != Admission.State.ASKING) {
        return;
      }
      holdAll(admission);
      if (!admission.isHeld()) {
        return;
      }
      admission.state = Admission.State.FORWARDED;
      if (!admission.subject.completes()) {
        admission.leaveAll();
        return;
      }
    }
    if (open.size() >= settings.maxOpen()) {
      untracked.increment();
      synchronized (admission) {
        admission.leaveAll();
      }
      return;
    }
    open.put(decisionId, admission);
  }

  /** Who was not asked, because another limit had refused, has to know the cost nevertheless. */
  private void holdAll(Admission admission) {
    if (admission.refusal() == null) {
      return;
    }
    long now = now();
    Subject subject = admission.subject.withModel(admission.model);
    for (int i = 0; i < tables.length; i++) {
      Limit limit = tables[i].limit;
      boolean known = !limit.needsModel() || !admission.model.isEmpty();
      if (admission.held[i] == null && known && limit.matches(subject)) {
        admission.held[i] = tables[i].counters(subject, now);
      }
    }
  }

  /**
   * The exchange ends here. Its requests count, its tokens are given back: no provider saw them.
   */
  public void stop(Admission admission) {
    if (admission == Admission.FREE) {
      return;
    }
    synchronized (admission) {
      if (admission.state == Admission.State.ASKING) {
        admission.state = Admission.State.ENDED;
        admission.stopped(now());
      }
    }
  }

  /**
   * The exchange has ended.
   *
   * @return whether it was awaited
   */
  public boolean complete(String decisionId, Spent spent) {
    Admission admission = open.remove(decisionId);
    if (admission == null) {
      return false;
    }
    synchronized (admission) {
      admission.state = Admission.State.ENDED;
      admission.ended(spent, now());
    }
    return true;
  }

  /** Ends what has run out: leases, exchanges that nobody told of, idle keys. Once a second. */
  public void tick() {
    long now = now();
    Iterator<Admission> each = open.values().iterator();
    while (each.hasNext()) {
      Admission admission = each.next();
      long age = now - admission.at;
      if (age < settings.lease().toNanos()) {
        continue;
      }
      synchronized (admission) {
        if (admission.leaveAll()) {
          expired.increment();
        }
      }
      if (age >= settings.forget().toNanos()) {
        each.remove();
      }
    }
    for (LimitTable table : tables) {
      table.sweep(now - settings.idle().toNanos(), now);
    }
    shared.mark(now);
  }

  /** What nodes share, for the thread that talks with the control plane. */
  public NodeShares nodeShares() {
    return new NodeShares(shared, this::take, this::now);
  }

  private boolean take(LimitLease lease, long until) {
    LimitTable table = table(lease.limit());
    return lease.granted() >= 0 && table != null && table.apply(lease, until, now());
  }

  /** What has been spent up to now. */
  public SpendSnapshot spent() {
    long now = now();
    List<SpendSnapshot.Entry> entries = new ArrayList<>();
    for (LimitTable table : tables) {
      table.spend(entries, now);
    }
    return new SpendSnapshot(millis(now), entries);
  }

  /**
   * Adds what was spent before this process began.
   *
   * @return entries left out, because their limit is no more or counts otherwise now
   */
  public int restore(SpendSnapshot snapshot) {
    int left = 0;
    for (SpendSnapshot.Entry entry : snapshot.entries()) {
      LimitTable table = table(entry.limit());
      if (table == null || !table.restore(entry, now())) {
        left++;
      }
    }
    return left;
  }

  /** Exchanges that are awaited. */
  public int open() {
    return open.size();
  }

  /** Keys of a limit. */
  public int keys(int limit) {
    return tables[limit].size();
  }

  /** Requests of a limit that shared allowances because there were too many keys. */
  public long crowded(int limit) {
    return tables[limit].crowded();
  }

  /** Exchanges that nobody awaits, because there were too many. */
  public long untracked() {
    return untracked.sum();
  }

  /** Exchanges that stopped being concurrent because nobody told of their end. */
  public long expired() {
    return expired.sum();
  }

  private @Nullable LimitTable table(String name) {
    for (LimitTable table : tables) {
      if (table.limit.name().equals(name)) {
        return table;
      }
    }
    return null;
  }

  private long now() {
    return epochAtZero + (nanos.getAsLong() - zero);
  }

  static long millis(long nanos) {
    return Math.floorDiv(nanos, 1_000_000L);
  }

  /** Bounded, so that no number from a file or from the network runs over. */
  static long nanos(long millis) {
    long most = Duration.ofDays(36_500).toMillis();
    return Math.max(0, Math.min(most, millis)) * 1_000_000L;
  }
}
