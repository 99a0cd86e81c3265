package io.llmtrace.policies.expression;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.json.WireJson;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;

/** Whatever the language can say comes to what CEL's own runtime says it comes to. */
class SameAsCelPropertiesTest {
  private static final int EXCHANGES = 3;
  private static final Map<Outcome, Integer> SEEN = new EnumMap<>(Outcome.class);
  private static int conditions;
  private static int refused;

  @Property(tries = 1_000, seed = "31")
  void a_condition_comes_to_what_CELs_runtime_says(@ForAll long seed) throws Exception {
    Grammar grammar = new Grammar(seed);
    String cel = grammar.bool(1 + (int) Math.floorMod(seed, 4L));
    conditions++;
    Expression expression;
    try {
      expression = Expressions.compile(cel);
    } catch (ExpressionException e) {
      // What CEL has and conditions do not: what is too costly or too large, or can never hold.
      assertThat(e.problems())
          .allSatisfy(
              each ->
                  assertThat(each.message())
                      .containsPattern("^too costly|nested more than|is ever|in capitals"));
      refused++;
      return;
    }
    String json = WireJson.mapper().writeValueAsString(expression);
    assertThat(WireJson.mapper().readValue(json, Expression.class)).isEqualTo(expression);
    if (conditions % 4 == 0) {
      assertThat(Expressions.compile(Printer.print(expression))).isEqualTo(expression);
    }
    Program program = Program.link(expression);
    CelRuntimeOracle oracle = new CelRuntimeOracle(cel);
    for (int i = 0; i < EXCHANGES; i++) {
      Facts facts = grammar.facts();
      List<Finding> findings = grammar.findingList();
      Outcome outcome = program.evaluate(new Scope(facts, findings)).outcome();
      assertThat(outcome)
          .as("%s of %s and %s", cel, facts, findings)
          .isEqualTo(oracle.outcome(facts, findings));
      assertThat(program.operands(new Scope(facts, findings))).isNotEmpty();
      SEEN.merge(outcome, 1, Integer::sum);
    }
  }

  @AfterContainer
  static void it_was_no_idle_comparison() {
    assertThat(refused).isLessThan(conditions / 10);
    assertThat(SEEN.get(Outcome.HOLDS)).isGreaterThan(500);
    assertThat(SEEN.get(Outcome.HOLDS_NOT)).isGreaterThan(500);
    assertThat(SEEN.get(Outcome.ERROR)).isGreaterThan(150);
  }
}
