package io.llmtrace.controlplane.access;

import io.llmtrace.controlplane.http.BearerToken;
import io.llmtrace.controlplane.http.Problem;
import jakarta.inject.Inject;
import jakarta.inject.Provider;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.container.PreMatching;

/**
 * Asks for a valid token before anything under {@code /api} is even looked up, so that strangers do
 * not learn what there is. What the caller may do is asked by {@link RequiresFeature}, per method.
 */
@PreMatching
final class AccessFilter implements ContainerRequestFilter, ContainerResponseFilter {
  private final Callers callers;

  /** Of the request at hand; set by Jersey. */
  @Inject
  @SuppressWarnings("NullAway.Init")
  private Provider<HttpServletRequest> servlet;

  AccessFilter(Callers callers) {
    this.callers = callers;
  }

  @Override
  public void filter(ContainerRequestContext request) {
    String path = request.getUriInfo().getPath();
    if (!path.equals("api") && !path.startsWith("api/")) {
      return;
    }
    Origin origin = Origins.of(servlet.get());
    BearerToken.of(request.getHeaderString("Authorization"))
        .flatMap(token -> callers.identify(token, origin))
        .orElseThrow(Problem::unauthorized)
        .attachTo(request);
  }

  @Override
  public void filter(ContainerRequestContext request, ContainerResponseContext response) {
    response.getHeaders().putSingle(Origins.REQUEST_ID, Origins.of(servlet.get()).requestId());
  }
}
