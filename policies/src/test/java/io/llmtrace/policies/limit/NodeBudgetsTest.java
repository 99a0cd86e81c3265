package io.llmtrace.policies.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Budgets that several nodes share, without the network between them. */
class NodeBudgetsTest {
  private static final long EPOCH = 1_770_000_000_000L;
  private static final String ID = "01J0000000000000000000000B";

  private long nanos = 5;
  private long revision = 1;

  private Limiter limiter() {
    return new Limiter(List.of(), Limiter.Settings.standard(), () -> nanos, EPOCH);
  }

  private void pass(Duration time) {
    nanos += time.toNanos();
  }

  private void budget(NodeShares shares, Double granted, Limit.Action action) {
    NodeShares.Question question = shares.question(null, Duration.ZERO);
    answer(shares, question, List.of(budget(ID, "a", BudgetLease.Unit.USD, granted, action)));
  }

  private BudgetLease budget(
      String id, String tenant, BudgetLease.Unit unit, Double granted, Limit.Action action) {
    return new BudgetLease(
        id,
        tenant,
        Dimension.TENANT,
        "",
        unit,
        action,
        granted,
        EPOCH + 15_000,
        ++revision,
        EPOCH + 3_600_000);
  }

  private static void answer(
      NodeShares shares, NodeShares.Question question, List<BudgetLease> budgets) {
    shares.take(
        question, new LeaseAnswer(List.of(), EPOCH, 2, null, budgets, null), Limit.Alone.LOCAL);
  }

  private void spend(Limiter limiter, String id, double usd) {
    limiter.forward(limiter.arrive(Limits.tenant("a")), id);
    limiter.complete(id, new Spent(true, 10, usd));
  }

  @Test
  void a_budget_refuses_when_the_share_is_spent_and_says_when_to_come_again() {
    Limiter limiter = limiter();
    NodeShares shares = limiter.nodeShares();
    assertThat(limiter.counts()).isFalse();
    budget(shares, null, Limit.Action.LIMIT);
    spend(limiter, "1", 0.25);
    assertThat(shares.isUrgent()).isTrue();
    NodeShares.Question question = shares.question(null, Duration.ofSeconds(30));
    assertThat(question.budgets()).singleElement().extracting("unsent").isEqualTo(0.25);
    budget(shares, 1.0, Limit.Action.LIMIT);
    spend(limiter, "2", 0.4);
    assertThat(shares.isUrgent()).as("not half of it").isFalse();
    spend(limiter, "3", 0.6);
    assertThat(shares.isUrgent()).isTrue();
    Admission over = limiter.arrive(Limits.tenant("a"));
    assertThat(over.refusal().limit()).isEqualTo("budget:" + ID);
    assertThat(over.refusal().kind()).isEqualTo(LimitKind.COST_USD);
    assertThat(over.refusal().retryAfterSeconds()).as("the next share may come").isEqualTo(5);
    assertThat(over.budgets()).isEqualTo(Admission.Result.OVER);
    assertThat(limiter.arrive(Limits.tenant("b")).refusal()).isNull();
    budget(shares, 0.5, Limit.Action.LIMIT);
    assertThat(limiter.arrive(Limits.tenant("a")).refusal()).as("raised").isNull();
    budget(shares, 0.0, Limit.Action.LIMIT);
    assertThat(limiter.arrive(Limits.tenant("a")).refusal().retryAfterSeconds())
        .as("nothing is left until its time ends")
        .isEqualTo(3_600);
    budget(shares, 0.0, Limit.Action.FLAG);
    Admission soft = limiter.arrive(Limits.tenant("a"));
    assertThat(soft.refusal()).isNull();
    assertThat(soft.flag()).isNotNull();
    shares.take(
        shares.question(null, Duration.ZERO),
        new LeaseAnswer(List.of(), EPOCH, 1, null, List.of(), null),
        Limit.Alone.LOCAL);
    assertThat(limiter.arrive(Limits.tenant("a")).flag()).as("it was deleted").isNull();
  }

  @Test
  void what_is_not_acknowledged_is_told_until_it_is() {
    Limiter limiter = limiter();
    NodeShares shares = limiter.nodeShares();
    budget(shares, null, Limit.Action.LIMIT);
    spend(limiter, "1", 1);
    limiter.tick();
    pass(Duration.ofSeconds(10));
    spend(limiter, "2", 2);
    limiter.tick();
    pass(Duration.ofSeconds(1));
    assertThat(unsent(shares, Duration.ofSeconds(60))).isEqualTo(3.0);
    assertThat(unsent(shares, Duration.ofSeconds(5))).isEqualTo(2.0);
    assertThat(unsent(shares, Duration.ZERO)).isZero();
  }

  private static double unsent(NodeShares shares, Duration acknowledged) {
    return shares.question(null, acknowledged).budgets().get(0).unsent();
  }

  @Test
  void more_budgets_than_one_question_holds_are_asked_for_in_turn() {
    Limiter limiter = limiter();
    NodeShares shares = limiter.nodeShares();
    List<String> tenants =
        IntStream.range(0, NodeShares.MOST_DEMANDS + 200).mapToObj(i -> "t" + i).toList();
    answer(shares, shares.question(null, Duration.ZERO), budgets(tenants, Set.of()));
    tenants.forEach(tenant -> limiter.arrive(Limits.tenant(tenant)));
    Set<String> first = asked(shares, tenants);
    assertThat(first).hasSize(NodeShares.MOST_DEMANDS);
    pass(Duration.ofSeconds(1));
    Set<String> second = asked(shares, tenants);
    assertThat(second).hasSize(NodeShares.MOST_DEMANDS);
    assertThat(Stream.concat(first.stream(), second.stream()))
        .as("who has no share comes first")
        .containsAll(tenants);
    Set<String> waiting = new HashSet<>(first);
    waiting.removeAll(second);
    assertThat(asked(shares, tenants)).as("then whose ends first").containsAll(waiting);
  }

  /** Asks, gives a share of each budget that is asked for, and says which these are. */
  private Set<String> asked(NodeShares shares, List<String> tenants) {
    NodeShares.Question question = shares.question(null, Duration.ZERO);
    Set<String> ids = new HashSet<>();
    question.budgets().forEach(each -> ids.add(each.id()));
    answer(shares, question, budgets(tenants, ids));
    return ids;
  }

  private List<BudgetLease> budgets(List<String> tenants, Set<String> given) {
    return tenants.stream()
        .map(
            each ->
                budget(
                    each,
                    each,
                    BudgetLease.Unit.USD,
                    given.contains(each) ? 1.0 : null,
                    Limit.Action.LIMIT))
        .toList();
  }

  @Test
  void a_budget_that_counts_otherwise_now_begins_anew() {
    Limiter limiter = limiter();
    NodeShares shares = limiter.nodeShares();
    budget(shares, null, Limit.Action.LIMIT);
    spend(limiter, "1", 1);
    limiter.forward(limiter.arrive(Limits.tenant("a")), "2");
    NodeShares.Question question = shares.question(null, Duration.ofSeconds(30));
    assertThat(question.budgets()).singleElement().extracting("unsent").isEqualTo(1.0);
    // It was asked about dollars: what they say is left of tokens means nothing.
    BudgetLease tokens = budget(ID, "a", BudgetLease.Unit.TOKENS, 0.0, Limit.Action.LIMIT);
    answer(shares, question, List.of(tokens));
    limiter.complete("2", new Spent(true, 10, 1.0));
    spend(limiter, "3", 1);
    assertThat(shares.question(null, Duration.ofSeconds(30)).budgets())
        .singleElement()
        .extracting("unsent")
        .isEqualTo(10.0);
    tokens = budget(ID, "a", BudgetLease.Unit.TOKENS, 15.0, Limit.Action.LIMIT);
    answer(shares, shares.question(null, Duration.ZERO), List.of(tokens));
    spend(limiter, "4", 1);
    assertThat(limiter.arrive(Limits.tenant("a")).refusal()).as("ten of fifteen").isNull();
    spend(limiter, "5", 1);
    assertThat(limiter.arrive(Limits.tenant("a")).refusal()).isNotNull();
  }

  @Test
  void a_clock_that_is_set_changes_no_lease() {
    Limiter limiter = limiter();
    NodeShares shares = limiter.nodeShares();
    budget(shares, null, Limit.Action.LIMIT);
    spend(limiter, "1", 1);
    NodeShares.Question question = shares.question(null, Duration.ZERO);
    // Their clock is ten years ahead: only the difference counts.
    long theirs = EPOCH + Duration.ofDays(3_650).toMillis();
    shares.take(
        question,
        new LeaseAnswer(
            List.of(),
            theirs,
            1,
            null,
            List.of(
                new BudgetLease(
                    ID,
                    "a",
                    Dimension.TENANT,
                    "",
                    BudgetLease.Unit.USD,
                    Limit.Action.LIMIT,
                    5.0,
                    theirs + 15_000,
                    ++revision,
                    theirs + 60_000)),
            null),
        Limit.Alone.LOCAL);
    assertThat(shares.isUrgent()).isFalse();
    pass(Duration.ofSeconds(16));
    assertThat(shares.isUrgent()).as("it has ended").isTrue();
  }
}
