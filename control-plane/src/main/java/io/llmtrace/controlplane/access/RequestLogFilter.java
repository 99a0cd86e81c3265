package io.llmtrace.controlplane.access;

import jakarta.annotation.Priority;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.container.PreMatching;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A line of each request at debug: who asked for what, and what came of it. Without the query, of
 * which parts may be somebody's words, and without any header or body. Thread-safe.
 */
@PreMatching
@Priority(Priorities.AUTHENTICATION - 100)
public final class RequestLogFilter implements ContainerRequestFilter, ContainerResponseFilter {
  private static final Logger log = LoggerFactory.getLogger(RequestLogFilter.class);
  private static final String BEGAN = "llmtrace.log.began";

  @Override
  public void filter(ContainerRequestContext request) {
    if (log.isDebugEnabled()) {
      request.setProperty(BEGAN, System.nanoTime());
    }
  }

  @Override
  public void filter(ContainerRequestContext request, ContainerResponseContext response) {
    if (request.getProperty(BEGAN) instanceof Long began) {
      log.atDebug()
          .addKeyValue("method", request.getMethod())
          .addKeyValue("path", "/" + request.getUriInfo().getPath())
          .addKeyValue("status", response.getStatus())
          .addKeyValue("latency_ms", (System.nanoTime() - began) / 1_000_000)
          .addKeyValue("caller", Caller.isKnown(request) ? Caller.of(request).actor() : null)
          .log("API request");
    }
  }
}
