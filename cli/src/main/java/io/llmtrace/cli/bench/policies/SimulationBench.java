package io.llmtrace.cli.bench.policies;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.bench.controlplane.SampleBatches;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.library.PolicyLibrary;
import java.io.IOException;
import java.time.Duration;
import java.util.TreeSet;

/** Seconds that a policy of the library takes on stored exchanges of twenty tenants. */
final class SimulationBench {
  private static final double BAR_SECONDS = 20;
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String TRIED = "strict";

  private SimulationBench() {}

  static void measure(Installation installation, int exchanges, Figures figures) throws Exception {
    for (byte[] batch :
        new SampleBatches(8)
            .of("sample", new Ulid().next(), exchanges / SampleBatches.EXCHANGES_OF_A_BATCH)) {
      installation.ingest(batch);
    }
    ObjectNode part = figures.part("simulation");
    // The first one finds a control plane that has just started.
    double first = once(installation, exchanges, part, figures);
    double second = once(installation, exchanges, part, figures);
    part.put("exchanges", exchanges).put("first_seconds", first).put("second_seconds", second);
    figures.say("the second simulation of the same took %.2f s", second);
    figures.atMost(
        "s to simulate %,d stored exchanges, the first time".formatted(exchanges),
        first,
        BAR_SECONDS);
  }

  private static double once(
      Installation installation, int exchanges, ObjectNode part, Figures figures) throws Exception {
    ObjectNode body =
        WireJson.mapper()
            .createObjectNode()
            .put("source", PolicyLibrary.policy(TRIED).orElseThrow())
            .put("most", exchanges);
    long start = System.nanoTime();
    JsonNode begun = installation.call("POST", "/api/v1/policies/simulations", body, 202);
    String path = "/api/v1/policies/simulations/" + begun.path("id").asText();
    TreeSet<Integer> progress = new TreeSet<>();
    JsonNode[] seen = {begun};
    Waiting.until(
        "the simulation ends",
        PATIENCE,
        () -> {
          seen[0] = installation.call("GET", path, null, 200);
          progress.add(seen[0].path("done").asInt());
          return !seen[0].path("state").asText().equals("running");
        });
    double seconds = (System.nanoTime() - start) / 1e9;
    JsonNode result = seen[0].path("result");
    if (result.path("exchanges").asInt() != exchanges) {
      throw new IOException("expected " + exchanges + " exchanges: " + seen[0]);
    }
    part.put("progress_told", progress.size()).put("different", result.path("different").asInt());
    figures.say(
        "%s on %,d exchanges: %,d would be decided otherwise; progress told %d times",
        TRIED, exchanges, result.path("different").asInt(), progress.size());
    return seconds;
  }
}
