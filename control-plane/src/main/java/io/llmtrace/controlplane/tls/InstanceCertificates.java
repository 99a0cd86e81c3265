package io.llmtrace.controlplane.tls;

import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.http.Problem;
import jakarta.annotation.Priority;
import jakarta.inject.Inject;
import jakarta.inject.Provider;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.DynamicFeature;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.FeatureContext;

/**
 * Lets nobody speak as an instance who has no certificate of the configured authority, whatever key
 * they hold: a key that was stolen from a node is worth nothing elsewhere. It stands before the
 * methods themselves, because a path can be written in more ways than one ({@code
 * /api;x/v1/ingest}), and leads to the same method in all of them.
 */
public final class InstanceCertificates implements DynamicFeature {
  @Override
  public void configure(ResourceInfo resource, FeatureContext context) {
    Requires requires = resource.getResourceMethod().getAnnotation(Requires.class);
    // All that an instance key may do, spans of applications among it: they need one too.
    if (requires != null && requires.value() == Permission.TELEMETRY_WRITE) {
      context.register(CertificateFilter.class);
    }
  }

  /** Before what the method asks of a key. */
  @Priority(Priorities.AUTHENTICATION - 100)
  static final class CertificateFilter implements ContainerRequestFilter {
    /** Set by Jetty after a handshake in which the client's certificate was verified. */
    private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";

    private final Provider<HttpServletRequest> servlet;

    @Inject
    CertificateFilter(Provider<HttpServletRequest> servlet) {
      this.servlet = servlet;
    }

    @Override
    public void filter(ContainerRequestContext request) {
      if (servlet.get().getAttribute(CERTIFICATES) == null) {
        throw Problem.of(403, "instances show a certificate of the configured client_ca");
      }
    }
  }
}
