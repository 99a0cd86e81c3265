package io.llmtrace.controlplane;

import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.keys.BearerFilter;
import io.llmtrace.controlplane.keys.Keys;
import io.llmtrace.controlplane.nodes.Nodes;
import io.llmtrace.controlplane.storage.Storage;
import io.llmtrace.controlplane.storage.StorageUnavailableException;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Response;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How the service is; every answer comes from memory. */
@Path("/")
@Produces("application/json")
public final class HealthResource {
  private static final List<String> BREAKERS = List.of("closed", "half_open", "open");
  private static final List<String> MODELS = List.of("absent", "loaded", "failed");

  private final Storage storage;
  private final Nodes nodes;
  private final Keys keys;
  private final long started = System.nanoTime();

  HealthResource(Storage storage, Nodes nodes, Keys keys) {
    this.storage = storage;
    this.nodes = nodes;
    this.keys = keys;
  }

  @GET
  @Path("health")
  public Map<String, Object> health(@HeaderParam("Authorization") @Nullable String authorization) {
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
    if (authenticated(authorization)) {
      answer.put("nodes", all);
      answer.put("bundle", Map.of("revision", 0));
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

  private boolean authenticated(@Nullable String authorization) {
    try {
      return BearerFilter.token(authorization).flatMap(keys::find).isPresent();
    } catch (StorageUnavailableException e) {
      // Health is told to everybody; only the details wait for the keys.
      return false;
    }
  }
}
