package io.llmtrace.plugin.limits;

import io.llmtrace.policies.limit.Admission;
import io.llmtrace.policies.limit.Limit;
import io.llmtrace.policies.limit.Limiter;
import io.llmtrace.policies.limit.Refusal;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;

/** Names of what limits count, in one place. Thread-safe. */
final class LimitMetrics {
  private final List<Limit> limits;
  private final Counter[] passed;
  private final Counter[] flagged;
  private final Counter[] limited;
  private final Counter[] wouldLimit;
  private final MeterRegistry meters;
  private final Counter budgetsPassed;

  LimitMetrics(Limiter limiter, MeterRegistry meters) {
    this.limits = limiter.limits();
    this.meters = meters;
    this.budgetsPassed = budgets("passed");
    this.passed = counters("passed");
    this.flagged = counters("flagged");
    this.limited = counters("limited");
    this.wouldLimit = counters("would_limit");
    for (int i = 0; i < limits.size(); i++) {
      int limit = i;
      Gauge.builder("llmtrace_plugin_limit_keys", limiter, all -> all.keys(limit))
          .description("Keys that have allowances of their own")
          .tag("limit", limits.get(i).name())
          .register(meters);
      FunctionCounter.builder("llmtrace_plugin_limit_crowded", limiter, all -> all.crowded(limit))
          .description("Requests that shared one allowance because there were too many keys")
          .tag("limit", limits.get(i).name())
          .register(meters);
    }
    Gauge.builder("llmtrace_plugin_limits_open", limiter, Limiter::open)
        .description("Exchanges whose end is awaited")
        .register(meters);
    FunctionCounter.builder("llmtrace_plugin_limits_untracked", limiter, Limiter::untracked)
        .description("Exchanges whose end is not awaited because too many are")
        .register(meters);
    FunctionCounter.builder("llmtrace_plugin_limits_expired", limiter, Limiter::expired)
        .description("Exchanges that are no longer concurrent though nobody told of their end")
        .register(meters);
  }

  private Counter[] counters(String result) {
    return limits.stream()
        .map(
            limit ->
                Counter.builder("llmtrace_plugin_limits")
                    .description("Requests by limit and what it said")
                    .tag("limit", limit.name())
                    .tag("result", result)
                    .register(meters))
        .toArray(Counter[]::new);
  }

  /** One counter for all budgets: there may be many, and records name each. */
  private Counter budgets(String result) {
    return Counter.builder("llmtrace_plugin_budgets")
        .description("Requests that budgets of the control plane are for, by what these said")
        .tag("result", result)
        .register(meters);
  }

  void decided(Admission admission, boolean enforced) {
    Refusal hard = admission.refusal();
    switch (admission.budgets()) {
      case NONE -> {}
      case PASSED -> budgetsPassed.increment();
      case OVER ->
          budgets(hard == null ? "flagged" : enforced ? "limited" : "would_limit").increment();
    }
    for (int i = 0; i < passed.length; i++) {
      switch (admission.result(i)) {
        case NONE -> {}
        case PASSED -> passed[i].increment();
        case OVER -> {
          if (hard == null || !hard.limit().equals(limits.get(i).name())) {
            flagged[i].increment();
          } else {
            (enforced ? limited : wouldLimit)[i].increment();
          }
        }
      }
    }
  }

  /** An exchange ended: what it cost is known, or is not, or nobody here knows the exchange. */
  void ended(String result) {
    Counter.builder("llmtrace_plugin_limits_ended")
        .description("Exchanges that ended, by whether what they cost is known")
        .tag("cost", result)
        .register(meters)
        .increment();
  }
}
