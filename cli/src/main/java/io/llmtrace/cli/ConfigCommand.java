package io.llmtrace.cli;

import io.llmtrace.controlplane.alerts.Alerts;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.detection.EngineSetup;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code config validate}: says what is wrong with a file, its signature packs, mappings and models
 * without starting anything.
 */
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
      description = {
        "Says what is wrong with a file, with its signature packs, mappings of APIs, models,"
            + " alert rules and channels, one line a problem; starts nothing.",
        "A model whose file is not there is a warning: the processes start without it."
      },
      mixinStandardHelpOptions = true)
  int validate(
      @Parameters(paramLabel = "FILE", description = "The configuration file.") Path file,
      @Option(
              names = "--role",
              paramLabel = "ROLE",
              defaultValue = "both",
              description =
                  "Whose secret files must be there: plugin, control-plane or both. Default:"
                      + " ${DEFAULT-VALUE}.")
          String whose) {
    ConfigFile.Role role =
        switch (whose) {
          case "both" -> ConfigFile.Role.BOTH;
          case "plugin" -> ConfigFile.Role.PLUGIN;
          case "control-plane" -> ConfigFile.Role.CONTROL_PLANE;
          default ->
              throw new ParameterException(
                  spec.commandLine().getSubcommands().get("validate"),
                  "--role: expected plugin, control-plane or both, got " + whose);
        };
    LlmtraceConfig config;
    try {
      config = ConfigFile.load(file, System.getenv(), role);
    } catch (ConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return 2;
    }
    List<String> alerts =
        role == ConfigFile.Role.PLUGIN ? List.of() : Alerts.problems(config.alerts());
    alerts.forEach(problem -> spec.commandLine().getErr().println(problem));
    List<EngineSetup.ModelProblem> problems =
        role == ConfigFile.Role.CONTROL_PLANE ? List.of() : EngineSetup.check(config);
    for (EngineSetup.ModelProblem problem : problems) {
      spec.commandLine()
          .getErr()
          .println(file + ": " + (problem.absent() ? "warning: " : "") + problem.reason());
    }
    if (!alerts.isEmpty() || problems.stream().anyMatch(problem -> !problem.absent())) {
      return 2;
    }
    spec.commandLine().getOut().println(file + ": fine");
    return 0;
  }
}
