package io.llmtrace.runtime.config;

/**
 * {@code control_plane.rate_limit}: what one key may ask of the API. What plugins send is not
 * counted, and spans have a limit of their own in {@code otlp_ingest}.
 *
 * @param requestsPerSecond on the long run
 * @param burst requests at once
 */
public record RateLimitConfig(int requestsPerSecond, int burst) {
  public static RateLimitConfig defaults() {
    return new RateLimitConfig(50, 500);
  }
}
