package io.llmtrace.cli;

import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code config validate}: says what is wrong with a file without starting anything. */
@Command(
    name = "config",
    description = "Looks at a configuration file.",
    mixinStandardHelpOptions = true)
final class ConfigCommand {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Command(
      name = "validate",
      description = "Says what is wrong with a file, one line a problem; starts nothing.",
      mixinStandardHelpOptions = true)
  int validate(
      @Parameters(paramLabel = "FILE", description = "The configuration file.") Path file,
      @Option(
              names = "--role",
              defaultValue = "BOTH",
              description =
                  "Whose secret files must be there: ${COMPLETION-CANDIDATES}. Default:"
                      + " ${DEFAULT-VALUE}.")
          ConfigFile.Role role) {
    try {
      ConfigFile.load(file, System.getenv(), role);
    } catch (ConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return 2;
    }
    spec.commandLine().getOut().println(file + ": fine");
    return 0;
  }
}
