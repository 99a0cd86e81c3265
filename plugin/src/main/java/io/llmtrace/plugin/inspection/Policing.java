package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.plugin.identity.Identity;
import io.llmtrace.plugin.inspection.Analysis.Seen;
import io.llmtrace.plugin.limits.PolicyBudgets;
import io.llmtrace.plugin.policies.AnswerPolicy;
import io.llmtrace.plugin.policies.PolicyTable;
import io.llmtrace.plugin.policies.RuleRates;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.evaluate.PolicyProgram;
import io.llmtrace.policies.evaluate.Question;
import io.llmtrace.policies.evaluate.RateGate;
import io.llmtrace.policies.evaluate.Verdict;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.language.Rule;
import io.llmtrace.policies.limit.Subject;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.wire.ShadowDecision;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The policies of one exchange, of one bundle from its beginning to its end. What applies is chosen
 * when it arrives and again when it has been read, since policies may be for models and tools. A
 * worker and the timer may use it at the same time.
 */
public final class Policing {
  /** Stage of the patterns that a policy looks for, in receipts. */
  static final String PATTERNS = "patterns";

  private final Analysis analysis;
  private final GatewayRequest request;
  private final Identity identity;
  private final long at;
  private final PolicyTable.InForce inForce;
  private final Rates rates;
  private final PolicyBudgets budgets;
  private volatile PolicyBudgets.Asked budgeted = PolicyBudgets.Asked.NOTHING;
  private volatile @Nullable Exchange exchange;
  private volatile PolicyProgram program;
  private volatile Found found = Found.NOTHING;
  private volatile @Nullable Beside shadow;

  /** What the policy itself looked for. */
  private record Found(List<Finding> findings, boolean complete) {
    static final Found NOTHING = new Found(List.of(), true);
  }

  /** A candidate, with what it looked for. */
  private record Beside(PolicyTable.Shadow policy, PolicyProgram program, List<Finding> found) {}

  /**
   * @param identity whose exchange it is
   * @param at when it came, in epoch milliseconds
   * @param budgets those that policies set
   */
  public Policing(
      Analysis analysis,
      GatewayRequest request,
      Identity identity,
      long at,
      RuleRates rates,
      PolicyBudgets budgets) {
    this.budgets = budgets;
    this.analysis = analysis;
    this.request = request;
    this.identity = identity;
    this.at = at;
    this.rates = new Rates(rates);
    this.inForce = analysis.policies(identity.tenant(), request.conf().policy());
    this.program = inForce.stack().program(facts(Coverage.UNINSPECTED));
  }

  /** Epoch milliseconds. */
  long at() {
    return at;
  }

  /** What applies to the exchange, as far as it is known. */
  public PolicyProgram program() {
    return program;
  }

  /** The mode in force. */
  Mode mode() {
    return program.mode(request.conf().mode());
  }

  private Facts facts(Coverage coverage) {
    return new ExchangeFacts(analysis, request, identity, exchange, coverage, at);
  }

  /** The body has been read: chooses again, and looks for what the policy itself names. */
  public void read(Exchange read, InspectionBudget budget) {
    exchange = read;
    Facts facts = facts(Coverage.INSPECTED);
    PolicyProgram chosen = inForce.stack().program(facts);
    program = chosen;
    if (chosen.finds()) {
      List<Finding> own = new ArrayList<>();
      boolean complete = chosen.find(facts, read.segments(), budget, own);
      found = new Found(own, complete);
    }
    if (!inForce.budgeted().isEmpty()) {
      budgeted =
          budgets.ask(
              new Subject(
                  identity.tenant(),
                  request.consumer(),
                  request.route(),
                  read.model(),
                  identity.agent(),
                  request.conf().tap(),
                  inForce.budgeted()),
              read);
    }
  }

  /** What budgets of policies said. */
  PolicyBudgets.Asked budgeted() {
    return budgeted;
  }

  /**
   * Looks for what a candidate names, once all that decides has been seen: it must not take time
   * from that.
   */
  public void lookBeside(InspectionBudget budget) {
    PolicyTable.Shadow candidate = inForce.shadow();
    Exchange read = exchange;
    if (candidate == null || read == null) {
      return;
    }
    Facts facts = facts(Coverage.INSPECTED);
    PolicyProgram beside = candidate.stack().program(facts);
    List<Finding> own = new ArrayList<>();
    // Of a text that was read in part it would say less than it will when it decides.
    if (!beside.finds() || beside.find(facts, read.segments(), budget, own)) {
      shadow = new Beside(candidate, beside, own);
    }
  }

  /** What was seen, with what the policy itself looked for. */
  public Seen with(Seen seen) {
    Found own = found;
    if (own.findings().isEmpty() && own.complete()) {
      return seen;
    }
    List<Finding> findings = new ArrayList<>(own.findings());
    findings.addAll(seen.findings());
    List<String> missing = new ArrayList<>(seen.missingStages());
    if (!own.complete()) {
      missing.add(PATTERNS);
    }
    return new Seen(
        findings,
        seen.segmentsInspected(),
        seen.unread(),
        seen.stagesMicros(),
        missing,
        seen.failed());
  }

  /**
   * What the policies say.
   *
   * @param findings of {@link #with}
   */
  public Verdict decide(List<Finding> findings, Coverage coverage) {
    return analysis.decide(program, question(facts(coverage), findings, rates));
  }

  private Question question(Facts facts, List<Finding> findings, RateGate gate) {
    return new Question(
        facts,
        findings,
        request.conf().mode(),
        request.conf().redact().rule(),
        inForce.revision(),
        gate);
  }

  /**
   * What a candidate would have decided; null where there is none, or not everything was seen.
   *
   * @param findings of {@link #with}
   */
  public @Nullable ShadowDecision shadow(List<Finding> findings, Coverage coverage) {
    Beside beside = shadow;
    if (beside == null) {
      return null;
    }
    List<Finding> its = new ArrayList<>(beside.found());
    for (Finding each : findings) {
      // Without what the active policy itself looked for.
      if (!each.detector().equals(PolicyProgram.DETECTOR)) {
        its.add(each);
      }
    }
    // Requests are not counted for it: the rates of the rules in force would pass less.
    Verdict verdict = beside.program().decide(question(facts(coverage), its, RateGate.OPEN));
    return new ShadowDecision(
        beside.policy().policy(),
        beside.policy().version(),
        verdict.decision().would(),
        verdict.decision().rule());
  }

  /** What will decide about the answer. */
  AnswerPolicy ofAnswer() {
    return AnswerPolicy.of(program, inForce.revision(), facts(Coverage.INSPECTED));
  }

  /** Counts the exchange once by each rule, however often it is decided about. */
  private static final class Rates implements RateGate {
    private final RuleRates shared;
    private @Nullable Map<String, Long> counted;

    Rates(RuleRates shared) {
      this.shared = shared;
    }

    @Override
    public synchronized long take(String policy, String rule, Rule.Rate rate, Facts facts) {
      if (counted == null) {
        counted = new HashMap<>();
      }
      return counted.computeIfAbsent(policy + "/" + rule, name -> shared.take(name, rate, facts));
    }
  }
}
