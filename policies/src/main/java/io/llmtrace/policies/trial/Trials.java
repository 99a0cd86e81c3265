package io.llmtrace.policies.trial;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.InspectionProgress;
import io.llmtrace.policies.evaluate.Explanation;
import io.llmtrace.policies.evaluate.PolicyProgram;
import io.llmtrace.policies.evaluate.PolicyStack;
import io.llmtrace.policies.evaluate.Question;
import io.llmtrace.policies.evaluate.RateGate;
import io.llmtrace.policies.evaluate.Verdict;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.ExchangeReader;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.language.MessageKind;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.language.UninspectableAction;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.policy.RedactRule;
import io.llmtrace.policies.redact.Numbering;
import io.llmtrace.policies.redact.Redaction;
import io.llmtrace.policies.redact.Redactor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tries policies: a sample goes the way of a request behind a gateway, through the same reader,
 * detectors and engine, and nothing is sent anywhere. Thread-safe.
 */
public final class Trials {
  private static final long TRY_AGAIN = Duration.ofMinutes(1).toNanos();

  private final DetectionEngine engine;
  private final InstantSource clock;

  /**
   * @param engine with all models it will ever have
   * @param clock the time of samples that say none
   */
  public Trials(DetectionEngine engine, InstantSource clock) {
    this.engine = engine;
    this.clock = clock;
  }

  /**
   * Policies as they are tried: in enforce mode, since to observe says nothing of what they do.
   *
   * @throws IllegalArgumentException for more layers than a route can have
   */
  public static PolicyStack enforcing(List<Policy> farthestFirst) {
    return PolicyStack.of(farthestFirst.stream().map(each -> each.with(Mode.ENFORCE)).toList());
  }

  /**
   * What policies do with a sample.
   *
   * @param policies of {@link #enforcing}
   */
  public Outcome run(PolicyStack policies, Sample sample) {
    try {
      return read(
          policies, sample, ExchangeReader.read(sample.content(), null), Coverage.INSPECTED);
    } catch (UnreadableBodyException e) {
      return unread(policies, sample);
    }
  }

  private Outcome read(PolicyStack policies, Sample sample, Exchange exchange, Coverage read) {
    boolean whole = exchange.uninspectedParts() == 0;
    SampleFacts facts = facts(sample, exchange, whole ? read : Coverage.PARTIAL);
    PolicyProgram program = policies.program(facts);
    InspectionProgress progress = new InspectionProgress();
    List<Finding> findings = new ArrayList<>();
    program.find(facts, exchange.segments(), InspectionBudget.unlimited(), findings);
    engine
        .begin(exchange, facts.tenant(), program.profile(), InspectionBudget.unlimited(), progress)
        .all();
    findings.addAll(progress.snapshot().findings());
    Explanation explanation = program.explain(question(facts, findings, sample));
    Verdict verdict = explanation.verdict();
    Outcome outcome = outcome(program, explanation, findings);
    return outcome.action() == Action.REDACT
        ? redacted(outcome, sample, exchange, verdict.redact())
        : outcome;
  }

  private SampleFacts facts(Sample sample, Exchange exchange, Coverage coverage) {
    return new SampleFacts(
        sample, exchange, coverage, sample.at().orElseGet(clock::instant).toEpochMilli());
  }

  private static Question question(SampleFacts facts, List<Finding> findings, Sample sample) {
    RateGate rates =
        (policy, rule, rate, of) -> sample.times() <= rate.requestsPerMinute() ? 0 : TRY_AGAIN;
    return new Question(facts, findings, Mode.ENFORCE, RedactRule.NONE, 0, rates);
  }

  private static Outcome outcome(
      PolicyProgram program, Explanation explanation, List<Finding> findings) {
    Verdict verdict = explanation.verdict();
    BlockStyle ofRule = verdict.blockStyle();
    BlockStyle ofPolicy = program.blockStyle();
    return new Outcome(
        verdict.decision().would(),
        verdict.decision().rule(),
        Optional.ofNullable(verdict.message()),
        ofRule != null ? ofRule : ofPolicy != null ? ofPolicy : BlockStyle.ERROR,
        Optional.empty(),
        findings,
        explanation);
  }

  /** What cannot be redacted is blocked, as it is behind a gateway. */
  private static Outcome redacted(
      Outcome outcome, Sample sample, Exchange exchange, List<Finding> findings) {
    Redaction redaction =
        Redactor.redact(
            sample.content().body().alone(),
            exchange.segments(),
            findings,
            Numbering.fresh(List.of()),
            Integer.MAX_VALUE,
            InspectionBudget.unlimited());
    boolean done = redaction instanceof Redaction.Redacted;
    return new Outcome(
        done ? Action.REDACT : Action.BLOCK,
        redaction instanceof Redaction.Refused refused
            ? "route/not_redactable-" + refused.reason().label()
            : outcome.rule(),
        outcome.message(),
        outcome.blockStyle(),
        redaction instanceof Redaction.Redacted redacted
            ? Optional.of(new String(redacted.body(), StandardCharsets.UTF_8))
            : Optional.empty(),
        outcome.findings(),
        outcome.explanation());
  }

  private Outcome unread(PolicyStack policies, Sample sample) {
    Exchange nothing = nothing(sample.content());
    SampleFacts facts = facts(sample, nothing, Coverage.UNINSPECTED);
    PolicyProgram program = policies.program(facts);
    Explanation explanation = program.explain(question(facts, List.of(), sample));
    Outcome outcome = outcome(program, explanation, List.of());
    if (program.onUninspectable() != UninspectableAction.BLOCK
        || outcome.action().compareTo(Action.LIMIT) >= 0) {
      return outcome;
    }
    return new Outcome(
        Action.BLOCK,
        "route/on_uninspectable",
        Optional.ofNullable(program.message(MessageKind.UNINSPECTABLE)),
        BlockStyle.FORBIDDEN,
        Optional.empty(),
        List.of(),
        explanation);
  }

  private static Exchange nothing(RequestContent content) {
    try {
      return ExchangeReader.read(
          new RequestContent(content.method(), content.path(), Map.of(), new byte[0]), null);
    } catch (UnreadableBodyException e) {
      throw new IllegalStateException("a request without a body can be read", e);
    }
  }

  /** The text that was given alone, as it goes on. */
  static Optional<String> text(Sample sample, String body) {
    RequestContent content =
        new RequestContent(
            sample.content().method(),
            sample.content().path(),
            sample.content().headers(),
            body.getBytes(StandardCharsets.UTF_8));
    try {
      return ExchangeReader.read(content, null).segments().stream()
          .filter(segment -> sample.textAt().equals(Optional.of(segment.pointer())))
          .map(Segment::text)
          .findFirst();
    } catch (UnreadableBodyException e) {
      throw new IllegalStateException("what was redacted can be read as it could before", e);
    }
  }
}
