package io.llmtrace.cli.bench.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.stack.Folders;
import io.llmtrace.policies.json.WireJson;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench gateway}: what the plugin costs in front of traffic. */
@Command(
    name = "gateway",
    description =
        "What the plugin costs in front of traffic: throughput, latency, overload, memory; beside"
            + " the same host without inspection and the stock runner, in one run. Takes about ten"
            + " minutes.",
    mixinStandardHelpOptions = true)
public final class GatewayBenchCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures there.")
  private @Nullable Path json;

  @Option(
      names = "--stock-runner",
      paramLabel = "JAR",
      description = "The stock runner's executable jar; ./llmtrace fetches it.")
  private @Nullable Path stockRunner;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = "Rounds of throughput (default 5).")
  private int rounds;

  @Option(
      names = "--pairs",
      paramLabel = "N",
      defaultValue = "7",
      description = "Pairs of rounds of latency (default 7).")
  private int pairs;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "3",
      description = "Length of a round (default 3).")
  private double seconds;

  @Option(
      names = "--part",
      paramLabel = "NAME",
      split = ",",
      description = "Measures only that: ${COMPLETION-CANDIDATES} (default: all of it).")
  private Set<BenchPlan.Part> parts = EnumSet.noneOf(BenchPlan.Part.class);

  @Option(
      names = "--soak",
      paramLabel = "MINUTES",
      defaultValue = "0",
      description =
          "Instead of the rounds, a steady load for so long, of which nothing may grow: heap after"
              + " a collection, direct and mapped memory, open files, threads (default 0, none).")
  private double soakMinutes;

  @Option(
      names = "--soak-rate",
      paramLabel = "N",
      defaultValue = "0",
      description = "Requests a second of the soak (default 0: half of what is measured first).")
  private double soakRate;

  @Override
  public Integer call() throws Exception {
    PrintWriter err = spec.commandLine().getErr();
    if (rounds < 1 || pairs < 1 || seconds < 0.2 || seconds > 600) {
      err.println("bench: expected --rounds and --pairs from 1, --seconds from 0.2 to 600");
      return 2;
    }
    if (soakMinutes < 0 || soakMinutes > 24 * 60 || soakRate < 0 || soakRate > 1e6) {
      err.println("bench: expected --soak from 0 to 1440 minutes, --soak-rate from 0 to 1000000");
      return 2;
    }
    if (stockRunner != null && !Files.isRegularFile(stockRunner)) {
      err.println("bench: " + stockRunner + ": no such file");
      return 2;
    }
    if (stockRunner == null && soakMinutes == 0) {
      err.println("bench: without --stock-runner there is nothing to compare with but ourselves");
    }
    Path directory = Files.createTempDirectory("llmtrace-bench");
    try (GatewayBench bench =
        new GatewayBench(
            new BenchPlan(
                directory,
                stockRunner,
                rounds,
                pairs,
                seconds,
                parts.isEmpty() ? EnumSet.allOf(BenchPlan.Part.class) : parts),
            spec.commandLine().getOut())) {
      ObjectNode figures =
          soakMinutes > 0 ? bench.soak(new Soak.Plan(soakMinutes, soakRate)) : bench.run();
      if (json != null) {
        Files.writeString(
            json,
            WireJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(figures) + "\n");
      }
      return bench.meetsAll() ? 0 : 1;
    } finally {
      Folders.delete(directory);
    }
  }
}
