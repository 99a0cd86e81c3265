package io.llmtrace.plugin.limits;

import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.plugin.identity.Identity;
import io.llmtrace.policies.exchange.BlockAnswer;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.limit.Admission;
import io.llmtrace.policies.limit.Demand;
import io.llmtrace.policies.limit.Limit;
import io.llmtrace.policies.limit.Limiter;
import io.llmtrace.policies.limit.NodeShares;
import io.llmtrace.policies.limit.PromptSize;
import io.llmtrace.policies.limit.Refusal;
import io.llmtrace.policies.limit.Spent;
import io.llmtrace.policies.limit.Subject;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.LimitAnswers;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.wire.CompletionRecord;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the exchanges of this process to the limits of {@code llmtrace.yaml}. What is asked while a
 * request waits is in memory; what was spent is written every few seconds by a thread of its own.
 * Thread-safe.
 */
public final class Limits implements AutoCloseable {
  /** Coverage's reason for a request that a limit stopped before anybody read it. */
  public static final String REASON = "limited";

  /** The policy that a decision of a limit names, and the beginning of its rule. */
  public static final String POLICY = "limits";

  /** Category of a flag of a soft limit. */
  public static final String FLAG = "limit";

  private static final Logger log = LoggerFactory.getLogger(Limits.class);
  private static final long TICK_MILLIS = 1_000;
  private static final int TICKS_A_WRITE = 5;

  private final Limiter limiter;
  private final LimitMetrics metrics;
  private final PromptSize promptSize;
  private final SpendFile file;
  private final boolean budgets;
  private final ScheduledExecutorService timer;
  private int ticks;
  private final @Nullable PolicyBudgets policies;
  private volatile boolean dirty;
  private volatile boolean mayWrite = true;

  private Limits(
      List<Limit> limits,
      Path directory,
      PromptSize promptSize,
      LongSupplier nanos,
      long epochMillis,
      @Nullable PolicyBudgets policies,
      MeterRegistry meters) {
    this.limiter = new Limiter(limits, Limiter.Settings.standard(), nanos, epochMillis);
    this.metrics = new LimitMetrics(limiter, meters);
    this.promptSize = promptSize;
    this.file = new SpendFile(directory);
    this.policies = policies;
    this.budgets = limits.stream().anyMatch(limit -> !limit.budget().usd().isEmpty());
    this.timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "llmtrace-limits");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Opens limits with what was spent before.
   *
   * @param directory where it is kept
   * @param promptSize how long a prompt is
   */
  public static Limits open(
      List<Limit> limits, Path directory, PromptSize promptSize, MeterRegistry meters) {
    return open(
        limits, directory, promptSize, System::nanoTime, System.currentTimeMillis(), meters);
  }

  /** Opens budgets of policies, which are limits like others. */
  static Limits ofPolicies(
      List<Limit> limits, Path directory, PromptSize promptSize, MeterRegistry meters) {
    return open(
        new Limits(
            limits,
            directory,
            promptSize,
            System::nanoTime,
            System.currentTimeMillis(),
            null,
            meters));
  }

  static Limits open(
      List<Limit> limits,
      Path directory,
      PromptSize promptSize,
      LongSupplier nanos,
      long epochMillis,
      MeterRegistry meters) {
    return open(
        new Limits(
            limits,
            directory,
            promptSize,
            nanos,
            epochMillis,
            new PolicyBudgets(directory, promptSize, meters),
            meters));
  }

  private static Limits open(Limits opened) {
    if (opened.budgets) {
      opened
          .file
          .read()
          .ifPresent(
              kept -> {
                int left = opened.limiter.restore(kept);
                if (left > 0) {
                  log.info("{} sums of limits that are no more, or count otherwise now", left);
                }
              });
    }
    var unused =
        opened.timer.scheduleWithFixedDelay(
            opened::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    return opened;
  }

  /** No limits. */
  public static Limits none(MeterRegistry meters) {
    PromptSize none = exchange -> 0;
    return new Limits(
        List.of(),
        Path.of("."),
        none,
        System::nanoTime,
        0,
        new PolicyBudgets(Path.of("."), none, meters),
        meters);
  }

  /** Budgets of policies, beside the limits of the file. */
  public PolicyBudgets policies() {
    return Objects.requireNonNull(policies, "those of policies have none of their own");
  }

  /** A request is here, as far as it is known. */
  Admission arrive(Subject subject) {
    return limiter.arrive(subject);
  }

  /** A request is here; its body has not been looked at. */
  public Admission arrive(GatewayRequest request, Identity identity) {
    return limiter.arrive(
        new Subject(
            identity.tenant(),
            request.consumer(),
            request.route(),
            "",
            identity.agent(),
            request.conf().tap()));
  }

  /** Its body has been read. */
  public void read(Admission admission, Exchange exchange) {
    long prompt = limiter.needsTokens() ? promptSize.tokens(exchange) : 0;
    limiter.read(admission, exchange.model(), new Demand(prompt, exchange.maxTokens()));
  }

  /** Whether a limit stops the exchange here; it never does where the mode is to observe. */
  public static boolean stops(Admission admission, Mode mode) {
    return admission.refusal() != null && mode == Mode.ENFORCE;
  }

  /**
   * The decision with what the limits say: the stricter one stands, and detection's of two equals.
   */
  public static Decision decide(Admission admission, Decision detection) {
    return decide(admission, detection, limit -> POLICY + "/" + limit);
  }

  /**
   * The same for limits that decisions call something else.
   *
   * @param rule makes the decision's rule, a policy's name and a slash before it, from a limit's
   *     name
   */
  static Decision decide(Admission admission, Decision detection, UnaryOperator<String> rule) {
    Refusal hard = admission.refusal();
    Refusal soft = admission.flag();
    if (hard != null && detection.would().compareTo(Action.LIMIT) < 0) {
      boolean observed = detection.mode() == Mode.OBSERVE;
      return decision(
          observed ? Action.FLAG : Action.LIMIT,
          Action.LIMIT,
          detection,
          rule.apply(hard.limit()),
          hard.kind().category());
    }
    if (soft != null && detection.would().compareTo(Action.FLAG) < 0) {
      return decision(Action.FLAG, Action.FLAG, detection, rule.apply(soft.limit()), FLAG);
    }
    return detection;
  }

  private static Decision decision(
      Action action, Action would, Decision detection, String rule, String category) {
    return new Decision(
        action,
        would,
        detection.mode(),
        rule.substring(0, rule.indexOf('/')),
        rule,
        detection.revision(),
        category);
  }

  /**
   * The answer to a request that a limit stops, in its own dialect.
   *
   * @param text what a policy wants said, or null for the usual sentence
   */
  public static Answer.Stop stop(
      Caller caller, String decisionId, Refusal refusal, @Nullable String text) {
    BlockAnswer answer = LimitAnswers.answer(caller, decisionId, refusal, text);
    return new Answer.Stop(answer.status(), answer.headers(), answer.body());
  }

  /** What becomes of an exchange has been decided. */
  public void decided(Admission admission, String decisionId, Mode mode, Answer answer) {
    metrics.decided(admission, stops(admission, mode));
    if (answer instanceof Answer.Stop) {
      limiter.stop(admission);
    } else {
      limiter.forward(admission, decisionId);
    }
  }

  /**
   * An exchange has ended, by the gateway's log.
   *
   * @param reachedUpstream whether a provider was asked
   */
  public void completed(CompletionRecord completion, boolean reachedUpstream) {
    if (policies != null) {
      policies.completed(completion, reachedUpstream);
    }
    if (!limiter.counts()) {
      return;
    }
    // A client that hung up (499) had its tokens all the same.
    boolean served = reachedUpstream && (completion.status() < 400 || completion.status() == 499);
    Usage usage = completion.usage();
    long tokens = usage == null ? -1 : usage.promptTokens() + usage.completionTokens();
    Double cost = completion.costUsd() == null ? null : completion.costUsd().doubleValue();
    boolean awaited = limiter.complete(completion.decisionId(), new Spent(served, tokens, cost));
    if (!reachedUpstream) {
      return;
    }
    if (!awaited) {
      metrics.ended("unknown_exchange");
    } else if (served) {
      metrics.ended(cost == null ? "unknown" : "known");
      dirty |= cost != null && budgets;
    }
  }

  /** What is shared with other nodes, for whoever talks with the control plane. */
  public NodeShares nodeShares() {
    return limiter.nodeShares();
  }

  /** What an operator should know. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>(file.problems());
    if (policies != null) {
      problems.addAll(policies.problems());
    }
    return problems;
  }

  private void tick() {
    try {
      limiter.tick();
      ticks++;
      if (ticks % TICKS_A_WRITE == 0) {
        write();
      }
    } catch (RuntimeException e) {
      // Thrown on, it would end the schedule, and with it every lease and every write.
      log.error("limits could not be kept", e);
    }
  }

  private synchronized void write() {
    if (mayWrite && (dirty || file.isBehind())) {
      dirty = false;
      file.write(limiter.spent());
    }
  }

  /** A successor has read the file and writes it from now on. */
  public void superseded() {
    mayWrite = false;
    if (policies != null) {
      policies.superseded();
    }
  }

  /** Writes what was spent. */
  @Override
  public void close() {
    timer.shutdownNow();
    write();
    if (policies != null) {
      policies.close();
    }
  }
}
