package io.llmtrace.cli.bench.anomalies;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.bench.anomalies.AnomalyReplay.Found;
import io.llmtrace.cli.bench.anomalies.AnomalyReplay.Outcome;
import io.llmtrace.controlplane.anomalies.Rules;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.config.AnomaliesConfig;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code bench anomalies}: what the baselines find in made-up months, and what they tell wrongly.
 */
@Command(
    name = "anomalies",
    description =
        "Replays made-up months of eight kinds of tenants, with incidents of known size put in and"
            + " without: precision, recall, delay and false alarms. Takes about a minute.",
    mixinStandardHelpOptions = true)
public final class AnomaliesBenchCommand implements Callable<Integer> {
  private static final int KINDS = 8;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures there.")
  private @Nullable Path json;

  @Option(
      names = "--tenants",
      paramLabel = "N",
      defaultValue = "50",
      description = "Tenants of each kind (default 50).")
  private int tenants;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Same seed, same months (default 1).")
  private long seed;

  @Option(
      names = "--sensitivity",
      paramLabel = "LEVEL",
      defaultValue = "medium",
      description = "low, medium or high (default medium).")
  private String sensitivity = "medium";

  @Override
  public Integer call() throws Exception {
    PrintWriter err = spec.commandLine().getErr();
    if (tenants < 1 || tenants > 1_000 || !List.of("low", "medium", "high").contains(sensitivity)) {
      err.println("bench: expected --tenants from 1 to 1000, --sensitivity of low, medium, high");
      return 2;
    }
    AnomaliesConfig defaults = AnomaliesConfig.defaults();
    AnomaliesConfig config =
        new AnomaliesConfig(
            true,
            AnomaliesConfig.Sensitivity.valueOf(sensitivity.toUpperCase(Locale.ROOT)),
            defaults.lookbackWeeks(),
            defaults.minimumCostUsd(),
            defaults.minimumTokens(),
            defaults.minimumRequests());
    Outcome outcome = new AnomalyReplay(Rules.of(config), tenants, seed).run();
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "%-10s %6s %10s %10s %8s %8s %14s%n",
        "incident", "size", "incidents", "too small", "found", "recall", "hours, median");
    for (Found each : outcome.found()) {
      out.printf(
          Locale.ROOT,
          "%-10s %6.2f %10d %10d %8d %8s %14s%n",
          each.kind(),
          each.size(),
          each.incidents(),
          each.small(),
          each.found(),
          each.incidents() == each.small()
              ? "–"
              : String.format(Locale.ROOT, "%.2f", each.recall()),
          each.delays().isEmpty() ? "–" : Integer.toString(median(each.delays())));
    }
    out.printf(
        Locale.ROOT,
        "precision %.2f (%d of %d alarms); without incidents %.3f false alarms a tenant and week%n",
        outcome.precision(),
        outcome.right(),
        outcome.alarms(),
        outcome.falseAlarmsOfATenantWeek());
    out.println("false alarms by kind of tenant: " + outcome.falseAlarms());
    out.flush();
    if (json != null) {
      Files.writeString(
          json,
          WireJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(json(outcome))
              + "\n");
    }
    return 0;
  }

  private ObjectNode json(Outcome outcome) {
    ObjectNode root = WireJson.mapper().createObjectNode();
    root.put("seed", seed).put("tenants", KINDS * tenants).put("sensitivity", sensitivity);
    root.put("precision", outcome.precision());
    root.put("alarms", outcome.alarms());
    root.put("false_alarms_of_a_tenant_week", outcome.falseAlarmsOfATenantWeek());
    root.put("tenant_weeks", outcome.tenantWeeks());
    ObjectNode kinds = root.putObject("false_alarms");
    outcome.falseAlarms().forEach(kinds::put);
    ArrayNode found = root.putArray("incidents");
    for (Found each : outcome.found()) {
      ObjectNode one = found.addObject();
      one.put("kind", each.kind()).put("size", each.size());
      one.put("incidents", each.incidents()).put("too_small", each.small());
      one.put("found", each.found());
      if (each.incidents() > each.small()) {
        one.put("recall", each.recall());
      }
      if (!each.delays().isEmpty()) {
        one.put("delay_hours_median", median(each.delays()));
      }
    }
    return root;
  }

  private static int median(List<Integer> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}
