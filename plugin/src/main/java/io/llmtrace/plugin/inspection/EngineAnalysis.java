package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.ExchangeCascade;
import io.llmtrace.policies.detect.engine.InspectionProgress;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.BlockAnswer;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.ExchangeReader;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.policy.BlockAnswers;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.DecisionEngine;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.policy.RedactRule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The kernel of the {@code policies} module behind the service's interface. Thread-safe. */
public final class EngineAnalysis implements Analysis {
  private final DetectionEngine engine;
  private final DecisionEngine decisions;
  private final Dialects dialects;

  public EngineAnalysis(DetectionEngine engine, DecisionEngine decisions, Dialects dialects) {
    this.engine = engine;
    this.decisions = decisions;
    this.dialects = dialects;
  }

  @Override
  public Api detect(RequestContent content) {
    return dialects.detect(content.method(), content.path(), content.headers());
  }

  @Override
  public Exchange read(RequestContent content, @Nullable Api forced, InspectionBudget budget)
      throws UnreadableBodyException {
    return ExchangeReader.read(content, forced, dialects, budget::spent);
  }

  @Override
  public Run prepare(Exchange exchange, String tenant, InspectionBudget budget) {
    InspectionProgress progress = new InspectionProgress();
    ExchangeCascade cascade = engine.begin(exchange, tenant, budget, progress);
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
            now.stagesMicros(),
            now.missingStages(),
            // The engine lets exceptions out; the service counts them where it calls.
            false);
      }
    };
  }

  @Override
  public Decision decide(List<Finding> findings, Mode mode, RedactRule redact) {
    return decisions.decide(findings, mode, redact);
  }

  @Override
  public Answer.Stop block(Caller caller, BlockStyle style, String decisionId, String category) {
    BlockAnswer answer = BlockAnswers.answer(caller, style, decisionId, category);
    return new Answer.Stop(answer.status(), answer.headers(), answer.body());
  }
}
