package io.llmtrace.cli.demo;

import io.llmtrace.cli.stack.Folders;
import io.llmtrace.runtime.config.LoggingConfig;
import io.llmtrace.runtime.logging.LogSetup;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code demo}: the main job on one machine, with nothing installed. */
@Command(
    name = "demo",
    description =
        "Sends benign and attack traffic through a gateway, a plugin and a control plane on this"
            + " machine, and shows what became of each.",
    mixinStandardHelpOptions = true)
public final class DemoCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(names = "--once", description = "Ends after the run; exit code 1 if anything differs.")
  private boolean once;

  @Option(names = "--json", paramLabel = "FILE", description = "Also writes the result as JSON.")
  @Nullable
  private Path json;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    LoggingConfig quiet =
        new LoggingConfig(LoggingConfig.Level.WARN, LoggingConfig.defaults().format());
    LogSetup.configure(quiet, "llmtrace_demo");
    Path directory = Files.createTempDirectory("llmtrace-demo");
    boolean ok;
    try (DemoRun run = new DemoRun(out, directory)) {
      DemoReport report = run.run();
      ok = report.ok();
      out.println();
      out.print(report.table());
      run.problems().forEach(problem -> out.println("NOT AS EXPECTED: " + problem));
      if (json != null) {
        report.write(json);
      }
      if (!once) {
        out.println();
        out.print(run.help());
        out.flush();
        Thread.currentThread().join();
      }
    }
    if (ok) {
      Folders.delete(directory);
      out.println("All as expected.");
    } else {
      out.println("Logs and data are kept in " + directory);
    }
    out.flush();
    return ok ? 0 : 1;
  }
}
