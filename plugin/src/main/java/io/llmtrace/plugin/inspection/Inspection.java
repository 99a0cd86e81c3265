package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.enforcement.RequestRedaction;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.identity.Identity;
import io.llmtrace.plugin.inspection.Analysis.Seen;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.limit.Admission;
import io.llmtrace.policies.redact.Redaction;
import io.llmtrace.policies.wire.InspectionRecord;
import io.netty.util.Timeout;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One exchange on its way through the service. Two compare-and-sets keep it honest: {@code settled}
 * says who decides (a worker, a model thread, the deadline, or a refusal), {@code responded} who
 * answers.
 */
final class Inspection implements Runnable {
  final GatewayRequest request;
  final String decisionId;
  final TraceParent trace;
  final Identity identity;
  final Admission admission;
  final long atMillis;
  final InspectionBudget budget;
  final Policing policing;
  private final InspectionService service;
  private final MemoryBudget.Lease lease;
  private final InspectionService.Decided responder;
  private final AtomicBoolean settled = new AtomicBoolean();
  private final AtomicBoolean responded = new AtomicBoolean();
  private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.QUEUED);
  volatile @Nullable Exchange exchange;
  volatile @Nullable Redaction redaction;

  /** What {@link #redaction} was asked to replace. */
  volatile List<Finding> replaced = List.of();

  volatile long parseMicros = -1;
  private volatile Analysis.@Nullable Run run;
  private volatile @Nullable Timeout timer;
  private volatile @Nullable Settlement settlement;

  private enum Phase {
    QUEUED,
    RUNNING,
    OVERDUE,
    DONE
  }

  /**
   * What was decided: the record to keep and the answer to give.
   *
   * @param expected what the provider's answer is held against, or null where it is not on its way
   */
  record Settlement(
      InspectionRecord inspection, Answer answer, OpenQuestions.@Nullable Expected expected) {}

  Inspection(
      InspectionService service,
      GatewayRequest request,
      MemoryBudget.Lease lease,
      InspectionService.Decided responder,
      String decisionId,
      Identity identity,
      Admission admission,
      Policing policing) {
    this.service = service;
    this.request = request;
    this.lease = lease;
    this.responder = responder;
    this.decisionId = decisionId;
    this.identity = identity;
    this.atMillis = policing.at();
    this.admission = admission;
    this.policing = policing;
    this.trace = TraceParent.of(request.headers().get(TraceParent.HEADER), decisionId);
    this.budget =
        InspectionBudget.until(
            deadlineNanos()
                - RequestRedaction.reserve(
                    request.conf(), policing.program().mayRedact(), request.bodyBytes()));
  }

  long deadlineNanos() {
    return request.completeNanos() + request.conf().budgetMs() * 1_000_000L;
  }

  /** On a worker. */
  @Override
  public void run() {
    service.work(this);
  }

  /** A worker begins. */
  void begin() {
    phase.set(Phase.RUNNING);
  }

  /** A worker is free again; whether its exchange was answered without it meanwhile. */
  boolean endsOverdue() {
    return phase.getAndSet(Phase.DONE) == Phase.OVERDUE;
  }

  /** The budget is over; whether a worker is still busy. */
  boolean becomesOverdue() {
    return phase.compareAndSet(Phase.RUNNING, Phase.OVERDUE);
  }

  /** Whether the caller is the one who decides. */
  boolean settle() {
    return settled.compareAndSet(false, true);
  }

  boolean isSettled() {
    return settled.get();
  }

  void settled(Settlement made) {
    settlement = made;
  }

  @Nullable Settlement settlement() {
    return settlement;
  }

  void running(Analysis.Run started) {
    run = started;
  }

  /** Whether anything of it was to be inspected yet. */
  boolean isBegun() {
    return run != null;
  }

  Seen seen() {
    Analysis.Run started = run;
    return policing.with(started == null ? Seen.NOTHING : started.seen());
  }

  void timer(Timeout scheduled) {
    timer = scheduled;
    if (responded.get()) {
      scheduled.cancel();
    }
  }

  /** Answers, unless that has been done. */
  boolean respond(Answer answer) {
    if (!responded.compareAndSet(false, true)) {
      return false;
    }
    Timeout pending = timer;
    if (pending != null) {
      pending.cancel();
    }
    Settlement made = settlement;
    responder.decided(answer, made == null || made.answer() != answer ? null : made.inspection());
    return true;
  }

  /** Of the body and of what is made of it; for whose turn it is to work on it. */
  BodyMemory memory() {
    return lease;
  }

  void releaseMemory() {
    lease.close();
  }
}
