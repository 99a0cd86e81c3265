package io.llmtrace.cli.policy;

import io.llmtrace.policies.evaluate.Layers;
import io.llmtrace.policies.language.Policy;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code policy validate}. */
@Command(
    name = "validate",
    description = {
      "Says what is wrong with policies and their tests, one line a problem, with file, line and"
          + " column. Warnings do not fail.",
      "With --under it also says what a policy changes of those below it."
    },
    mixinStandardHelpOptions = true)
final class ValidateCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE|DIR",
      arity = "1..*",
      description = "Policies, files of tests, or directories of both.")
  @SuppressWarnings("NullAway.Init")
  private List<Path> given;

  @Option(
      names = "--under",
      paramLabel = "FILE",
      description = "A policy below, such as the tenant's; the farthest first.")
  private List<Path> under = List.of();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    PolicyFiles files = new PolicyFiles(spec.commandLine().getErr());
    List<Policy> below = files.policies(under);
    for (Path file : files.all(given)) {
      if (PolicyFiles.isTest(file)) {
        int cases = files.cases(file).size();
        if (cases > 0) {
          out.println(file + ": " + cases + " tests");
        }
        continue;
      }
      Optional<Policy> policy = files.policy(file);
      if (policy.isPresent()) {
        out.println(file + ": fine, " + policy.get().rules().size() + " rules");
        List<Policy> layers = new ArrayList<>(below);
        layers.add(policy.get());
        Layers.of(layers).conflicts().forEach(conflict -> out.println("  " + conflict));
      }
    }
    return files.wrong() ? PolicyCommand.WRONG : 0;
  }
}
