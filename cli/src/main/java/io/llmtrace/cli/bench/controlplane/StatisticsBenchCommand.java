package io.llmtrace.cli.bench.controlplane;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.stack.Folders;
import io.llmtrace.policies.json.WireJson;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench statistics}: how long questions about a month take. */
@Command(
    name = "statistics",
    description =
        "How long questions about thirty days take as the exchanges of these days grow: counts made"
            + " up exchanges into a new database, and asks the control plane. All of it takes some"
            + " minutes on two cores, and 5 GB of disk.",
    mixinStandardHelpOptions = true)
public final class StatisticsBenchCommand implements Callable<Integer> {
  private static final long LEAST = 1_000;
  private static final long MOST = 200_000_000;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures there.")
  private @Nullable Path json;

  @Option(
      names = "--exchanges",
      paramLabel = "N",
      split = ",",
      defaultValue = "5000000,50000000",
      description =
          "Sizes, rising, whose sums are written as folds leave them (default 5000000,50000000).")
  private List<Long> sizes = List.of();

  @Option(
      names = "--counted",
      paramLabel = "N",
      defaultValue = "200000",
      description =
          "A size before these that is counted and folded as ingest does it; 0 for none (default"
              + " 200000).")
  private long counted;

  @Override
  public Integer call() throws Exception {
    PrintWriter err = spec.commandLine().getErr();
    if (counted != 0 && (counted < LEAST || counted > MOST)) {
      err.printf("bench: expected --counted 0, or from %d to %d%n", LEAST, MOST);
      return 2;
    }
    long before = LEAST - 1;
    for (long size : sizes) {
      if (size <= before || size > MOST) {
        err.printf(
            "bench: expected --exchanges from %d to %d, each more than the last%n", LEAST, MOST);
        return 2;
      }
      before = size;
    }
    Path directory = Files.createTempDirectory("llmtrace-bench");
    try (StatisticsBench bench = StatisticsBench.start(directory, spec.commandLine().getOut())) {
      ObjectNode figures = bench.run(counted, sizes);
      if (json != null) {
        Files.writeString(
            json,
            WireJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(figures) + "\n");
      }
      return figures.path("ok").asBoolean() ? 0 : 1;
    } finally {
      Folders.delete(directory);
    }
  }
}
