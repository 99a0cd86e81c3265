package io.llmtrace.controlplane.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.MultivaluedMap;
import java.util.List;

/**
 * What browsers are told with every answer, problems included: not to guess a type, not to run or
 * frame anything, to send no referrer, and to come back by TLS where they came by it. Pages that
 * need more say so themselves. Stateless.
 */
public final class SecurityHeaders implements ContainerResponseFilter {
  /** Two years, as https://hstspreload.org asks; names below this one are not ours to speak of. */
  private static final String HSTS = "max-age=63072000";

  @Override
  public void filter(ContainerRequestContext request, ContainerResponseContext response) {
    MultivaluedMap<String, Object> headers = response.getHeaders();
    headers.putIfAbsent("X-Content-Type-Options", List.of("nosniff"));
    headers.putIfAbsent(
        "Content-Security-Policy", List.of("default-src 'none'; frame-ancestors 'none'"));
    headers.putIfAbsent("Referrer-Policy", List.of("no-referrer"));
    headers.putIfAbsent("Cross-Origin-Resource-Policy", List.of("same-origin"));
    if (request.getSecurityContext().isSecure()) {
      headers.putIfAbsent("Strict-Transport-Security", List.of(HSTS));
    }
  }
}
