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

/**
 * Lets nobody speak as an instance who has no certificate of the configured authority, whatever key
 * they hold: a key that was stolen from a node is worth nothing elsewhere. Asked before the key is.
 */
@PreMatching
@Priority(Priorities.AUTHENTICATION - 100)
public final class InstanceCertificates implements ContainerRequestFilter {
  /** Set by Jetty after a handshake in which the client's certificate was verified. */
  private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";

  private static final String INGEST = "api/v1/ingest";

  /** Of the request at hand; set by Jersey. */
  @Inject
  @SuppressWarnings("NullAway.Init")
  private Provider<HttpServletRequest> servlet;

  @Override
  public void filter(ContainerRequestContext request) {
    String path = request.getUriInfo().getPath();
    if ((path.equals(INGEST) || path.startsWith(INGEST + "/"))
        && servlet.get().getAttribute(CERTIFICATES) == null) {
      throw Problem.of(403, "instances show a certificate of the configured client_ca");
    }
  }
}
