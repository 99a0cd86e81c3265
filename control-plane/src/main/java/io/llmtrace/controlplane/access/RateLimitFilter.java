package io.llmtrace.controlplane.access;

import com.github.benmanes.caffeine.cache.Ticker;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.runtime.config.RateLimitConfig;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.annotation.Priority;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.container.PreMatching;
import java.util.Set;

/**
 * Slows down callers that ask too often, each by themselves; says so as the IETF's draft "RateLimit
 * header fields for HTTP" does. What plugins send is bounded by ingest itself, which tells them
 * when to wait without losing a record. What applications send as spans has a limit of its own, so
 * that neither a flood of it nor people's questions are in the way of the other. Thread-safe.
 */
@PreMatching
@Priority(Priorities.USER + 100)
public final class RateLimitFilter implements ContainerRequestFilter, ContainerResponseFilter {
  private static final Set<String> EXEMPT =
      Set.of(
          "api/v1/ingest/batches",
          "api/v1/ingest/snapshots",
          "api/v1/ingest/leases",
          "api/v1/ingest/content",
          "api/v1/ingest/bundle");
  private static final String SPANS = Access.SPANS.substring(1);
  private static final String TAKEN = "llmtrace.rate";

  private final RateLimits limits;
  private final RateLimits spans;
  private final Counter limited;

  /**
   * @param config what one caller may ask of the API
   * @param spans what one caller may send of spans
   */
  public RateLimitFilter(RateLimitConfig config, RateLimitConfig spans, MeterRegistry meters) {
    this(config, spans, meters, Ticker.systemTicker());
  }

  RateLimitFilter(
      RateLimitConfig config, RateLimitConfig spans, MeterRegistry meters, Ticker ticker) {
    this.limits = new RateLimits(config, ticker);
    this.spans = new RateLimits(spans, ticker);
    this.limited =
        Counter.builder("llmtrace.api.rate.limited")
            .description("Requests to the API that were refused because their caller sent too many")
            .register(meters);
  }

  @Override
  public void filter(ContainerRequestContext request) {
    // After the filter that finds out who asks: without a caller there is nothing to count.
    if (!Caller.isKnown(request) || EXEMPT.contains(request.getUriInfo().getPath())) {
      return;
    }
    RateLimits.Taken taken = of(request).take(Caller.of(request).actor());
    request.setProperty(TAKEN, taken);
    if (!taken.passes()) {
      limited.increment();
      request.abortWith(
          Problem.builder(429, "too many requests of this key, wait")
              .header("Retry-After", RateLimits.seconds(taken.delay()))
              .build());
    }
  }

  private RateLimits of(ContainerRequestContext request) {
    return request.getUriInfo().getPath().equals(SPANS) ? spans : limits;
  }

  @Override
  public void filter(ContainerRequestContext request, ContainerResponseContext response) {
    if (request.getProperty(TAKEN) instanceof RateLimits.Taken taken) {
      response.getHeaders().putSingle("RateLimit-Policy", of(request).policy());
      response
          .getHeaders()
          .putSingle(
              "RateLimit",
              "\"key\";r=" + taken.remaining() + ";t=" + RateLimits.seconds(taken.full()));
    }
  }
}
