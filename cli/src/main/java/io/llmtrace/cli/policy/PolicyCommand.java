package io.llmtrace.cli.policy;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code policy}: what people do with policy files before anything runs by them. */
@Command(
    name = "policy",
    description = {
      "Checks, tests and explains policy files; starts nothing and asks nobody.",
      "Each ends with 0 when all is well, with 1 when a test fails, and with 2 when a file or an"
          + " argument is wrong."
    },
    subcommands = {
      ValidateCommand.class,
      TestCommand.class,
      ExplainCommand.class,
      LibraryCommand.class
    },
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true)
public final class PolicyCommand implements Runnable {
  static final int FAILED = 1;
  static final int WRONG = 2;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "expected a command");
  }
}
