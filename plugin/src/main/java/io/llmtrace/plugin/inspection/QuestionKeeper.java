package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.output.AnswerContext;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.usage.Prompt;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps of a question what its answer is held against, for the tap and for gateways that hold
 * answers back. Thread-safe.
 */
final class QuestionKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(QuestionKeeper.class);

  /**
   * A question's fingerprints take a tenth of a millisecond, those of a book some five; its tokens
   * as much where they are counted, and half of it where they are estimated.
   */
  private static final long MOST_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final OpenQuestions questions;
  private final BooleanSupplier busy;

  /**
   * A keeper.
   *
   * @param busy whether exchanges wait for the thread that would keep a question
   */
  QuestionKeeper(OpenQuestions questions, BooleanSupplier busy) {
    this.questions = questions;
    this.busy = busy;
  }

  /** Before the answer: what the provider's answer must wait for. */
  void expect(Inspection inspection, OpenQuestions.Expected expected) {
    questions.expect(inspection.decisionId, inspection.identity.tenant(), expected);
  }

  /** After the decision is out: fingerprints and tokens, while nobody waits for a worker. */
  void keep(Inspection inspection) {
    Exchange exchange = inspection.exchange;
    Inspection.Settlement made = inspection.settlement();
    if (exchange == null
        || made == null
        || !(made.inspection().tap() || made.expected() != null)
        || made.answer() instanceof Answer.Stop) {
      return;
    }
    if (busy.getAsBoolean()) {
      questions.missed("busy");
      return;
    }
    try {
      AnswerContext context = questions.contextOf(exchange, shortly());
      Prompt prompt = Prompt.of(exchange, shortly());
      questions.keep(inspection.decisionId, inspection.identity.tenant(), context, prompt);
    } catch (RuntimeException | StackOverflowError | LinkageError e) {
      LOG.warn("nothing is kept of the question {}", inspection.decisionId, e);
      questions.missed("error");
    }
  }

  private static InspectionBudget shortly() {
    return InspectionBudget.until(System.nanoTime() + MOST_NANOS);
  }
}
