package io.llmtrace.cli;

import io.llmtrace.cli.stack.NativeLibraries;
import io.llmtrace.cli.stack.Shutdown;
import io.llmtrace.plugin.PluginHost;
import io.llmtrace.plugin.PluginProcess;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.logging.LogSetup;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code plugin}: the process beside the gateway, until it is told to stop or a successor took
 * over.
 */
@Command(
    name = "plugin",
    description =
        "Runs the plugin until it is told to stop (SIGTERM) or a successor has taken over.",
    mixinStandardHelpOptions = true)
final class PluginCommand implements Callable<Integer> {
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
      config = ConfigFile.load(file, System.getenv(), ConfigFile.Role.PLUGIN);
    } catch (ConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return 2;
    }
    LogSetup.configure(config.logging(), "llmtrace_plugin");
    NativeLibraries.keepIn(config.plugin().dataDirectory().resolve("native"));
    PluginProcess<PluginHost> process;
    try {
      process = PluginProcess.start(config);
    } catch (IOException | RuntimeException e) {
      return StartFailure.of(config.plugin()).tell(e, spec.commandLine().getErr());
    }
    Shutdown.await(process, process.requestSide().drained());
    return 0;
  }
}
