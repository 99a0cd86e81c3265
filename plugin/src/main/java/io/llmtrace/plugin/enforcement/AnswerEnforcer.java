package io.llmtrace.plugin.enforcement;

import io.llmtrace.plugin.answers.AnswerInspector;
import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.answers.OpenQuestions.Question;
import io.llmtrace.plugin.gateway.AnswerHandler;
import io.llmtrace.plugin.gateway.GatewayRequest.BodyState;
import io.llmtrace.plugin.gateway.HeldAnswer;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.exchange.AnswerReader;
import io.llmtrace.policies.exchange.BodyBytes;
import io.llmtrace.policies.exchange.BodyText;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Inspects answers that the gateway holds back, and decides about each exactly once, at the route's
 * budget at the latest: it passes, is redacted, blocked, or gets back what placeholders stand for.
 * Thread-safe; the methods of {@link AnswerHandler} return at once.
 *
 * <p>It cannot fail closed: when this process is away, or the gateway gives it up, the answer goes
 * to the client as it is.
 */
public final class AnswerEnforcer implements AnswerHandler, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AnswerEnforcer.class);

  /** Types of streams: a gateway that is asked for their body holds them back to the end. */
  private static final Set<String> STREAMS =
      Set.of(
          "text/event-stream",
          "application/x-ndjson",
          "application/vnd.amazon.eventstream",
          "application/stream+json");

  /** Beginnings of types that hold no text. */
  private static final Set<String> NO_TEXT =
      Set.of("image/", "audio/", "video/", "application/octet-stream", "application/zip");

  private final DetectionEngine engine;
  private final AnswerInspector inspector;
  private final AnswerVerdicts verdicts;
  private final OpenQuestions questions;
  private final DecisionIds ids;
  private final MeterRegistry meters;
  private final ThreadPoolExecutor workers;
  private final ScheduledThreadPoolExecutor timer;

  /**
   * How much may be done at once.
   *
   * @param workers threads that inspect, at least 1
   * @param queue answers that may wait for one, at least 1
   */
  public record Settings(int workers, int queue) {}

  public AnswerEnforcer(
      Settings settings,
      DetectionEngine engine,
      AnswerInspector inspector,
      AnswerVerdicts verdicts,
      OpenQuestions questions,
      DecisionIds ids,
      MeterRegistry meters) {
    this.engine = engine;
    this.inspector = inspector;
    this.verdicts = verdicts;
    this.questions = questions;
    this.ids = ids;
    this.meters = meters;
    this.workers =
        new ThreadPoolExecutor(
            settings.workers(),
            settings.workers(),
            30,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(settings.queue()),
            new DefaultThreadFactory("llmtrace-held", true));
    // Most nodes hold no answers, and need no threads for it.
    workers.allowCoreThreadTimeOut(true);
    this.timer =
        new ScheduledThreadPoolExecutor(
            1, new DefaultThreadFactory("llmtrace-held-deadline", true));
    timer.setKeepAliveTime(30, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true);
    timer.setRemoveOnCancelPolicy(true);
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(true);
  }

  @Override
  public Optional<HeldAnswer.Decision> withoutBody(HeldAnswer answer) {
    String type = type(answer);
    Question question = ids.verify(answer.requestId()).flatMap(questions::find).orElse(null);
    OpenQuestions.Expected expected = question == null ? null : question.expected();
    if (STREAMS.contains(type) || (expected != null && expected.caller().stream())) {
      return passed(answer, "stream");
    }
    if (NO_TEXT.stream().anyMatch(type::startsWith)) {
      return passed(answer, "binary");
    }
    if (length(answer) > answer.mostBytes()) {
      HeldInspection unread =
          new HeldInspection(
              answer,
              new Body(new byte[0], BodyState.TOO_LARGE, length(answer), System.nanoTime()),
              ids.issue(),
              question,
              MemoryBudget.Lease.NONE,
              decision -> {});
      return Optional.of(counted(verdicts.uninspected(unread, "too_large")));
    }
    return Optional.empty();
  }

  private Optional<HeldAnswer.Decision> passed(HeldAnswer answer, String reason) {
    count("pass", reason);
    return Optional.of(answer.pass());
  }

  private static String type(HeldAnswer answer) {
    String type = answer.header("content-type");
    int parameters = type.indexOf(';');
    return (parameters < 0 ? type : type.substring(0, parameters)).strip().toLowerCase(Locale.ROOT);
  }

  private static long length(HeldAnswer answer) {
    try {
      return Long.parseLong(answer.header("content-length").strip());
    } catch (NumberFormatException e) {
      // None, or none that says anything: the body will show.
      return 0;
    }
  }

  @Override
  public void handle(
      HeldAnswer answer,
      Body body,
      MemoryBudget.Lease lease,
      Consumer<HeldAnswer.Decision> responder) {
    Optional<String> issued = ids.verify(answer.requestId());
    HeldInspection held =
        new HeldInspection(
            answer,
            body,
            issued.orElseGet(ids::issue),
            issued.flatMap(questions::find).orElse(null),
            lease,
            responder);
    switch (body.state()) {
      case NO_MEMORY -> refuse(held, "memory");
      case TOO_LARGE -> refuse(held, "too_large");
      case READ -> {
        if (body.bytes().length == 0) {
          refuse(held, "no_body");
        } else {
          enqueue(held);
        }
      }
    }
  }

  private void enqueue(HeldInspection held) {
    try {
      held.timer(
          timer.schedule(
              () -> budgetEnds(held),
              held.deadlineNanos() - System.nanoTime(),
              TimeUnit.NANOSECONDS));
      workers.execute(() -> work(held));
    } catch (RejectedExecutionException e) {
      LOG.debug("no thread for the answer of {}", held.decisionId, e);
      refuse(held, "overload");
    }
  }

  private void refuse(HeldInspection held, String reason) {
    held.releaseMemory();
    if (held.settle()) {
      finish(held, verdicts.uninspected(held, reason));
    }
  }

  private void work(HeldInspection held) {
    try {
      if (held.isSettled()) {
        return;
      }
      BodyBytes body =
          BodyText.decode(
              Map.of("content-encoding", held.held.header("content-encoding").strip()),
              BodyBytes.of(held.body.bytes()),
              held.memory());
      if (inspector.inspects()) {
        var answer = AnswerReader.read(held.caller().api(), body.utf8(), held.memory());
        held.answer = answer;
        engine.inspectAnswer(
            answer,
            held.tenant(),
            inspector.context(held.question, held.tenant()),
            held.budget,
            held.progress);
      }
      AnswerVerdicts.Verdict verdict = verdicts.inspected(held, body.alone());
      if (held.settle()) {
        finish(held, verdict);
      }
    } catch (UnreadableBodyException e) {
      LOG.debug("answer of {} cannot be read: {}", held.decisionId, e.getMessage());
      refuse(held, e.reason());
    } catch (Exception | StackOverflowError | LinkageError e) {
      LOG.warn("inspection of the held answer of {} failed", held.decisionId, e);
      refuse(held, "error");
    } finally {
      held.releaseMemory();
    }
  }

  /** On the timer: what was found is enforced, all else passes or not as the route says. */
  private void budgetEnds(HeldInspection held) {
    try {
      held.budget.cancel();
      if (held.settle()) {
        finish(held, verdicts.uninspected(held, "budget"));
      }
    } catch (RuntimeException e) {
      // The timer must survive anything: without it no answer would ever be late.
      LOG.error("deadline of the answer of {} failed", held.decisionId, e);
    }
  }

  private void finish(HeldInspection held, AnswerVerdicts.Verdict verdict) {
    try {
      questions.handled(
          held.decisionId,
          held.tenant(),
          new OpenQuestions.Handled(verdict.inspection(), verdict.action()));
      if (!held.conf().tap()) {
        // Nobody will ask.
        questions.forget(held.decisionId);
      }
    } finally {
      held.respond(counted(verdict));
    }
  }

  private HeldAnswer.Decision counted(AnswerVerdicts.Verdict verdict) {
    count(verdict.action().label(), verdict.inspection().receipt().reason());
    return verdict.decision();
  }

  private void count(String action, String reason) {
    meters.counter("llmtrace_plugin_held_answers", "action", action, "reason", reason).increment();
  }

  /** Finishes what is queued, for at most two seconds. */
  @Override
  public void close() {
    workers.shutdown();
    try {
      if (!workers.awaitTermination(2, TimeUnit.SECONDS)) {
        LOG.warn("{} answers left behind at the end", workers.getQueue().size());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    workers.shutdownNow();
    timer.shutdown();
  }
}
