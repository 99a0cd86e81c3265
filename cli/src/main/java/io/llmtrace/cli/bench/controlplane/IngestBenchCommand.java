package io.llmtrace.cli.bench.controlplane;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.stack.Folders;
import io.llmtrace.policies.json.WireJson;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench ingest}: what the control plane takes from plugins. */
@Command(
    name = "ingest",
    description =
        "How many rows a second the control plane takes from many instances at once, beside a raw"
            + " COPY of the same rows into the same tables, in one run. Takes about two minutes.",
    mixinStandardHelpOptions = true)
public final class IngestBenchCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures there.")
  private @Nullable Path json;

  @Option(
      names = "--senders",
      paramLabel = "N",
      defaultValue = "100",
      description = "Instances that send at once (default 100).")
  private int senders;

  @Option(
      names = "--exchanges",
      paramLabel = "N",
      defaultValue = "40000",
      description = "Exchanges of a round (default 40000).")
  private int exchanges;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = "Rounds that are measured (default 5).")
  private int rounds;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "Rounds before them, which are not: a service runs for weeks, and its first minute is"
              + " compiled (default 3).")
  private int warmUp;

  @Override
  public Integer call() throws Exception {
    PrintWriter err = spec.commandLine().getErr();
    if (senders < 1
        || senders > 1_000
        || rounds < 1
        || warmUp < 0
        || exchanges < 1_000
        || exchanges > 1_000_000) {
      err.println(
          "bench: expected --senders from 1 to 1000, --rounds from 1, --warm-up from 0, --exchanges"
              + " from 1000 to 1000000");
      return 2;
    }
    Path directory = Files.createTempDirectory("llmtrace-bench");
    try (IngestBench bench =
        IngestBench.start(directory, senders, exchanges, spec.commandLine().getOut())) {
      ObjectNode figures = bench.run(warmUp, rounds);
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
