package io.llmtrace.plugin.limits;

import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.limit.Admission;
import io.llmtrace.policies.limit.Limit;
import io.llmtrace.policies.limit.PromptSize;
import io.llmtrace.policies.limit.Refusal;
import io.llmtrace.policies.limit.Subject;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.runtime.files.PrivateFiles;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Budgets that policies set, on this node. They change with the policies: what was spent stays with
 * those that go on, by a file of their own. Thread-safe.
 */
public final class PolicyBudgets implements AutoCloseable {
  /** Below the data directory. */
  static final String DIRECTORY = "policy-budgets";

  private static final Logger log = LoggerFactory.getLogger(PolicyBudgets.class);

  private final Path directory;
  private final PromptSize promptSize;
  private volatile Current current = Current.NONE;
  private volatile @Nullable String problem;
  private boolean superseded;

  /**
   * @param limits what is counted now; null where no policy has a budget
   * @param before what was counted before: exchanges that began under it end there
   */
  private record Current(List<Limit> budgets, @Nullable Limits limits, @Nullable Limits before) {
    static final Current NONE = new Current(List.of(), null, null);
  }

  /** What was asked for an exchange; ends where it was asked. */
  public record Asked(@Nullable Limits limits, @Nullable Admission admission) {
    /** Nobody was asked. */
    public static final Asked NOTHING = new Asked(null, null);

    /** The budget that refuses it, or null. */
    public @Nullable Refusal refusal() {
      return admission == null ? null : admission.refusal();
    }
  }

  PolicyBudgets(Path directory, PromptSize promptSize, MeterRegistry meters) {
    this.directory = directory.resolve(DIRECTORY);
    this.promptSize = promptSize;
    Gauge.builder("llmtrace_plugin_policy_budgets", this, each -> each.current.budgets().size())
        .description("Budgets that policies set")
        .register(meters);
  }

  /** These are the budgets from now on. */
  public synchronized void use(List<Limit> budgets) {
    Current now = current;
    if (now.budgets().equals(budgets)) {
      return;
    }
    Limits was = now.limits();
    if (was != null) {
      // Writes what was spent, where the next ones read it.
      was.close();
    }
    Limits opened = null;
    if (!budgets.isEmpty()) {
      try {
        PrivateFiles.createDirectories(directory);
        problem = null;
      } catch (IOException e) {
        problem = "budgets of policies are not kept over a restart: " + e;
        log.warn("{}", problem);
      }
      // Counted for decisions alone: records say what was decided.
      opened = Limits.ofPolicies(budgets, directory, promptSize, new SimpleMeterRegistry());
      if (superseded) {
        opened.superseded();
      }
    }
    current = new Current(List.copyOf(budgets), opened, was);
  }

  /** Asks for an exchange that has been read. */
  public Asked ask(Subject subject, Exchange exchange) {
    Limits limits = current.limits();
    if (limits == null) {
      return Asked.NOTHING;
    }
    Admission admission = limits.arrive(subject);
    limits.read(admission, exchange);
    return new Asked(limits, admission);
  }

  /** The decision with what the budgets say: the stricter one stands. */
  public static Decision decide(Asked asked, Decision decision) {
    Admission admission = asked.admission();
    return admission == null ? decision : Limits.decide(admission, decision, PolicyBudgets::rule);
  }

  /** Policy and budget of the name of a limit, which has the tenant before them. */
  public static String rule(String limit) {
    return limit.substring(limit.lastIndexOf('/', limit.lastIndexOf('/') - 1) + 1);
  }

  /** What becomes of the exchange has been decided. */
  public static void decided(Asked asked, String decisionId, Mode mode, Answer answer) {
    Limits limits = asked.limits();
    Admission admission = asked.admission();
    if (limits != null && admission != null) {
      limits.decided(admission, decisionId, mode, answer);
    }
  }

  void completed(CompletionRecord completion, boolean reachedUpstream) {
    Current now = current;
    if (now.before() != null) {
      now.before().completed(completion, reachedUpstream);
    }
    if (now.limits() != null) {
      now.limits().completed(completion, reachedUpstream);
    }
  }

  List<String> problems() {
    List<String> problems = new ArrayList<>();
    String own = problem;
    if (own != null) {
      problems.add(own);
    }
    Limits limits = current.limits();
    if (limits != null) {
      problems.addAll(limits.problems());
    }
    return problems;
  }

  /** A successor has read the file: whatever changes here from now on, this process writes none. */
  synchronized void superseded() {
    superseded = true;
    Limits limits = current.limits();
    if (limits != null) {
      limits.superseded();
    }
  }

  @Override
  public synchronized void close() {
    Limits limits = current.limits();
    if (limits != null) {
      limits.close();
    }
  }
}
