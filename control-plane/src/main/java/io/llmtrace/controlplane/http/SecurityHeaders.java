package io.llmtrace.controlplane.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.MultivaluedMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What browsers are told with every answer, problems included: not to guess a type, not to run or
 * frame anything, to send no referrer, and to come back by TLS where they came by it. Pages that
 * need more say so themselves. Stateless.
 */
public final class SecurityHeaders implements ContainerResponseFilter {
  /** Two years, as https://hstspreload.org asks; names below this one are not ours to speak of. */
  private static final String HSTS = "max-age=63072000";

  private static final Map<String, String> ALWAYS =
      Map.of(
          "X-Content-Type-Options",
          "nosniff",
          "Content-Security-Policy",
          "default-src 'none'; frame-ancestors 'none'",
          "Referrer-Policy",
          "no-referrer",
          "Cross-Origin-Resource-Policy",
          "same-origin");

  private static final Map<String, String> BY_TLS = byTls();

  /** The headers, by name. */
  public static Map<String, String> of(boolean secure) {
    return secure ? BY_TLS : ALWAYS;
  }

  private static Map<String, String> byTls() {
    Map<String, String> all = new HashMap<>(ALWAYS);
    all.put("Strict-Transport-Security", HSTS);
    return Map.copyOf(all);
  }

  @Override
  public void filter(ContainerRequestContext request, ContainerResponseContext response) {
    MultivaluedMap<String, Object> headers = response.getHeaders();
    of(request.getSecurityContext().isSecure())
        .forEach((name, value) -> headers.putIfAbsent(name, List.of(value)));
  }
}
