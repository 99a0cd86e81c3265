package io.llmtrace.runtime.config;

import java.time.Duration;

/**
 * {@code circuit_breaker}: when a node stops analysing and lets traffic pass.
 *
 * @param enabled {@code false} keeps the breaker closed for ever
 * @param failureThreshold failures in a row that open it
 * @param recoveryTimeout how long it stays open before trial calls
 * @param halfOpenMaxCalls trial calls that must all succeed
 */
public record BreakerConfig(
    boolean enabled, int failureThreshold, Duration recoveryTimeout, int halfOpenMaxCalls) {

  public static BreakerConfig defaults() {
    return new BreakerConfig(true, 10, Duration.ofSeconds(30), 3);
  }
}
