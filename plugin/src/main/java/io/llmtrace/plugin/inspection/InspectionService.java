package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.capture.ContentCapture;
import io.llmtrace.plugin.enforcement.RequestRedaction;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.gateway.ExchangeHandler;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.identity.Identities;
import io.llmtrace.plugin.identity.Identity;
import io.llmtrace.plugin.inspection.Analysis.Seen;
import io.llmtrace.plugin.limits.Limits;
import io.llmtrace.plugin.policies.RuleRates;
import io.llmtrace.plugin.telemetry.TelemetrySink;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.runtime.config.PluginConfig;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Inspects exchanges on a bounded pool and answers each exactly once, at its budget at the latest.
 * Thread-safe; {@link #handle} returns at once.
 */
public final class InspectionService implements ExchangeHandler, AutoCloseable {
  /*
   * Four kinds of threads. Workers read and inspect, and may be slow. Model threads go on with what
   * the workers leave in doubt, from the first question to a model to the answer. One timer ends
   * budgets: it computes, but never touches a disk. Recorders write the records of exchanges that no worker
   * finished. A record is kept before its answer goes out, but a stalled disk must not hold
   * traffic: after a grace the timer answers without waiting for it, and the breaker hears of it.
   */
  private static final Logger LOG = LoggerFactory.getLogger(InspectionService.class);

  /** Milliseconds after its budget at which an exchange is answered whatever the disk does. */
  public static final long STORAGE_GRACE_MILLIS = 250;

  /** Workers that are all late for so long hang; a flood makes them late by milliseconds. */
  private static final long STALL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Analysis analysis;
  private final DecisionIds ids;
  private final Identities identities;
  private final Limits limits;
  private final QuestionKeeper questions;
  private final ContentKeeper contents;
  private final AnalysisBreaker breaker;
  private final Settlements settlements;
  private final InspectionMetrics metrics;
  private final ThreadPoolExecutor workers;
  private final ModelThreads models;
  private final RecordKeeper records;
  private final RuleRates rates = new RuleRates();
  private final Deadlines deadlines = new Deadlines();
  private final AtomicInteger overdue = new AtomicInteger();

  /** When the last worker that was in time became late; says something while all of them are. */
  private volatile long allOverdueSince = System.nanoTime();

  /**
   * How much may be done at once.
   *
   * @param workers threads that inspect, at least 1
   * @param queue exchanges that may wait for one, at least 1
   * @param modelThreads threads that ask models, at least 1; as many may wait for them as for
   *     workers
   */
  public record Settings(int workers, int queue, int modelThreads) {
    /** With half as many model threads as workers. */
    public Settings(int workers, int queue) {
      this(workers, queue, Math.max(1, workers / 2));
    }

    /** What a node is configured to do; without a number of workers, one for each core. */
    public static Settings of(PluginConfig plugin) {
      int workers =
          plugin.workers() > 0 ? plugin.workers() : Runtime.getRuntime().availableProcessors();
      return new Settings(workers, plugin.queue());
    }
  }

  public InspectionService(
      Settings settings,
      Analysis analysis,
      TelemetrySink sink,
      DecisionIds ids,
      Identities identities,
      Limits limits,
      OpenQuestions questions,
      ContentCapture capture,
      AnalysisBreaker breaker,
      RequestRedaction redactions,
      MeterRegistry meters) {
    this.analysis = analysis;
    this.ids = ids;
    this.identities = identities;
    this.limits = limits;
    this.contents = new ContentKeeper(capture);
    this.breaker = breaker;
    this.settlements = new Settlements(analysis, ids, redactions);
    this.metrics = new InspectionMetrics(meters);
    this.workers = Pools.of("llmtrace-inspect", settings.workers(), settings.queue());
    this.models =
        new ModelThreads(settings.modelThreads(), settings.queue(), System::nanoTime, meters);
    this.questions =
        new QuestionKeeper(questions, () -> workers.getQueue().remainingCapacity() == 0);
    this.records = new RecordKeeper(sink, this.questions, contents, limits, breaker, metrics);
    Gauge.builder("llmtrace_plugin_queue", workers, pool -> pool.getQueue().size())
        .description("Exchanges that wait for a worker")
        .register(meters);
    Gauge.builder("llmtrace_plugin_workers_busy", workers, ThreadPoolExecutor::getActiveCount)
        .description("Workers that inspect")
        .register(meters);
    Gauge.builder("llmtrace_plugin_workers_overdue", overdue, AtomicInteger::get)
        .description("Workers whose exchange was answered without them")
        .register(meters);
  }

  /** Takes what was decided, exactly once, on any thread. */
  @FunctionalInterface
  public interface Decided {
    /**
     * Takes it.
     *
     * @param record what was recorded of it, or null where deciding itself failed
     */
    void decided(Answer answer, @Nullable InspectionRecord record);
  }

  @Override
  public void handle(GatewayRequest request, MemoryBudget.Lease lease, Consumer<Answer> responder) {
    inspect(request, lease, (answer, record) -> responder.accept(answer));
  }

  /**
   * As {@link #handle}, for who asks what was decided and not only what to do.
   *
   * @param lease memory of the body; closed when it is no longer held
   */
  public void inspect(GatewayRequest request, MemoryBudget.Lease lease, Decided responder) {
    Identity identity = identities.of(request);
    Inspection inspection =
        new Inspection(
            this,
            request,
            lease,
            responder,
            ids.issue(),
            identity,
            limits.arrive(request, identity),
            new Policing(
                analysis, request, identity, System.currentTimeMillis(), rates, limits.policies()));
    if (Limits.stops(inspection.admission, inspection.policing.mode())) {
      // Before anything is read: a flood must cost less than what it asks for.
      refuse(inspection, Limits.REASON);
      return;
    }
    switch (request.bodyState()) {
      case NO_MEMORY -> refuse(inspection, "memory");
      case TOO_LARGE -> refuse(inspection, "too_large");
      case READ -> {
        if (request.body().isEmpty()) {
          inspection.settle();
          inspection.releaseMemory();
          records.later(inspection, settlements.inspected(inspection, Seen.NOTHING));
        } else if (!breaker.tryAcquire()) {
          refuse(inspection, "breaker");
        } else {
          enqueue(inspection);
        }
      }
    }
  }

  private void enqueue(Inspection inspection) {
    try {
      inspection.timer(
          deadlines.in(
              inspection.deadlineNanos() - System.nanoTime(), () -> budgetEnds(inspection)));
      workers.execute(inspection);
    } catch (RejectedExecutionException e) {
      if (!inspection.settle()) {
        inspection.releaseMemory();
        return;
      }
      inspection.releaseMemory();
      contents.unread(inspection, "overload");
      if (overdue.get() >= workers.getMaximumPoolSize()
          && System.nanoTime() - allOverdueSince > STALL_NANOS) {
        // Not a burst, which makes every worker late for a moment: none has come back for long.
        records.fault("stalled_pool", inspection, e);
      } else {
        breaker.released();
      }
      records.later(inspection, settlements.uninspected(inspection, "overload", Seen.NOTHING));
    }
  }

  private void refuse(Inspection inspection, String reason) {
    inspection.settle();
    inspection.releaseMemory();
    contents.unread(inspection, reason);
    records.later(inspection, settlements.uninspected(inspection, reason, Seen.NOTHING));
  }

  /** On a worker. */
  void work(Inspection inspection) {
    inspection.begin();
    boolean handedOn = false;
    try {
      handedOn = guarded(inspection, () -> read(inspection));
    } finally {
      if (!handedOn) {
        leave(inspection);
      }
      if (inspection.endsOverdue()) {
        overdue.decrementAndGet();
      }
    }
  }

  /** On a model thread, when a worker has read what takes no model. */
  private void workOn(Inspection inspection, Analysis.Run run) {
    try {
      guarded(
          inspection,
          () -> {
            run.askModels();
            end(inspection, "");
            return false;
          });
    } finally {
      leave(inspection);
    }
  }

  /** Work that may throw what an engine throws; says whether another thread goes on with it. */
  private interface Work {
    boolean doIt() throws UnreadableBodyException;
  }

  /** The boundary where faults of the engine are counted. */
  private boolean guarded(Inspection inspection, Work work) {
    try {
      return work.doIt();
    } catch (UnreadableBodyException e) {
      LOG.debug("body of {} cannot be read: {}", inspection.decisionId, e.getMessage());
      if (inspection.settle()) {
        breaker.released();
        records.now(
            inspection, settlements.uninspected(inspection, e.reason(), Seen.NOTHING), false);
      }
    } catch (Exception | StackOverflowError | LinkageError e) {
      LOG.warn("inspection {} failed", inspection.decisionId, e);
      records.fault("engine", inspection, e);
      if (inspection.settle()) {
        records.now(
            inspection, settlements.uninspected(inspection, "error", inspection.seen()), false);
      }
    }
    return false;
  }

  /** Whether a model thread goes on with the exchange. */
  private boolean read(Inspection inspection) throws UnreadableBodyException {
    if (inspection.isSettled()) {
      return false;
    }
    RequestContent content = Settlements.content(inspection.request);
    long start = System.nanoTime();
    // Not the budget, which ends earlier where something is redacted: verdicts that are known are
    // looked up behind it too.
    InspectionBudget waiting = InspectionBudget.until(inspection.deadlineNanos());
    Exchange exchange =
        analysis.read(content, inspection.request.conf().dialect(), waiting, inspection.memory());
    inspection.exchange = exchange;
    inspection.parseMicros = (System.nanoTime() - start) / 1_000;
    inspection.policing.read(exchange, inspection.budget);
    limits.read(inspection.admission, exchange);
    if (Limits.stops(inspection.admission, inspection.policing.mode())) {
      if (inspection.settle()) {
        breaker.released();
        records.now(
            inspection, settlements.uninspected(inspection, Limits.REASON, Seen.NOTHING), false);
      }
      return false;
    }
    Analysis.Run run =
        analysis.prepare(
            exchange,
            inspection.identity.tenant(),
            inspection.policing.program().profile(),
            inspection.budget);
    inspection.running(run);
    if (run.readSegments()) {
      end(inspection, "");
      return false;
    }
    if (models.run(() -> workOn(inspection, run), inspection.budget)) {
      return true;
    }
    run.leaveModelsOut();
    end(inspection, "overload");
    return false;
  }

  /**
   * Everything that will be seen has been.
   *
   * @param cut why something was left out, or empty
   */
  private void end(Inspection inspection, String cut) {
    Seen seen = inspection.seen();
    settlements.redact(inspection, seen);
    inspection.policing.lookBeside(inspection.budget);
    if (!inspection.settle()) {
      LOG.debug("inspection {} ended after its budget", inspection.decisionId);
    } else if (seen.failed()) {
      records.fault("engine", inspection, new IllegalStateException("a stage failed"));
      records.now(inspection, settlements.uninspected(inspection, "error", seen), false);
    } else if (inspection.budget.spent() && !seen.missingStages().isEmpty()) {
      breaker.released();
      records.now(inspection, settlements.uninspected(inspection, "budget", seen), false);
    } else if (!cut.isEmpty()) {
      breaker.released();
      records.now(inspection, settlements.uninspected(inspection, cut, seen), false);
    } else {
      records.now(inspection, settlements.inspected(inspection, seen), true);
    }
  }

  /** No thread works on the exchange any more. */
  private void leave(Inspection inspection) {
    questions.keep(inspection);
    contents.keep(inspection);
  }

  /** On the timer: what was found is enforced, the rest counts as uninspected. */
  private void budgetEnds(Inspection inspection) {
    try {
      if (inspection.settle()) {
        inspection.budget.cancel();
        breaker.released();
        if (workers.remove(inspection)) {
          inspection.releaseMemory();
          contents.unread(inspection, "budget");
        } else if (inspection.becomesOverdue()) {
          // Before the count says that all are: whoever reads that must not see an older time.
          allOverdueSince = System.nanoTime();
          overdue.incrementAndGet();
        }
        records.later(inspection, settlements.uninspected(inspection, "budget", inspection.seen()));
      }
      inspection.timer(
          deadlines.in(
              TimeUnit.MILLISECONDS.toNanos(STORAGE_GRACE_MILLIS),
              () -> records.storageStalls(inspection)));
    } catch (RejectedExecutionException e) {
      LOG.debug("the service is closing", e);
    } catch (RuntimeException e) {
      // The timer must survive anything: without it nothing would ever be answered late.
      LOG.error("deadline of {} failed", inspection.decisionId, e);
      metrics.fault("deadline");
      inspection.respond(settlements.undecided(inspection));
    }
  }

  /** Finishes what is queued, for at most two seconds each kind of threads. */
  @Override
  public void close() {
    workers.shutdown();
    Pools.await(workers);
    models.close();
    deadlines.close();
    records.close();
    workers.shutdownNow();
    models.closeNow();
  }
}
