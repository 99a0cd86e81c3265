package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.policies.PolicyTable;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.ExchangeCascade;
import io.llmtrace.policies.detect.engine.InspectionProgress;
import io.llmtrace.policies.evaluate.PolicyProgram;
import io.llmtrace.policies.evaluate.Question;
import io.llmtrace.policies.evaluate.Verdict;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.BlockAnswer;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.ExchangeReader;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.policy.BlockAnswers;
import io.llmtrace.policies.policy.BlockStyle;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The kernel of the {@code policies} module behind the service's interface. Thread-safe. */
public final class EngineAnalysis implements Analysis {
  private final DetectionEngine engine;
  private final Dialects dialects;
  private final Supplier<PolicyTable> policies;

  /** With the built-in policy alone. */
  public EngineAnalysis(DetectionEngine engine, Dialects dialects) {
    this(engine, dialects, () -> PolicyTable.BUILT_IN);
  }

  /**
   * @param policies those in force, asked once for each exchange
   */
  public EngineAnalysis(DetectionEngine engine, Dialects dialects, Supplier<PolicyTable> policies) {
    this.engine = engine;
    this.dialects = dialects;
    this.policies = policies;
  }

  @Override
  public Api detect(RequestContent content) {
    return dialects.detect(content.method(), content.path(), content.headers());
  }

  @Override
  public Exchange read(
      RequestContent content, @Nullable Api forced, InspectionBudget budget, BodyMemory memory)
      throws UnreadableBodyException {
    return ExchangeReader.read(content, forced, dialects, budget::spent, memory);
  }

  @Override
  public Run prepare(
      Exchange exchange, String tenant, @Nullable Profile profile, InspectionBudget budget) {
    InspectionProgress progress = new InspectionProgress();
    ExchangeCascade cascade = engine.begin(exchange, tenant, profile, budget, progress);
    return new Run() {
      @Override
      public boolean readSegments() {
        return cascade.readSegments();
      }

      @Override
      public void askModels() {
        cascade.askModels();
      }

      @Override
      public void leaveModelsOut() {
        cascade.leaveModelsOut();
      }

      @Override
      public Seen seen() {
        InspectionProgress.Snapshot now = progress.snapshot();
        return new Seen(
            now.findings(),
            now.segmentsInspected(),
            now.unread(),
            now.stagesMicros(),
            now.missingStages(),
            // The engine lets exceptions out; the service counts them where it calls.
            false);
      }
    };
  }

  @Override
  public PolicyTable.InForce policies(String tenant, @Nullable String policy) {
    return policies.get().resolve(tenant, policy);
  }

  @Override
  public Verdict decide(PolicyProgram program, Question question) {
    return program.decide(question);
  }

  @Override
  public Answer.Stop block(
      Caller caller, BlockStyle style, String decisionId, String category, @Nullable String text) {
    BlockAnswer answer = BlockAnswers.answer(caller, style, decisionId, category, text);
    return new Answer.Stop(answer.status(), answer.headers(), answer.body());
  }
}
