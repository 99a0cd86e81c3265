package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.expression.Program;
import io.llmtrace.policies.language.FindingSelector;
import io.llmtrace.policies.language.Rule;
import io.llmtrace.policies.policy.Action;
import org.jspecify.annotations.Nullable;

/** A rule of a policy, ready to be evaluated. Immutable. */
final class CompiledRule {
  final int layer;
  final String policy;
  final String name;
  final Rule rule;
  final MatchTest match;
  final @Nullable FindingSelector findings;
  final @Nullable Program when;

  CompiledRule(EffectivePolicy.Of<Rule> of) {
    this.layer = of.layer();
    this.policy = of.policy();
    this.rule = of.what();
    this.name = policy + "/" + rule.name();
    this.match = new MatchTest(rule.match());
    this.findings = rule.findings();
    Rule.Condition condition = rule.when();
    this.when = condition == null ? null : Program.link(condition.expression());
  }

  Action action() {
    return rule.action();
  }

  Trace.Rule step() {
    return new Trace.Rule(policy, name);
  }
}
