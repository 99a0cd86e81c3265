package io.llmtrace.policies.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Limits that several nodes share, without the network between them. */
class NodeSharesTest {
  private static final long EPOCH = 1_770_000_000_000L;

  private long nanos = 5;
  private long revision = 1;

  private Limiter limiter(Limit... limits) {
    return new Limiter(List.of(limits), Limiter.Settings.standard(), () -> nanos, EPOCH);
  }

  private void pass(Duration time) {
    nanos += time.toNanos();
  }

  private static Limit shared(Limit.Rates rates, Limit.Alone alone) {
    return new Limit(
        "s",
        Set.of(Dimension.TENANT),
        Map.of(),
        Limit.Action.LIMIT,
        rates,
        Limit.Budget.NONE,
        Limit.Size.NONE,
        Limit.Nodes.SHARE,
        alone);
  }

  private static int passes(Limiter limiter, int requests) {
    int passed = 0;
    for (int i = 0; i < requests; i++) {
      passed += limiter.arrive(Limits.tenant("a")).refusal() == null ? 1 : 0;
    }
    return passed;
  }

  /** Asks and is given so much of everything, for fifteen seconds. */
  private NodeShares.Question give(NodeShares shares, int nodes, double granted) {
    NodeShares.Question question = shares.question(null, Duration.ZERO);
    List<LimitLease> leases = new ArrayList<>();
    for (LeaseRequest.Demand each : question.demands()) {
      leases.add(
          new LimitLease(
              each.limit(), each.key(), each.kind(), null, granted, EPOCH + 15_000, ++revision));
    }
    shares.take(
        question, new LeaseAnswer(leases, EPOCH, nodes, null, List.of(), null), Limit.Alone.LOCAL);
    return question;
  }

  @Test
  void a_new_key_has_an_even_part_until_it_is_given_a_share() {
    Limiter limiter = limiter(shared(new Limit.Rates(60, 0, 0), Limit.Alone.LOCAL));
    NodeShares shares = limiter.nodeShares();
    give(shares, 3, 0);
    assertThat(passes(limiter, 100)).isEqualTo(20);
    assertThat(shares.isUrgent()).as("it has no share yet").isTrue();
    pass(Duration.ofSeconds(1));
    NodeShares.Question question = give(shares, 3, 0);
    assertThat(question.demands()).singleElement().extracting("total").isEqualTo(60.0);
    assertThat(question.demands().get(0).demand()).isPositive();
    assertThat(shares.isUrgent()).isFalse();
    // Others have not left it a share yet; for its first seconds it goes by the even part.
    pass(Duration.ofSeconds(13));
    assertThat(passes(limiter, 100)).isBetween(4, 5);
    pass(Duration.ofSeconds(3));
    give(shares, 3, 30);
    pass(Duration.ofSeconds(10));
    assertThat(passes(limiter, 100)).as("thirty a minute").isBetween(5, 6);
  }

  @Test
  void what_holds_alone_is_what_was_configured() {
    for (Limit.Alone alone : Limit.Alone.values()) {
      Limiter limiter = limiter(shared(new Limit.Rates(60, 0, 0), alone));
      NodeShares shares = limiter.nodeShares();
      give(shares, 2, 60);
      passes(limiter, 1);
      give(shares, 2, 60);
      pass(Duration.ofSeconds(14));
      shares.alone(true);
      limiter.tick();
      int lease = passes(limiter, 100);
      assertThat(lease).as("the lease lasts to its end").isBetween(1, 60);
      pass(Duration.ofSeconds(62));
      limiter.tick();
      pass(Duration.ofMillis(1));
      switch (alone) {
        case LOCAL -> assertThat(passes(limiter, 100)).isLessThanOrEqualTo(30).isPositive();
        case OPEN -> assertThat(passes(limiter, 100)).isEqualTo(100);
        case CLOSED -> {
          Refusal refusal = limiter.arrive(Limits.tenant("a")).refusal();
          assertThat(refusal).isNotNull();
          assertThat(refusal.retryAfterSeconds()).isEqualTo(5);
        }
      }
      shares.alone(false);
      give(shares, 2, 40);
      pass(Duration.ofSeconds(1));
      assertThat(limiter.arrive(Limits.tenant("b")).refusal()).as("it is back").isNull();
    }
  }

  @Test
  void places_that_are_taken_are_held_until_they_are_left() {
    Limiter limiter = limiter(shared(new Limit.Rates(0, 0, 10), Limit.Alone.LOCAL));
    NodeShares shares = limiter.nodeShares();
    Admission first = limiter.arrive(Limits.tenant("a"));
    limiter.forward(first, "1");
    limiter.forward(limiter.arrive(Limits.tenant("a")), "2");
    pass(Duration.ofSeconds(20));
    give(shares, 2, 8);
    long large = give(shares, 2, 1).demands().get(0).holds();
    NodeShares.Question still = shares.question(null, Duration.ZERO);
    assertThat(still.demands().get(0).holds()).as("two are running").isEqualTo(large);
    limiter.complete("1", new Spent(true, 1, null));
    assertThat(shares.question(null, Duration.ZERO).demands().get(0).holds()).isGreaterThan(large);
  }

  @Test
  void a_share_that_moves_brings_nothing_with_it() {
    // Three nodes, whose shares move at random and add up to the limit at each moment.
    Random random = new Random(1);
    int total = 600;
    List<Limiter> nodes = new ArrayList<>();
    List<NodeShares> shares = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      nodes.add(limiter(shared(new Limit.Rates(total, 0, 0), Limit.Alone.LOCAL)));
      shares.add(nodes.get(i).nodeShares());
      give(shares.get(i), 3, 0);
    }
    int passed = 0;
    int minutes = 10;
    for (int second = 0; second < minutes * 60; second++) {
      if (second >= 15 && second % 5 == 0) {
        double left = total;
        for (int i = 0; i < 3; i++) {
          double part = i == 2 ? left : left * random.nextDouble();
          left -= part;
          give(shares.get(i), 3, part);
        }
      }
      for (Limiter node : nodes) {
        passed += passes(node, 40);
      }
      pass(Duration.ofSeconds(1));
    }
    // A minute's worth that was there, what flowed in, and one a minute a node for rounding up.
    assertThat(passed).isLessThanOrEqualTo(total * (minutes + 1) + 3 * minutes);
    assertThat(passed).as("and it is not starved").isGreaterThan(total * minutes * 9 / 10);
  }

  @Test
  void a_key_that_clients_made_unspeakable_is_not_asked_for() {
    Limiter limiter = limiter(shared(new Limit.Rates(60, 0, 0), Limit.Alone.LOCAL));
    for (String tenant : List.of("a\nb", "x".repeat(300), "\ud800", "fine", "")) {
      limiter.arrive(Limits.tenant(tenant));
    }
    NodeShares shares = limiter.nodeShares();
    assertThat(give(shares, 1, 30).demands())
        .extracting(each -> each.key().get(Dimension.TENANT))
        .containsExactlyInAnyOrder("fine", "");
    assertThat(shares.isUrgent()).as("asking sooner would bring them nothing").isFalse();
    limiter.arrive(Limits.tenant("other"));
    assertThat(shares.question(Set.of("fine"), Duration.ZERO).demands()).hasSize(1);
    assertThat(shares.isUrgent()).as("of another's tenant").isFalse();
    assertThat(shares.question(null, Duration.ZERO).demands()).hasSize(3);
    assertThat(shares.isUrgent()).as("it may be asked for, and has no share").isTrue();
  }

  @Test
  void keys_beyond_the_most_of_one_question_make_none_urgent() {
    Limiter limiter = limiter(shared(new Limit.Rates(60, 0, 0), Limit.Alone.LOCAL));
    NodeShares shares = limiter.nodeShares();
    for (int i = 0; i < NodeShares.MOST_DEMANDS; i++) {
      limiter.arrive(Limits.tenant("t" + i));
    }
    assertThat(give(shares, 1, 30).demands()).hasSize(NodeShares.MOST_DEMANDS);
    for (int i = 0; i < 2 * NodeShares.MOST_DEMANDS; i++) {
      limiter.arrive(Limits.tenant("more" + i));
    }
    assertThat(shares.isUrgent()).as("there may be room for them").isTrue();
    assertThat(give(shares, 1, 30).demands()).hasSize(NodeShares.MOST_DEMANDS);
    assertThat(shares.isUrgent()).isFalse();
  }

  @Test
  void an_older_lease_changes_nothing() {
    Limiter limiter = limiter(shared(new Limit.Rates(60, 0, 0), Limit.Alone.LOCAL));
    NodeShares shares = limiter.nodeShares();
    passes(limiter, 1);
    NodeShares.Question question = give(shares, 1, 30);
    LeaseRequest.Demand asked = question.demands().get(0);
    LimitLease older =
        new LimitLease(
            asked.limit(), asked.key(), asked.kind(), null, 60, EPOCH + 15_000, revision - 1);
    LeaseAnswer answer = new LeaseAnswer(List.of(older), EPOCH, 1, null, List.of(), null);
    assertThat(shares.take(question, answer, Limit.Alone.LOCAL)).isZero();
    LimitLease unknown =
        new LimitLease("other", asked.key(), asked.kind(), null, 60, EPOCH + 15_000, ++revision);
    answer = new LeaseAnswer(List.of(unknown), EPOCH, 1, null, List.of(), null);
    assertThat(shares.take(question, answer, Limit.Alone.LOCAL)).as("no such limit").isZero();
  }
}
