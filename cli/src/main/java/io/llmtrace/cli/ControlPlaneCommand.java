package io.llmtrace.cli;

import io.llmtrace.cli.stack.Shutdown;
import io.llmtrace.controlplane.ControlPlane;
import io.llmtrace.controlplane.alerts.Alerts;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.logging.LogSetup;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code control-plane}: one process, until it is told to stop. */
@Command(
    name = "control-plane",
    description = "Runs the control plane until it is told to stop (SIGTERM).",
    mixinStandardHelpOptions = true)
final class ControlPlaneCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      required = true,
      description = "The configuration file; see llmtrace.example.yaml.")
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private Path file;

  @Override
  public Integer call() throws Exception {
    LlmtraceConfig config;
    try {
      config = ConfigFile.load(file, System.getenv(), ConfigFile.Role.CONTROL_PLANE);
    } catch (ConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return 2;
    }
    List<String> problems = Alerts.problems(config.alerts());
    if (!problems.isEmpty()) {
      problems.forEach(problem -> spec.commandLine().getErr().println(problem));
      return 2;
    }
    LogSetup.configure(config.logging(), "llmtrace_control_plane");
    ControlPlane running;
    try {
      running = ControlPlane.start(config);
    } catch (Exception e) {
      return StartFailure.of(config.controlPlane()).tell(e, spec.commandLine().getErr());
    }
    Shutdown.await(running);
    return 0;
  }
}
