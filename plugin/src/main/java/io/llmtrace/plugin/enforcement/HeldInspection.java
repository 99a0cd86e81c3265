package io.llmtrace.plugin.enforcement;

import io.llmtrace.plugin.answers.OpenQuestions.Expected;
import io.llmtrace.plugin.answers.OpenQuestions.Question;
import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.gateway.AnswerHandler;
import io.llmtrace.plugin.gateway.HeldAnswer;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.policies.AnswerPolicy;
import io.llmtrace.plugin.policies.PolicyTable;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.InspectionProgress;
import io.llmtrace.policies.exchange.Answer;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.json.BodyMemory;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One answer on its way through the enforcer; a worker fills it, a timer may end it. */
final class HeldInspection {
  final HeldAnswer held;
  final AnswerHandler.Body body;
  final String decisionId;

  /** What is known of the question, or null where it is not. */
  final @Nullable Question question;

  final InspectionBudget budget;
  final InspectionProgress progress = new InspectionProgress();
  volatile @Nullable Answer answer;
  private final MemoryBudget.Lease lease;
  private final Consumer<HeldAnswer.Decision> responder;
  private final AtomicBoolean settled = new AtomicBoolean();
  private volatile @Nullable Future<?> timer;

  HeldInspection(
      HeldAnswer held,
      AnswerHandler.Body body,
      String decisionId,
      @Nullable Question question,
      MemoryBudget.Lease lease,
      Consumer<HeldAnswer.Decision> responder) {
    this.held = held;
    this.body = body;
    this.decisionId = decisionId;
    this.question = question;
    this.lease = lease;
    this.responder = responder;
    AnswerPolicy policy =
        question == null || question.expected() == null ? null : question.expected().policy();
    this.budget =
        InspectionBudget.until(
            deadlineNanos()
                - RequestRedaction.reserve(
                    held.conf(), policy != null && policy.program().mayRedact(), body.length()));
  }

  RouteConf conf() {
    return held.conf();
  }

  long deadlineNanos() {
    return body.completeNanos() + TimeUnit.MILLISECONDS.toNanos(conf().budgetMs());
  }

  String tenant() {
    return question == null ? conf().tenant() : question.tenant();
  }

  Caller caller() {
    Expected expected = question == null ? null : question.expected();
    if (expected != null) {
      return expected.caller();
    }
    Api asked = question == null ? null : question.api();
    Api forced = conf().dialect();
    if (asked == null) {
      asked = forced == null ? Dialect.GENERIC_JSON : forced;
    }
    return Caller.of(asked);
  }

  /**
   * What decides: the policies of the question.
   *
   * @param now those in force, for a question that is not known
   */
  AnswerPolicy policy(PolicyTable now) {
    Expected expected = question == null ? null : question.expected();
    AnswerPolicy known = expected == null ? null : expected.policy();
    if (known != null) {
      return known;
    }
    String named = conf().policy();
    return AnswerPolicy.unknown(
        now, tenant(), named == null ? "" : named, caller(), System.currentTimeMillis());
  }

  /** What stands for what in the question; empty where nothing is to be put back. */
  Map<String, String> placeholders() {
    Expected expected = question == null ? null : question.expected();
    return expected == null ? Map.of() : expected.placeholders();
  }

  /** Whether the caller is the one who decides. */
  boolean settle() {
    return settled.compareAndSet(false, true);
  }

  boolean isSettled() {
    return settled.get();
  }

  void timer(Future<?> scheduled) {
    timer = scheduled;
    if (isSettled()) {
      scheduled.cancel(false);
    }
  }

  /** Only for who has settled it. */
  void respond(HeldAnswer.Decision decision) {
    Future<?> pending = timer;
    if (pending != null) {
      pending.cancel(false);
    }
    responder.accept(decision);
  }

  /** Of the body and of what is made of it; for the worker. */
  BodyMemory memory() {
    return lease;
  }

  void releaseMemory() {
    lease.close();
  }
}
