package io.llmtrace.plugin.inspection;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.llmtrace.runtime.config.BreakerConfig;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@code analysis} breaker of a node. It counts faults of the engine and of storage; a slow
 * input is none, so that no client can switch inspection off for others. Thread-safe.
 */
public final class AnalysisBreaker {
  /*
   * "N failures" of the guide means N in a row. A count window of N calls that must all be there
   * and must all have failed (rate 100 %) says just that: one success in between keeps it closed.
   * In the half-open state the same rate would need every trial call to fail, so the first failure
   * there opens it by hand.
   */
  private static final Logger LOG = LoggerFactory.getLogger(AnalysisBreaker.class);

  private final CircuitBreaker breaker;

  public AnalysisBreaker(BreakerConfig config, String node, MeterRegistry meters) {
    int failures = config.failureThreshold();
    this.breaker =
        CircuitBreaker.of(
            "analysis",
            CircuitBreakerConfig.custom()
                .slidingWindow(
                    failures, failures, CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
                .failureRateThreshold(100)
                .waitDurationInOpenState(config.recoveryTimeout())
                .permittedNumberOfCallsInHalfOpenState(config.halfOpenMaxCalls())
                .build());
    if (!config.enabled()) {
      breaker.transitionToDisabledState();
    }
    breaker
        .getEventPublisher()
        .onStateTransition(
            event -> LOG.warn("analysis breaker: {}", event.getStateTransition().name()));
    Gauge.builder("llmtrace_circuit_breaker_state", this, AnalysisBreaker::number)
        .description("0 closed, 1 half-open, 2 open")
        .tag("breaker", "analysis")
        .tag("node", node)
        .register(meters);
  }

  /** Whether a call may be analysed; if so, one of the three methods below ends it. */
  boolean tryAcquire() {
    return breaker.tryAcquirePermission();
  }

  void succeeded(long nanos) {
    breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
  }

  void failed(long nanos, Throwable cause) {
    boolean trial = breaker.getState() == CircuitBreaker.State.HALF_OPEN;
    breaker.onError(nanos, TimeUnit.NANOSECONDS, cause);
    if (trial && breaker.getState() == CircuitBreaker.State.HALF_OPEN) {
      breaker.transitionToOpenState();
    }
  }

  /** The call ended without saying anything about our health. */
  void released() {
    breaker.releasePermission();
  }

  /** {@code closed}, {@code open} or {@code half_open}. */
  public String state() {
    return switch (breaker.getState()) {
      case OPEN, FORCED_OPEN -> "open";
      case HALF_OPEN -> "half_open";
      case CLOSED, DISABLED, METRICS_ONLY -> "closed";
    };
  }

  private double number() {
    return switch (state()) {
      case "open" -> 2;
      case "half_open" -> 1;
      default -> 0;
    };
  }
}
