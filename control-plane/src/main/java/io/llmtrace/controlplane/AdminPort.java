package io.llmtrace.controlplane;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;

/**
 * What the admin port answers: what only looks. Dropwizard's tasks change levels of the log and run
 * the collector, its profiler takes time, and any page in a browser of this machine can post to
 * loopback. Stateless.
 */
final class AdminPort implements Filter {
  private static final Set<String> ANSWERED =
      Set.of("/", "/healthcheck", "/ping", "/metrics", "/threads");

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    HttpServletRequest asked = (HttpServletRequest) request;
    boolean looks = asked.getMethod().equals("GET") || asked.getMethod().equals("HEAD");
    if (looks && ANSWERED.contains(asked.getRequestURI())) {
      chain.doFilter(request, response);
    } else {
      ((HttpServletResponse) response).sendError(HttpServletResponse.SC_NOT_FOUND);
    }
  }
}
