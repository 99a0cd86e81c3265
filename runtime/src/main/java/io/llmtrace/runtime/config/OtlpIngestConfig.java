package io.llmtrace.runtime.config;

import java.util.Set;

/**
 * {@code control_plane.otlp_ingest}: spans of applications that call providers past the gateway.
 *
 * @param enabled whether {@code POST /v1/traces} is there
 * @param gatewayHosts hosts under which applications reach the gateway: spans of calls to them are
 *     not counted a second time
 * @param rateLimit what one key may send, in requests of many spans each
 */
public record OtlpIngestConfig(
    boolean enabled, Set<String> gatewayHosts, RateLimitConfig rateLimit) {
  /** Exporters of SDKs send every five seconds: this is five hundred processes of one key. */
  public static final RateLimitConfig RATE = new RateLimitConfig(100, 1_000);

  public OtlpIngestConfig {
    gatewayHosts = Set.copyOf(gatewayHosts);
  }

  public static OtlpIngestConfig defaults() {
    return new OtlpIngestConfig(true, Set.of(), RATE);
  }
}
