package io.llmtrace.controlplane.policies;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.evaluate.PolicyProgram;
import io.llmtrace.policies.evaluate.PolicyStack;
import io.llmtrace.policies.evaluate.Question;
import io.llmtrace.policies.evaluate.RateGate;
import io.llmtrace.policies.evaluate.Verdict;
import io.llmtrace.policies.expression.UnknownFactException;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.language.TextPattern;
import io.llmtrace.policies.language.UninspectableAction;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.policy.RedactRule;
import io.llmtrace.policies.wire.InspectionRecord;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The layers of a candidate, ready to decide about what was recorded. Thread-safe. */
final class Candidate {
  /** Rule of a request that could not be read, as instances name it. */
  private static final String UNINSPECTABLE = "route/on_uninspectable";

  /** Detector of what policies look for themselves. */
  private static final String OF_POLICIES = "policy";

  private final PolicyStack stack;
  private final Set<String> patterns;
  private final boolean limits;

  Candidate(List<Policy> layers) {
    this.stack = PolicyStack.of(layers);
    this.patterns =
        layers.stream()
            .flatMap(each -> each.patterns().stream())
            .map(TextPattern::name)
            .collect(Collectors.toUnmodifiableSet());
    this.limits =
        layers.stream()
            .flatMap(each -> each.rules().stream())
            .anyMatch(each -> each.action() == Action.LIMIT && each.rate() != null);
  }

  PolicyStack stack() {
    return stack;
  }

  /** Decides anew about an exchange of the past, as far as its record tells. */
  void decide(InspectionRecord record, Tally tally) {
    RecordedFacts facts = new RecordedFacts(record);
    List<Finding> findings =
        record.findings().stream()
            .filter(each -> !each.detector().equals(OF_POLICIES) || patterns.contains(each.rule()))
            .toList();
    Tally.Decided before = new Tally.Decided(record.decision().would(), record.decision().rule());
    try {
      PolicyProgram program = stack.program(facts);
      Tally.Decided after =
          after(
              program,
              program.decide(
                  new Question(facts, findings, Mode.ENFORCE, RedactRule.NONE, 0, RateGate.OPEN)),
              record,
              before);
      tally.decided(record.decisionId(), before, after, findings);
      partly(program, tally);
    } catch (UnknownFactException e) {
      tally.notEvaluable(e.fact());
    }
  }

  private static Tally.Decided after(
      PolicyProgram program, Verdict verdict, InspectionRecord record, Tally.Decided before) {
    Tally.Decided decided =
        new Tally.Decided(verdict.decision().would(), verdict.decision().rule());
    if (record.receipt().coverage() != Coverage.UNINSPECTED
        || decided.action().compareTo(Action.LIMIT) >= 0) {
      return decided;
    }
    UninspectableAction action = program.onUninspectable();
    if (action == null) {
      // As the route says, which did say it.
      return before.rule().equals(UNINSPECTABLE) ? before : decided;
    }
    return action == UninspectableAction.BLOCK
        ? new Tally.Decided(Action.BLOCK, UNINSPECTABLE)
        : decided;
  }

  private void partly(PolicyProgram program, Tally tally) {
    if (!patterns.isEmpty()) {
      tally.partly("text");
    }
    if (program.profile() != null) {
      tally.partly("profile");
    }
    if (limits) {
      tally.partly("rate");
    }
  }
}
