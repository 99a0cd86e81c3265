package io.llmtrace.runtime.config;

import org.jspecify.annotations.Nullable;

/**
 * {@code metrics}: who may read {@code /metrics} of the control plane when it listens beyond
 * loopback.
 *
 * @param token the bearer token that is asked for; {@code null} asks for none
 * @param isPublic an explicit word that anyone may read them ({@code metrics.public})
 */
public record MetricsConfig(@Nullable Secret token, boolean isPublic) {

  public static MetricsConfig defaults() {
    return new MetricsConfig(null, false);
  }
}
