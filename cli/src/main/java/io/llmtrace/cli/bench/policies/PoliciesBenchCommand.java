package io.llmtrace.cli.bench.policies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.stack.Folders;
import io.llmtrace.policies.json.WireJson;
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

/** {@code bench policies}: what policies cost, and how soon and how surely they are enforced. */
@Command(
    name = "policies",
    description =
        "How soon an edited policy is enforced on three instances, what 200 swaps do to traffic,"
            + " what is enforced when bundles are damaged and the control plane is gone, and what"
            + " simulations, shadow candidates and decisions cost. Takes about five minutes.",
    mixinStandardHelpOptions = true)
public final class PoliciesBenchCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures there.")
  private @Nullable Path json;

  @Option(
      names = "--part",
      paramLabel = "NAME",
      split = ",",
      description = "Measures only that: ${COMPLETION-CANDIDATES} (default: all of it).")
  private Set<Plan.Part> parts = EnumSet.noneOf(Plan.Part.class);

  @Override
  public Integer call() throws Exception {
    Set<Plan.Part> chosen = parts.isEmpty() ? EnumSet.allOf(Plan.Part.class) : parts;
    Path directory = Files.createTempDirectory("llmtrace-bench");
    try {
      Figures figures = new Figures(spec.commandLine().getOut());
      PoliciesBench.run(Plan.whole(chosen), directory, figures);
      if (json != null) {
        ObjectNode all = figures.json();
        Files.writeString(
            json,
            WireJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(all) + "\n");
      }
      return figures.meetsAll() ? 0 : 1;
    } finally {
      Folders.delete(directory);
    }
  }
}
