package io.llmtrace.controlplane.access;

import io.llmtrace.controlplane.http.BearerToken;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Problem;
import jakarta.inject.Inject;
import jakarta.inject.Provider;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.ProcessingException;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.container.PreMatching;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for a valid token before anything under {@code /api} is even looked up, so that strangers do
 * not learn what there is; and before spans are read. What the caller may do is asked by {@link
 * RequiresFeature}, per method.
 */
@PreMatching
final class AccessFilter implements ContainerRequestFilter, ContainerResponseFilter {
  private static final Logger log = LoggerFactory.getLogger(AccessFilter.class);

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
    forgetUnreadableAccept(request);
    // Compared as a whole: no other path can be spelled so.
    if (!isOfTheApi(request) || ("/" + request.getUriInfo().getPath()).equals(Access.DOCUMENT)) {
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
    if (response.getStatus() >= 400 && request.hasEntity() && Caller.isKnown(request)) {
      drain(request);
    }
    if (isOfTheApi(request)) {
      // Answers are for one caller, and one may hold a new key.
      response.getHeaders().putSingle("Cache-Control", "no-store");
    }
    response.getHeaders().putSingle(Origins.REQUEST_ID, Origins.of(servlet.get()).requestId());
  }

  /**
   * One that cannot be read stands for none (RFC 9110, 12.5.1); Jersey would answer with nothing.
   */
  private static void forgetUnreadableAccept(ContainerRequestContext request) {
    try {
      request.getAcceptableMediaTypes();
    } catch (ProcessingException | IllegalArgumentException e) {
      log.debug("An Accept header cannot be read", e);
      request.getHeaders().remove("Accept");
    }
  }

  private static boolean isOfTheApi(ContainerRequestContext request) {
    String path = request.getUriInfo().getPath();
    return path.equals("api") || path.startsWith("api/") || ("/" + path).equals(Access.SPANS);
  }

  /**
   * A connection whose body was not read is closed, and the client may see that instead of the
   * answer. A stranger's body is not waited for: it could be sent for ever.
   */
  private static void drain(ContainerRequestContext request) {
    try {
      byte[] unused = request.getEntityStream().readNBytes(JsonBody.MOST_BYTES);
    } catch (IOException e) {
      log.debug("The rest of a refused request did not come", e);
    }
  }
}
