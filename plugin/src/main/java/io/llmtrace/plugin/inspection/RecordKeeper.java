package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.exchangelog.ExchangeLog;
import io.llmtrace.plugin.limits.Limits;
import io.llmtrace.plugin.limits.PolicyBudgets;
import io.llmtrace.plugin.telemetry.SpoolRefusedException;
import io.llmtrace.plugin.telemetry.TelemetrySink;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the records of exchanges that are decided, and answers them then: a record is kept before
 * its answer goes out, unless the disk stalls. What goes wrong here counts for the breaker.
 * Thread-safe.
 */
final class RecordKeeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RecordKeeper.class);
  private static final int RECORDERS = 2;
  private static final int MAX_WAITING_RECORDS = 4_096;

  private final TelemetrySink sink;
  private final QuestionKeeper questions;
  private final ContentKeeper contents;
  private final Limits limits;
  private final AnalysisBreaker breaker;
  private final InspectionMetrics metrics;
  private final ThreadPoolExecutor recorders =
      Pools.of("llmtrace-record", RECORDERS, MAX_WAITING_RECORDS);

  RecordKeeper(
      TelemetrySink sink,
      QuestionKeeper questions,
      ContentKeeper contents,
      Limits limits,
      AnalysisBreaker breaker,
      InspectionMetrics metrics) {
    this.sink = sink;
    this.questions = questions;
    this.contents = contents;
    this.limits = limits;
    this.breaker = breaker;
    this.metrics = metrics;
  }

  /** On the timer, a grace after the budget: answers without waiting for the disk. */
  void storageStalls(Inspection inspection) {
    Inspection.Settlement made = inspection.settlement();
    if (made != null && inspection.respond(made.answer())) {
      fault("storage_stalled", inspection, new IllegalStateException("record not kept in time"));
    }
  }

  private void settled(Inspection inspection, Inspection.Settlement made) {
    OpenQuestions.Expected expected = made.expected();
    if (expected != null) {
      questions.expect(inspection, expected);
    }
    contents.expect(inspection, made);
    inspection.settled(made);
    PolicyBudgets.decided(
        inspection.policing.budgeted(),
        inspection.decisionId,
        inspection.policing.mode(),
        made.answer());
    limits.decided(
        inspection.admission, inspection.decisionId, inspection.policing.mode(), made.answer());
  }

  /** Keeps the record on a recorder, then answers. */
  void later(Inspection inspection, Inspection.Settlement made) {
    settled(inspection, made);
    try {
      recorders.execute(() -> keepAndRespond(inspection, made, false));
    } catch (RejectedExecutionException e) {
      metrics.recordLost("recorders_busy");
      if (!made.inspection().receipt().reason().equals(Limits.REASON)) {
        // A flood that limits stop may outrun a disk that is well; it must not open the breaker.
        fault("storage_stalled", inspection, e);
      }
      metrics.exchange(made.inspection());
      inspection.respond(made.answer());
    }
  }

  /** Keeps the record on this thread, then answers. */
  void now(Inspection inspection, Inspection.Settlement made, boolean success) {
    settled(inspection, made);
    keepAndRespond(inspection, made, success);
  }

  private void keepAndRespond(Inspection inspection, Inspection.Settlement made, boolean success) {
    try {
      sink.inspection(made.inspection());
      if (success) {
        breaker.succeeded(System.nanoTime() - inspection.request.completeNanos());
      }
    } catch (SpoolRefusedException e) {
      LOG.warn("record of {} not kept: {}", inspection.decisionId, e.getMessage());
      metrics.recordLost("spool_refused");
      fault("spool", inspection, e);
    } finally {
      metrics.exchange(made.inspection());
      inspection.respond(made.answer());
      // Not before: whoever reads the log must not hold a client up.
      ExchangeLog.decided(inspection.request, made.inspection());
    }
  }

  /** Counts a fault of the engine or of storage, and tells the breaker. */
  void fault(String kind, Inspection inspection, Throwable cause) {
    metrics.fault(kind);
    breaker.failed(System.nanoTime() - inspection.request.completeNanos(), cause);
  }

  /** Keeps what waits, for at most two seconds. */
  @Override
  public void close() {
    recorders.shutdown();
    Pools.await(recorders);
  }
}
