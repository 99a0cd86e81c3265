package io.llmtrace.policies.limit;

import static io.llmtrace.policies.limit.Limits.SMALL;
import static io.llmtrace.policies.limit.Limits.budget;
import static io.llmtrace.policies.limit.Limits.limit;
import static io.llmtrace.policies.limit.Limits.requests;
import static io.llmtrace.policies.limit.Limits.size;
import static io.llmtrace.policies.limit.Limits.tenant;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.limit.Admission.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LimiterTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long EPOCH = 1_800_000_000_000L;
  private static final Limit.Rates ONE_AT_ONCE = new Limit.Rates(0, 0, 1);

  // A monotonic clock may begin anywhere, below zero too.
  private final AtomicLong nanos = new AtomicLong(-5 * SECOND);

  private Limiter limiter(Limit... limits) {
    return limiter(Limiter.Settings.standard(), limits);
  }

  private Limiter limiter(Limiter.Settings settings, Limit... limits) {
    return new Limiter(List.of(limits), settings, nanos::get, EPOCH);
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Test
  void each_key_has_an_allowance_of_its_own_and_a_refusal_says_when_to_come_again() {
    Limiter limiter = limiter(requests("rpm", 2, Dimension.TENANT));
    assertThat(limiter.arrive(tenant("a")).refusal()).isNull();
    assertThat(limiter.arrive(tenant("a")).refusal()).isNull();
    Refusal refusal = limiter.arrive(tenant("a")).refusal();
    assertThat(refusal)
        .isEqualTo(new Refusal("rpm", LimitKind.REQUESTS_PER_MINUTE, Limit.Action.LIMIT, 30));
    assertThat(limiter.arrive(tenant("b")).refusal()).isNull();
    pass(Duration.ofSeconds(30));
    assertThat(limiter.arrive(tenant("a")).refusal()).isNull();
  }

  @Test
  void what_one_limit_refuses_takes_nothing_from_the_others() {
    Limiter limiter = limiter(requests("wide", 3), requests("narrow", 1, Dimension.TENANT));
    assertThat(limiter.arrive(tenant("a")).refusal()).isNull();
    for (int i = 0; i < 10; i++) {
      assertThat(limiter.arrive(tenant("a")).refusal().limit()).isEqualTo("narrow");
    }
    assertThat(limiter.arrive(tenant("b")).refusal()).isNull();
    assertThat(limiter.arrive(tenant("c")).refusal()).isNull();
    assertThat(limiter.arrive(tenant("d")).refusal().limit()).isEqualTo("wide");
  }

  @Test
  void a_soft_limit_flags_and_the_others_go_on_holding() {
    Limiter limiter =
        limiter(limit("soft", Limit.Action.FLAG, new Limit.Rates(1, 0, 0)), requests("hard", 2));
    assertThat(limiter.arrive(tenant("a")).flag()).isNull();
    Admission second = limiter.arrive(tenant("a"));
    assertThat(second.refusal()).isNull();
    assertThat(second.flag().limit()).isEqualTo("soft");
    assertThat(second.result(0)).isEqualTo(Result.OVER);
    assertThat(second.result(1)).isEqualTo(Result.PASSED);
    assertThat(limiter.arrive(tenant("a")).refusal().limit()).isEqualTo("hard");
  }

  @Test
  void limits_by_model_wait_for_the_body() {
    Limiter limiter = limiter(requests("rpm", 1, Dimension.TENANT, Dimension.MODEL));
    for (String model : List.of("m1", "m2")) {
      Admission first = limiter.arrive(tenant("a"));
      limiter.read(first, model, SMALL);
      assertThat(first.refusal()).isNull();
      Admission second = limiter.arrive(tenant("a"));
      assertThat(second.refusal()).isNull();
      limiter.read(second, model, SMALL);
      assertThat(second.refusal()).isNotNull();
    }
  }

  @Test
  void a_limit_is_for_those_it_matches() {
    Limit some =
        new Limit(
            "some",
            Set.of(),
            Map.of(Dimension.MODEL, List.of("gpt-4*", "o1"), Dimension.TENANT, List.of("a")),
            Limit.Action.LIMIT,
            Limit.Rates.NONE,
            Limit.Budget.NONE,
            new Limit.Size(1, 0, 0));
    Limiter limiter = limiter(some);
    for (String model : List.of("gpt-4o", "o1")) {
      Admission meant = limiter.arrive(tenant("a"));
      limiter.read(meant, model, SMALL);
      assertThat(meant.refusal()).isNotNull();
    }
    Admission other = limiter.arrive(tenant("a"));
    limiter.read(other, "o1-mini", SMALL);
    assertThat(other.refusal()).isNull();
    Admission another = limiter.arrive(tenant("b"));
    limiter.read(another, "o1", SMALL);
    assertThat(another.refusal()).isNull();
  }

  @Test
  void one_request_is_held_to_its_size() {
    Limiter limiter = limiter(size(100, 50, 120));
    assertThat(kind(limiter, new Demand(101, 0))).isEqualTo(LimitKind.PROMPT_TOKENS);
    assertThat(kind(limiter, new Demand(10, 51))).isEqualTo(LimitKind.COMPLETION_TOKENS);
    assertThat(kind(limiter, new Demand(100, 21))).isEqualTo(LimitKind.TOTAL_TOKENS);
    assertThat(kind(limiter, new Demand(100, 20))).isNull();
    assertThat(kind(limiter, new Demand(100, Demand.UNBOUNDED))).isNull();
    assertThat(kind(limiter(size(0, 0, 5)), new Demand(3, Long.MAX_VALUE)))
        .isEqualTo(LimitKind.TOTAL_TOKENS);
  }

  private static LimitKind kind(Limiter limiter, Demand demand) {
    Admission admission = limiter.arrive(tenant("a"));
    limiter.read(admission, "m", demand);
    Refusal refusal = admission.refusal();
    if (refusal != null) {
      assertThat(refusal.retryAfterSeconds()).isZero();
      assertThat(refusal.kind().category()).isEqualTo("request_size");
    }
    return refusal == null ? null : refusal.kind();
  }

  @Test
  void tokens_are_taken_as_estimated_and_settled_as_reported() {
    Limiter limiter = limiter(limit("tpm", Limit.Action.LIMIT, new Limit.Rates(0, 600, 0)));
    Admission first = ask(limiter, 400);
    limiter.forward(first, "1");
    assertThat(ask(limiter, 400).refusal().retryAfterSeconds()).isEqualTo(20);
    assertThat(limiter.complete("1", new Spent(true, 100, null))).isTrue();
    assertThat(ask(limiter, 400).refusal()).isNull();
    assertThat(limiter.complete("1", new Spent(true, 100, null))).isFalse();
  }

  @Test
  void an_answer_longer_than_the_allowance_is_worked_off_before_the_next_request() {
    Limiter limiter = limiter(limit("tpm", Limit.Action.LIMIT, new Limit.Rates(0, 600, 0)));
    limiter.forward(ask(limiter, 10), "1");
    limiter.complete("1", new Spent(true, 1_200, null));
    Refusal refusal = limiter.arrive(tenant("a")).refusal();
    assertThat(refusal.kind()).isEqualTo(LimitKind.TOKENS_PER_MINUTE);
    assertThat(refusal.retryAfterSeconds()).as("at most a minute").isEqualTo(60);
    pass(Duration.ofSeconds(61));
    assertThat(limiter.arrive(tenant("a")).refusal()).isNull();
  }

  @Test
  void what_a_provider_failed_to_serve_and_what_somebody_stopped_takes_no_tokens() {
    Limiter limiter = limiter(limit("tpm", Limit.Action.LIMIT, new Limit.Rates(3, 600, 1)));
    limiter.forward(ask(limiter, 600), "1");
    limiter.complete("1", new Spent(false, -1, null));
    limiter.stop(ask(limiter, 600));
    assertThat(ask(limiter, 600).refusal()).isNull();
    assertThat(ask(limiter, 1).refusal()).as("but they were requests").isNotNull();
  }

  @Test
  void a_body_that_nobody_read_counts_when_its_usage_is_reported() {
    Limiter limiter = limiter(limit("tpm", Limit.Action.LIMIT, new Limit.Rates(0, 600, 0)));
    limiter.forward(limiter.arrive(tenant("a")), "1");
    limiter.complete("1", new Spent(true, 600, null));
    assertThat(limiter.arrive(tenant("a")).refusal()).isNotNull();
  }

  private static Admission ask(Limiter limiter, long prompt) {
    Admission admission = limiter.arrive(tenant("a"));
    limiter.read(admission, "m", new Demand(prompt, Demand.UNBOUNDED));
    return admission;
  }

  @Test
  void a_place_is_free_again_at_the_end_or_when_nobody_tells_of_it() {
    Limiter limiter = limiter(limit("at-once", Limit.Action.LIMIT, ONE_AT_ONCE));
    limiter.forward(ask(limiter, 1), "1");
    assertThat(ask(limiter, 1).refusal())
        .isEqualTo(new Refusal("at-once", LimitKind.CONCURRENT, Limit.Action.LIMIT, 1));
    limiter.complete("1", new Spent(true, -1, null));
    limiter.forward(ask(limiter, 1), "2");
    pass(Limiter.Settings.standard().lease().minusSeconds(1));
    limiter.tick();
    assertThat(ask(limiter, 1).refusal()).isNotNull();
    pass(Duration.ofSeconds(1));
    limiter.tick();
    assertThat(limiter.expired()).isEqualTo(1);
    limiter.forward(ask(limiter, 1), "3");
    assertThat(limiter.complete("2", new Spent(true, -1, null))).isTrue();
    assertThat(ask(limiter, 1).refusal()).as("2 does not leave twice").isNotNull();
    pass(Limiter.Settings.standard().forget());
    limiter.tick();
    assertThat(limiter.open()).isZero();
  }

  @Test
  void where_no_end_is_told_nothing_is_concurrent() {
    Limiter limiter = limiter(limit("at-once", Limit.Action.LIMIT, ONE_AT_ONCE));
    Subject untold = new Subject("a", "", "r", "", "", false);
    for (int i = 0; i < 3; i++) {
      Admission admission = limiter.arrive(untold);
      assertThat(admission.refusal()).isNull();
      limiter.forward(admission, "x" + i);
    }
    assertThat(limiter.open()).isZero();
  }

  @Test
  void exchanges_past_the_most_that_are_awaited_hold_no_place() {
    Limiter.Settings two =
        new Limiter.Settings(
            10, 2, Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofMinutes(1));
    Limiter limiter = limiter(two, limit("c", Limit.Action.LIMIT, new Limit.Rates(0, 0, 3)));
    for (int i = 0; i < 5; i++) {
      Admission admission = limiter.arrive(tenant("a"));
      assertThat(admission.refusal()).isNull();
      limiter.forward(admission, "x" + i);
    }
    assertThat(limiter.open()).isEqualTo(2);
    assertThat(limiter.untracked()).isEqualTo(3);
  }

  @Test
  void a_budget_stops_what_comes_after_it_is_spent_and_opens_as_time_goes_by() {
    Limiter limiter =
        limiter(budget("b", Map.of(Window.HOUR, 1.0, Window.MONTH, 3.0), Limit.UnknownCost.PASS));
    spend(limiter, "1", 0.6);
    assertThat(limiter.arrive(tenant("b")).refusal()).isNull();
    spend(limiter, "2", 0.4);
    Refusal refusal = limiter.arrive(tenant("a")).refusal();
    assertThat(refusal).isEqualTo(new Refusal("b", LimitKind.COST_USD, Limit.Action.LIMIT, 0));
    assertThat(limiter.arrive(tenant("b")).refusal()).isNull();
    pass(Duration.ofMinutes(63));
    spend(limiter, "3", 2.0);
    pass(Duration.ofHours(2));
    assertThat(limiter.arrive(tenant("a")).refusal()).as("the month is spent").isNotNull();
    pass(Duration.ofDays(31));
    assertThat(limiter.arrive(tenant("a")).refusal()).isNull();
  }

  private static void spend(Limiter limiter, String id, double usd) {
    Admission admission = limiter.arrive(tenant("a"));
    assertThat(admission.refusal()).isNull();
    limiter.read(admission, "m", SMALL);
    limiter.forward(admission, id);
    limiter.complete(id, new Spent(true, 10, usd));
  }

  /** In observe mode a request that is refused goes on all the same. */
  @Test
  void what_was_refused_and_went_on_still_costs_every_budget() {
    Limiter limiter =
        limiter(requests("none", 1), budget("b", Map.of(Window.DAY, 1.0), Limit.UnknownCost.PASS));
    spend(limiter, "1", 0.5);
    Admission observed = limiter.arrive(tenant("a"));
    assertThat(observed.refusal().limit()).isEqualTo("none");
    limiter.forward(observed, "2");
    limiter.complete("2", new Spent(true, 1, 0.5));
    pass(Duration.ofMinutes(1));
    assertThat(limiter.arrive(tenant("a")).refusal().limit()).isEqualTo("b");
  }

  @Test
  void a_model_without_a_price_is_refused_where_a_budget_says_so() {
    Limiter limiter = limiter(budget("b", Map.of(Window.DAY, 1.0), Limit.UnknownCost.BLOCK));
    limiter.forward(ask(limiter, 1), "1");
    limiter.complete("1", new Spent(true, 10, null));
    assertThat(ask(limiter, 1).refusal().kind()).isEqualTo(LimitKind.COST_USD);
    Admission other = limiter.arrive(tenant("a"));
    limiter.read(other, "priced", SMALL);
    assertThat(other.refusal()).isNull();
    pass(Duration.ofMinutes(10));
    limiter.tick();
    assertThat(ask(limiter, 1).refusal()).as("one tries again").isNull();
  }

  @Test
  void an_end_without_tokens_says_nothing_about_a_price() {
    Limiter limiter = limiter(budget("b", Map.of(Window.DAY, 1.0), Limit.UnknownCost.BLOCK));
    limiter.forward(ask(limiter, 1), "1");
    limiter.complete("1", new Spent(true, -1, null));
    assertThat(ask(limiter, 1).refusal()).isNull();
  }

  @Test
  void spend_survives_a_restart_and_a_clock_that_was_set_back() {
    Limit budget = budget("b", Map.of(Window.MONTH, 1.0), Limit.UnknownCost.PASS);
    Limiter before = limiter(budget);
    spend(before, "1", 1.0);
    SpendSnapshot kept = before.spent();
    for (long skew : new long[] {0, -86_400_000, 86_400_000}) {
      Limiter after =
          new Limiter(List.of(budget), Limiter.Settings.standard(), nanos::get, EPOCH + skew);
      assertThat(after.restore(kept)).isZero();
      assertThat(after.arrive(tenant("a")).refusal()).as("skew %s", skew).isNotNull();
      assertThat(after.arrive(tenant("b")).refusal()).isNull();
    }
    Limiter monthLater =
        new Limiter(
            List.of(budget), Limiter.Settings.standard(), nanos::get, EPOCH + 32L * 86_400_000);
    monthLater.restore(kept);
    assertThat(monthLater.arrive(tenant("a")).refusal()).isNull();
    Limiter without = limiter(requests("rpm", 1));
    assertThat(without.restore(kept)).as("a limit that is no more").isEqualTo(1);
  }

  @Test
  void keys_past_the_most_share_one_allowance_and_idle_ones_make_room() {
    Limiter.Settings two =
        new Limiter.Settings(
            2, 10, Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofMinutes(2));
    Limiter limiter = limiter(two, requests("rpm", 1, Dimension.TENANT));
    limiter.arrive(tenant("a"));
    limiter.arrive(tenant("b"));
    assertThat(limiter.arrive(tenant("c")).refusal()).isNull();
    assertThat(limiter.arrive(tenant("d")).refusal()).as("c and d share one").isNotNull();
    assertThat(limiter.crowded(0)).isEqualTo(2);
    assertThat(limiter.keys(0)).isEqualTo(2);
    pass(Duration.ofMinutes(3));
    limiter.tick();
    assertThat(limiter.keys(0)).isZero();
  }

  @Test
  void many_threads_never_hold_more_places_than_there_are() throws InterruptedException {
    Limiter limiter =
        limiter(limit("c", Limit.Action.LIMIT, new Limit.Rates(0, 0, 5), Dimension.TENANT));
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger passed = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      String name = "t" + t + "-";
      Thread thread =
          new Thread(
              () -> {
                for (int i = 0; i < 2_000; i++) {
                  Admission admission = ask(limiter, 1);
                  if (admission.refusal() != null) {
                    continue;
                  }
                  most.accumulateAndGet(running.incrementAndGet(), Math::max);
                  passed.incrementAndGet();
                  running.decrementAndGet();
                  if (i % 2 == 0) {
                    limiter.forward(admission, name + i);
                    limiter.complete(name + i, new Spent(true, 1, null));
                  } else {
                    limiter.stop(admission);
                  }
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(most.get()).isLessThanOrEqualTo(5);
    assertThat(passed.get()).isPositive();
    for (int i = 0; i < 5; i++) {
      assertThat(ask(limiter, 1).refusal()).as("none was lost").isNull();
    }
    assertThat(ask(limiter, 1).refusal()).isNotNull();
  }

  @Test
  void without_limits_everything_is_free() {
    Limiter limiter = limiter();
    Admission admission = ask(limiter, 1);
    limiter.forward(admission, "1");
    limiter.tick();
    assertThat(admission.refusal()).isNull();
    assertThat(limiter.open()).isZero();
  }
}
