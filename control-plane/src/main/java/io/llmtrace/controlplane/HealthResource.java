package io.llmtrace.controlplane;

import io.llmtrace.controlplane.access.Callers;
import io.llmtrace.controlplane.access.Origins;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.BearerToken;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.nodes.Nodes;
import io.llmtrace.controlplane.storage.Storage;
import io.llmtrace.controlplane.storage.StorageUnavailableException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** How the service is; every answer comes from memory. */
@Path("/")
@Produces("application/json")
public final class HealthResource {
  private static final List<String> BREAKERS = List.of("closed", "half_open", "open");
  private static final List<String> MODELS = List.of("absent", "loaded", "failed");

  private final Storage storage;
  private final Nodes nodes;
  private final Callers callers;
  private final LongSupplier revision;
  private final long started = System.nanoTime();

  /**
   * @param revision the newest bundle that an instance was given; asked by each answer, so it must
   *     not wait
   */
  HealthResource(Storage storage, Nodes nodes, Callers callers, LongSupplier revision) {
    this.storage = storage;
    this.nodes = nodes;
    this.callers = callers;
    this.revision = revision;
  }

  @GET
  @Path("health")
  public Map<String, Object> health(
      @HeaderParam("Authorization") @Nullable String authorization,
      @Context HttpServletRequest request) {
    Storage.Probe probe = storage.probe();
    List<Nodes.Node> all = nodes.all();
    String breaker = "closed";
    Map<String, String> models = new LinkedHashMap<>();
    boolean silent = false;
    for (Nodes.Node node : all) {
      silent |= node.silent();
      if (!node.silent()) {
        String state = node.snapshot().breakers().getOrDefault("analysis", "closed");
        breaker = BREAKERS.indexOf(state) > BREAKERS.indexOf(breaker) ? state : breaker;
        node.snapshot()
            .models()
            .forEach(
                (model, is) ->
                    models.merge(
                        model, is, (a, b) -> MODELS.indexOf(b) > MODELS.indexOf(a) ? b : a));
      }
    }
    boolean healthy =
        probe.ready() && breaker.equals("closed") && !models.containsValue("failed") && !silent;
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("status", healthy ? "healthy" : "degraded");
    answer.put("storage", probe.text());
    answer.put("circuit_breaker", breaker);
    answer.put("ml_models", models);
    answer.put("uptime", (System.nanoTime() - started) / 1_000_000_000L);
    answer.put("probe_age_ms", System.currentTimeMillis() - probe.atMillis());
    if (mayKnowTheNodes(authorization, request)) {
      answer.put("nodes", all);
      answer.put("bundle", Map.of("revision", revision.getAsLong()));
      String version = HealthResource.class.getPackage().getImplementationVersion();
      answer.put("version", version == null ? "development" : version);
    }
    return answer;
  }

  @GET
  @Path("livez")
  public Map<String, String> live() {
    return Map.of("status", "alive");
  }

  @GET
  @Path("readyz")
  public Response ready() {
    if (!storage.probe().ready()) {
      return Problem.builder(503, "storage is " + storage.probe().text())
          .header("Retry-After", "1")
          .build();
    }
    return Response.ok(Map.of("status", "ready")).build();
  }

  private boolean mayKnowTheNodes(@Nullable String authorization, HttpServletRequest request) {
    try {
      return BearerToken.of(authorization)
          .flatMap(token -> callers.identify(token, Origins.of(request)))
          .filter(caller -> caller.may(Permission.INSTANCES_READ, TenantScope.all()))
          .isPresent();
    } catch (StorageUnavailableException | WebApplicationException e) {
      // Health is told to everybody, also to who guesses too much or before the keys are read.
      return false;
    }
  }
}
