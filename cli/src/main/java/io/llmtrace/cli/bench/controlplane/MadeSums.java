package io.llmtrace.cli.bench.controlplane;

import io.llmtrace.cli.bench.controlplane.SampleBatches.Population;
import io.llmtrace.controlplane.statistics.Dimension;
import io.llmtrace.controlplane.statistics.MadeRollups;
import io.llmtrace.controlplane.statistics.MadeRollups.Series;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.util.Random;

/**
 * Exchanges like those of {@link SampleBatches}, counted without being made: tens of millions in a
 * minute. The same seed gives the same. Not thread-safe.
 */
final class MadeSums {
  private static final double[] LATENCIES = new double[1 << 16];

  static {
    Random random = new Random(31);
    for (int i = 0; i < LATENCIES.length; i++) {
      LATENCIES[i] = Math.exp(random.nextGaussian() * 0.6 + 7);
    }
  }

  private final MadeRollups rollups = new MadeRollups();
  private final Random random = new Random(37);
  private final Series[] tenants;
  private final Series[] findings;
  private final Series[][] routes;
  private final Series[][] consumers;
  private final Series[][] agents;
  private final Series[][] models;

  MadeSums(Population population) {
    int count = population.tenants();
    tenants = new Series[count];
    findings = new Series[count];
    routes = new Series[count][population.routes()];
    consumers = new Series[count][population.consumers()];
    agents = new Series[count][population.agents()];
    models = new Series[count][SampleBatches.MODELS.length];
    for (int t = 0; t < count; t++) {
      String tenant = "tenant-" + t;
      tenants[t] = rollups.series(Dimension.TENANT, tenant, "", "");
      findings[t] =
          rollups.series(
              Dimension.FINDING,
              tenant,
              FindingType.PROMPT_INJECTION.label(),
              Severity.MEDIUM.label());
      for (int i = 0; i < routes[t].length; i++) {
        routes[t][i] = rollups.series(Dimension.ROUTE, tenant, "route-" + i, "");
      }
      for (int i = 0; i < consumers[t].length; i++) {
        consumers[t][i] = rollups.series(Dimension.CONSUMER, tenant, "consumer-" + t + "-" + i, "");
      }
      for (int i = 0; i < agents[t].length; i++) {
        agents[t][i] = rollups.series(Dimension.AGENT, tenant, "agent-" + t + "-" + i, "");
      }
      for (int i = 0; i < models[t].length; i++) {
        models[t][i] =
            rollups.series(
                Dimension.MODEL, tenant, SampleBatches.PROVIDERS[i], SampleBatches.MODELS[i]);
      }
    }
  }

  MadeRollups rollups() {
    return rollups;
  }

  /** Counts exchanges of the hour under way. */
  void count(long exchanges) {
    for (long i = 0; i < exchanges; i++) {
      int tenant = random.nextInt(tenants.length);
      boolean flagged = random.nextInt(10) == 0;
      boolean error = random.nextInt(50) == 0;
      double latency = LATENCIES[random.nextInt(LATENCIES.length)];
      int prompt = 1_200 + random.nextInt(500);
      int completion = 200 + random.nextInt(300);
      int cost = random.nextInt(90_000);
      tenants[tenant].count(flagged, error, latency, prompt, completion, cost);
      any(routes[tenant]).count(flagged, error, latency, prompt, completion, cost);
      any(consumers[tenant]).count(flagged, error, latency, prompt, completion, cost);
      any(agents[tenant]).count(flagged, error, latency, prompt, completion, cost);
      any(models[tenant]).count(flagged, error, latency, prompt, completion, cost);
      if (flagged) {
        findings[tenant].countFinding();
      }
    }
  }

  private Series any(Series[] all) {
    return all[random.nextInt(all.length)];
  }
}
