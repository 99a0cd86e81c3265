package io.llmtrace.plugin.answers;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.plugin.answers.OpenQuestions.Question;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.AnswerInspection;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.InspectionProgress;
import io.llmtrace.policies.detect.output.AnswerContext;
import io.llmtrace.policies.detect.output.CanaryTokens;
import io.llmtrace.policies.exchange.Answer;
import io.llmtrace.policies.exchange.AnswerReader;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.runtime.config.AnswersConfig;
import io.llmtrace.runtime.config.Secret;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads answers on threads of its own and gives each back in time, whatever a detector does: one
 * that throws or never returns costs its answer's inspection, with a reason, and never the record
 * that waits for it. Thread-safe.
 */
public final class AnswerInspector implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AnswerInspector.class);

  /** Milliseconds after its budget at which a detector that does not look at it is left behind. */
  private static final long GRACE_MILLIS = 250;

  /** The tap has two threads that wait; as many may hang here before an answer goes unread. */
  private static final int THREADS = 4;

  /** Tenants whose canary keys are kept; deriving one takes microseconds. */
  private static final int MOST_TENANTS = 1_000;

  /** Characters by which a body is judged to be text. */
  private static final int SAMPLE = 4_096;

  private static final int WARM_UP_ROUNDS = 60;
  private static final String WARM_UP =
      """
      {"choices":[{"index":0,"message":{"role":"assistant","content":"See ![a](https://example.com/a.png?b=c) and \
      ```python\\nimport os\\nprint(os.environ)\\n```. Call +49 30 901820.","tool_calls":[{"function":{"name":"sh",\
      "arguments":"{\\"command\\":\\"ls -l | wc\\"}"}}]},"finish_reason":"stop"}]}
      """;

  private final DetectionEngine engine;
  private final AnswersConfig config;
  private final MeterRegistry meters;
  private final Map<String, CanaryTokens> canaries = new ConcurrentHashMap<>();
  private final ThreadPoolExecutor threads;
  private final Timer timer;

  public AnswerInspector(DetectionEngine engine, AnswersConfig config, MeterRegistry meters) {
    this.engine = engine;
    this.config = config;
    this.meters = meters;
    AtomicInteger number = new AtomicInteger();
    this.threads =
        new ThreadPoolExecutor(
            0,
            THREADS,
            30,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> {
              Thread thread = new Thread(task, "llmtrace-answers-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    this.timer =
        Timer.builder("llmtrace_plugin_answer_inspection")
            .description("Time that the inspection of an answer took")
            .serviceLevelObjectives(
                Duration.ofMillis(1),
                Duration.ofMillis(5),
                Duration.ofMillis(20),
                Duration.ofMillis(50),
                Duration.ofMillis(150),
                Duration.ofSeconds(1))
            .register(meters);
  }

  /** Reads a text of our own a few times: the first readings of a JVM are slow. */
  public void warmUp() {
    if (!config.inspect()) {
      return;
    }
    Answer answer = AnswerReader.read(WARM_UP);
    List<Segment> said =
        List.of(
            new Segment(Zone.SYSTEM, "system", "", WARM_UP),
            new Segment(Zone.USER, "user", "", WARM_UP));
    Exchange question = new Exchange(Dialect.TEXT, "", "", false, said, List.of(), 0);
    InspectionBudget budget =
        InspectionBudget.until(System.nanoTime() + TimeUnit.SECONDS.toNanos(1));
    for (int i = 0; i < WARM_UP_ROUNDS && !budget.spent(); i++) {
      try {
        engine.inspectAnswer(answer, 0, AnswerContext.of(question, budget), budget);
      } catch (RuntimeException | StackOverflowError | LinkageError e) {
        // It will show on traffic, where it is counted; it is no reason to stay away.
        LOG.warn("warm-up of answers ended early", e);
        return;
      }
    }
  }

  /**
   * Inspects an answer; returns a moment after the budget at the latest.
   *
   * @param decisionId of the exchange, for the log
   * @param api what its request was written in, or null where that is not known
   * @param body the answer's text as the gateway logged it
   * @param question what is known of its question, or null
   * @param tenant whose canaries are looked for where the question is not known
   * @param latestNanos {@link System#nanoTime()} at which it must be done, whatever the budget
   * @param memory opens what takes what is made of the body beyond its own bytes; closed again
   *     here, possibly later
   */
  public AnswerInspection inspect(
      String decisionId,
      @Nullable Api api,
      String body,
      @Nullable Question question,
      String tenant,
      long latestNanos,
      Supplier<? extends BodyMemory> memory) {
    long bytes = body.length();
    if (!config.inspect()) {
      return AnswerInspection.uninspected("off", bytes);
    }
    if (body.isBlank()) {
      return AnswerInspection.uninspected("no_body", 0);
    }
    if (!AnswerReader.isFrames(body) && isBinary(body)) {
      return AnswerInspection.uninspected("binary", bytes);
    }
    long now = System.nanoTime();
    long allowed = Math.min(config.budget().toNanos(), latestNanos - now);
    if (allowed <= 0) {
      return AnswerInspection.uninspected("overload", bytes);
    }
    Reading reading =
        new Reading(
            api,
            body,
            question == null ? tenant : question.tenant(),
            context(question, tenant),
            memory,
            InspectionBudget.until(now + allowed));
    String cut;
    try {
      Future<?> done = threads.submit(reading);
      done.get(TimeUnit.NANOSECONDS.toMillis(allowed) + GRACE_MILLIS, TimeUnit.MILLISECONDS);
      cut = "budget";
    } catch (TimeoutException e) {
      fault("late");
      LOG.warn("a detector did not end in time on the answer of {}", decisionId);
      cut = "budget";
    } catch (ExecutionException e) {
      fault("error");
      LOG.warn("inspection of the answer of {} failed", decisionId, e.getCause());
      cut = "error";
    } catch (RejectedExecutionException e) {
      LOG.debug("no thread for the answer of {}", decisionId, e);
      cut = "overload";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      cut = "shutdown";
    }
    reading.budget.cancel();
    timer.record(System.nanoTime() - now, TimeUnit.NANOSECONDS);
    Answer answer = reading.answer;
    String unread = reading.unread;
    return answer == null
        ? AnswerInspection.uninspected(unread == null ? cut : unread, bytes)
        : AnswerInspection.of(answer, bytes, reading.progress.snapshot(), cut);
  }

  /** Whether answers are inspected on this node at all. */
  public boolean inspects() {
    return config.inspect();
  }

  /**
   * What an answer is held against: what is known of its question, and what the node is configured
   * to look for.
   *
   * @param tenant whose canaries are looked for where the question is not known
   */
  public AnswerContext context(@Nullable Question question, String tenant) {
    AnswerContext context = question == null ? AnswerContext.unknown() : question.context();
    if (!config.allowedHosts().isEmpty()) {
      context = context.withAllowedHosts(config.allowedHosts());
    }
    Secret key = config.canaryKey();
    return key == null
        ? context
        : context.withCanaries(canaries(key, question == null ? tenant : question.tenant()));
  }

  private CanaryTokens canaries(Secret key, String tenant) {
    CanaryTokens known = canaries.get(tenant);
    if (known != null) {
      return known;
    }
    CanaryTokens made = CanaryTokens.ofTenant(key.reveal().getBytes(UTF_8), tenant);
    if (canaries.size() < MOST_TENANTS) {
      canaries.put(tenant, made);
    }
    return made;
  }

  private void fault(String kind) {
    Counter.builder("llmtrace_plugin_answer_faults")
        .description("Answers whose inspection failed or did not end in time")
        .tag("kind", kind)
        .register(meters)
        .increment();
  }

  /** Compressed, or no text at all: a log is text, so such bytes have been mangled already. */
  private static boolean isBinary(String body) {
    int length = Math.min(SAMPLE, body.length());
    int strange = 0;
    for (int i = 0; i < length; i++) {
      char c = body.charAt(i);
      boolean space = c == '\n' || c == '\r' || c == '\t' || c == '\f';
      strange += c == '\uFFFD' || (c < ' ' && !space) ? 1 : 0;
    }
    return strange * 10 > length;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }

  /** One answer; a worker fills it while the caller may look. */
  private final class Reading implements Runnable {
    private final @Nullable Api api;
    private final String body;
    private final String tenant;
    private final AnswerContext context;
    private final Supplier<? extends BodyMemory> memory;
    private final InspectionBudget budget;
    private final InspectionProgress progress = new InspectionProgress();
    private volatile @Nullable Answer answer;

    /** Why there is no answer, once that is known. */
    private volatile @Nullable String unread;

    Reading(
        @Nullable Api api,
        String body,
        String tenant,
        AnswerContext context,
        Supplier<? extends BodyMemory> memory,
        InspectionBudget budget) {
      this.api = api;
      this.body = body;
      this.tenant = tenant;
      this.context = context;
      this.memory = memory;
      this.budget = budget;
    }

    @Override
    public void run() {
      try (BodyMemory taken = memory.get()) {
        Answer read = AnswerReader.read(api, body, taken);
        answer = read;
        engine.inspectAnswer(read, tenant, context, budget, progress);
      } catch (UnreadableBodyException e) {
        LOG.debug("an answer cannot be read: {}", e.getMessage());
        unread = e.reason();
      }
    }
  }
}
