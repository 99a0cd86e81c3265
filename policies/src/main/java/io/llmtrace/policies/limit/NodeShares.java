package io.llmtrace.policies.limit;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The node's side of what nodes share: what it needs goes out, what it is given comes in. Times are
 * of the limiter's monotonic clock, so that no clock that is set lengthens or shortens a lease. For
 * one thread; requests go on meanwhile.
 */
public final class NodeShares {
  /** Of one request; keys beyond go by their even part, budgets beyond wait for their turn. */
  public static final int MOST_DEMANDS = 1_000;

  private static final int LONGEST_VALUE = 256;

  private final SharedShares shared;
  private final LeaseTaker taker;
  private final LongSupplier now;

  /** Keys that the last question could ask for; of others nothing is urgent. */
  private Predicate<Map<Dimension, String>> askable = NodeShares::canBeNamed;

  /** Whether the last question could not ask for all of them. */
  private boolean full;

  /** Takes a lease until a time. */
  interface LeaseTaker {
    boolean take(LimitLease lease, long until);
  }

  NodeShares(SharedShares shared, LeaseTaker taker, LongSupplier now) {
    this.shared = shared;
    this.taker = taker;
    this.now = now;
  }

  /**
   * A question to the control plane.
   *
   * @param at when it was made
   * @param spent what was spent of each budget then
   */
  public record Question(
      List<LeaseRequest.Demand> demands,
      List<LeaseRequest.BudgetDemand> budgets,
      long at,
      Map<String, Long> spent) {}

  /**
   * What this node needs now.
   *
   * @param tenants for whose limits it may ask; null for all and for limits without tenants
   * @param acknowledgedFor how long ago everything that had ended was known to the control plane
   */
  public Question question(@Nullable Set<String> tenants, Duration acknowledgedFor) {
    long at = now.getAsLong();
    Map<String, Long> spent = new HashMap<>();
    List<LeaseRequest.BudgetDemand> budgets =
        shared.wantedBudgets(at).stream()
            .sorted(Comparator.comparingLong(SharedBudget::until))
            .limit(MOST_DEMANDS)
            .map(
                budget -> {
                  // Before: what is spent meanwhile counts twice for a moment, and not never.
                  long before = budget.spentNow();
                  LeaseRequest.BudgetDemand demand =
                      shared.demand(budget, at - acknowledgedFor.toNanos(), at);
                  spent.put(demand.id(), before);
                  return demand;
                })
            .toList();
    askable =
        key ->
            canBeNamed(key)
                && (tenants == null || tenants.contains(key.getOrDefault(Dimension.TENANT, "")));
    List<LeaseRequest.Demand> demands = shared.demands(at, askable);
    full = demands.size() > MOST_DEMANDS;
    return new Question(demands.stream().limit(MOST_DEMANDS).toList(), budgets, at, spent);
  }

  /** Clients choose names; what no request may carry is not worth refusing all of it. */
  private static boolean canBeNamed(Map<Dimension, String> key) {
    return key.values().stream().allMatch(NodeShares::canBeNamed);
  }

  private static boolean canBeNamed(String value) {
    return value.length() <= LONGEST_VALUE
        && value
            .chars()
            .noneMatch(each -> Character.isISOControl(each) || Character.isSurrogate((char) each));
  }

  /**
   * Goes by an answer from now on.
   *
   * @param alone what holds of budgets when shares have ended and none come
   * @return leases that were taken
   */
  public int take(Question question, LeaseAnswer answer, Limit.Alone alone) {
    shared.sharing().nodes(answer.nodes());
    shared.sharing().alone(false);
    SharedBudgets asked = shared.budgets();
    shared.define(answer.budgets(), alone, now.getAsLong());
    int taken = 0;
    for (LimitLease lease : answer.leases()) {
      if (taker.take(lease, at(question, answer, lease.notAfter()))) {
        taken++;
      }
    }
    for (BudgetLease lease : answer.budgets()) {
      SharedBudget budget = shared.budgets().get(lease.id());
      Long base = question.spent().get(lease.id());
      // A budget that begins with this answer was not asked for: what is granted is another's.
      if (budget != null && base != null && budget == asked.get(lease.id())) {
        budget.take(
            lease,
            base,
            at(question, answer, lease.notAfter()),
            at(question, answer, lease.resetsAt()));
      }
    }
    return taken;
  }

  /** Their clock's time on ours: counted from before we asked, so that it is never too late. */
  private static long at(Question question, LeaseAnswer answer, long epochMillis) {
    return question.at() + Limiter.nanos(epochMillis - answer.now());
  }

  /** Whether the control plane is gone, for so long that no lease holds any more. */
  public void alone(boolean is) {
    shared.sharing().alone(is);
  }

  /** Whether there is anything that nodes share. */
  public boolean isShared() {
    return shared.isShared();
  }

  /** Whether something is needed before the next question is due, which could ask for it. */
  public boolean isUrgent() {
    long at = now.getAsLong();
    return shared.hasUrgentBudgets(at) || (!full && shared.lacksShares(at, askable));
  }

  /** Processes that share, as far as is known. */
  public int nodes() {
    return shared.sharing().nodes();
  }

  /** Budgets that are known. */
  public int budgets() {
    return shared.budgets().all().size();
  }
}
