package io.llmtrace.controlplane.tls;

import io.llmtrace.controlplane.http.Problem;
import jakarta.annotation.Priority;
import jakarta.inject.Inject;
import jakarta.inject.Provider;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.PathSegment;
import java.util.List;

/**
 * Lets nobody speak as an instance who has no certificate of the configured authority, whatever key
 * they hold: a key that was stolen from a node is worth nothing elsewhere. Asked before the key is.
 */
@PreMatching
@Priority(Priorities.AUTHENTICATION - 100)
public final class InstanceCertificates implements ContainerRequestFilter {
  /** Set by Jetty after a handshake in which the client's certificate was verified. */
  private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";

  private static final List<String> INGEST = List.of("api", "v1", "ingest");

  /** In the same place, and for people. */
  private static final String SET_ASIDE = "set-aside";

  /** Of the request at hand; set by Jersey. */
  @Inject
  @SuppressWarnings("NullAway.Init")
  private Provider<HttpServletRequest> servlet;

  @Override
  public void filter(ContainerRequestContext request) {
    // Segments and not the text: Jersey finds a method behind "ingest;a=b" as well.
    List<String> path =
        request.getUriInfo().getPathSegments().stream()
            .map(PathSegment::getPath)
            .filter(segment -> !segment.isEmpty())
            .toList();
    boolean ofInstances =
        path.size() >= INGEST.size()
            && path.subList(0, INGEST.size()).equals(INGEST)
            && !(path.size() > INGEST.size() && path.get(INGEST.size()).equals(SET_ASIDE));
    if (ofInstances && servlet.get().getAttribute(CERTIFICATES) == null) {
      throw Problem.of(403, "instances show a certificate of the configured client_ca");
    }
  }
}
