package io.llmtrace.cli.policy;

import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.language.PolicyReader;
import io.llmtrace.policies.library.PolicyLibrary;
import io.llmtrace.policies.yaml.Nearest;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code policy library}. */
@Command(
    name = "library",
    description = "Lists the policies that come with LLMTrace, or prints one, to begin with.",
    mixinStandardHelpOptions = true)
final class LibraryCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Parameters(arity = "0..1", paramLabel = "NAME", description = "Prints this one.")
  private @Nullable String name;

  @Option(names = "--tests", description = "Prints its tests instead.")
  private boolean tests;

  @Override
  public Integer call() throws PolicyProblemsException {
    PrintWriter out = spec.commandLine().getOut();
    String wanted = name;
    if (wanted == null) {
      for (String each : PolicyLibrary.names()) {
        Policy policy = PolicyReader.read(PolicyLibrary.policy(each).orElseThrow());
        out.printf("%-18s %s%n", each, policy.metadata().description());
      }
      return 0;
    }
    Optional<String> text = tests ? PolicyLibrary.tests(wanted) : PolicyLibrary.policy(wanted);
    if (text.isEmpty()) {
      spec.commandLine()
          .getErr()
          .println(
              "expected one of "
                  + String.join(", ", PolicyLibrary.names())
                  + ", was '"
                  + wanted
                  + "'"
                  + Nearest.question(wanted, PolicyLibrary.names()));
      return PolicyCommand.WRONG;
    }
    out.print(text.get());
    out.flush();
    return 0;
  }
}
