package io.llmtrace.controlplane.metrics;

import io.llmtrace.controlplane.http.BearerToken;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.runtime.config.Secret;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** {@code GET /metrics}: Prometheus text 0.0.4, OpenMetrics when asked for. */
@Path("/metrics")
public final class MetricsResource {
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";
  private static final String OPEN_METRICS =
      "application/openmetrics-text; version=1.0.0; charset=utf-8";

  private final PrometheusMeterRegistry registry;
  private final @Nullable Secret token;

  /**
   * @param token what a scrape must bring, {@code null} where none is asked for
   */
  public MetricsResource(PrometheusMeterRegistry registry, @Nullable Secret token) {
    this.registry = registry;
    this.token = token;
  }

  @GET
  public Response scrape(
      @HeaderParam("Accept") @Nullable String accept,
      @HeaderParam("Authorization") @Nullable String authorization)
      throws IOException {
    Secret wanted = token;
    if (wanted != null && !BearerToken.of(authorization).map(wanted::matches).orElse(false)) {
      throw Problem.unauthorized();
    }
    String type =
        accept != null && accept.contains("application/openmetrics-text") ? OPEN_METRICS : TEXT;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    registry.scrape(out, type);
    return Response.ok(out.toByteArray()).header("Content-Type", type).build();
  }
}
