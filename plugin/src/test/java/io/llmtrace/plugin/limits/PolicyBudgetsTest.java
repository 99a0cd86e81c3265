package io.llmtrace.plugin.limits;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.Limit;
import io.llmtrace.policies.limit.Subject;
import io.llmtrace.policies.limit.Window;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.wire.CompletionRecord;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyBudgetsTest {
  private static final Exchange ASKED =
      new Exchange(Dialect.OPENAI_CHAT, "openai", "m", false, List.of(), List.of(), 0);

  private static final Decision NOTHING =
      new Decision(Action.ALLOW, Action.ALLOW, Mode.ENFORCE, "default", "default/none", 7, null);

  @TempDir private Path directory;
  private PolicyBudgets budgets;
  private Path file;

  @BeforeEach
  void open() {
    budgets = new PolicyBudgets(directory, exchange -> 0, new SimpleMeterRegistry());
    file = directory.resolve(PolicyBudgets.DIRECTORY).resolve(SpendFile.NAME);
  }

  @Test
  void the_stricter_of_a_budget_and_a_decision_stands_under_the_policys_name() {
    budgets.use(List.of(budget(Limit.Action.LIMIT, 2)));
    spend("a", 3);
    assertThat(PolicyBudgets.decide(ask(), NOTHING))
        .isEqualTo(decision(Action.LIMIT, "budget", Mode.ENFORCE));
    assertThat(PolicyBudgets.decide(ask(), with(Action.BLOCK, Mode.ENFORCE)))
        .isEqualTo(with(Action.BLOCK, Mode.ENFORCE));
    assertThat(PolicyBudgets.decide(ask(), with(Action.ALLOW, Mode.OBSERVE)))
        .isEqualTo(decision(Action.FLAG, "budget", Mode.OBSERVE));
    budgets.close();
  }

  @Test
  void a_soft_budget_flags_as_a_soft_limit_does() {
    budgets.use(List.of(budget(Limit.Action.FLAG, 2)));
    spend("a", 3);
    assertThat(PolicyBudgets.decide(ask(), NOTHING))
        .isEqualTo(decision(Action.FLAG, Limits.FLAG, Mode.ENFORCE));
    budgets.close();
  }

  @Test
  void what_was_spent_is_written_when_budgets_change() {
    budgets.use(List.of(budget(Limit.Action.LIMIT, 2)));
    spend("a", 3);
    budgets.use(List.of(budget(Limit.Action.LIMIT, 1_000)));
    assertThat(file).exists();
    budgets.close();
  }

  @Test
  void a_process_that_was_superseded_writes_none_also_when_budgets_change() throws Exception {
    budgets.use(List.of(budget(Limit.Action.LIMIT, 2)));
    spend("a", 3);
    budgets.superseded();
    budgets.use(List.of(budget(Limit.Action.LIMIT, 1_000)));
    spend("b", 3);
    budgets.close();
    assertThat(Files.exists(file)).isFalse();
  }

  private PolicyBudgets.Asked ask() {
    return budgets.ask(new Subject("acme", "", "r", "m", "", true), ASKED);
  }

  private void spend(String id, int usd) {
    PolicyBudgets.Asked asked = ask();
    Answer passes = new Answer.Rewrite(Map.of(), Set.of(), Map.of(), null);
    PolicyBudgets.decided(asked, id, Mode.ENFORCE, passes);
    budgets.completed(
        new CompletionRecord(
            id,
            1,
            200,
            1,
            null,
            "m",
            null,
            null,
            null,
            false,
            List.of(),
            null,
            null,
            null,
            null,
            BigDecimal.valueOf(usd),
            null),
        true);
  }

  private static Limit budget(Limit.Action action, double usd) {
    return new Limit(
        "acme/standard/all",
        Set.of(Dimension.TENANT),
        Map.of(),
        action,
        Limit.Rates.NONE,
        new Limit.Budget(Map.of(Window.DAY, usd), Limit.UnknownCost.PASS),
        Limit.Size.NONE);
  }

  private static Decision with(Action action, Mode mode) {
    return new Decision(action, action, mode, "default", "default/none", 7, null);
  }

  private static Decision decision(Action action, String category, Mode mode) {
    Action would = category.equals(Limits.FLAG) ? Action.FLAG : Action.LIMIT;
    return new Decision(action, would, mode, "standard", "standard/all", 7, category);
  }
}
