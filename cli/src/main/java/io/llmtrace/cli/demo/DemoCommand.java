package io.llmtrace.cli.demo;

import io.llmtrace.cli.stack.Folders;
import io.llmtrace.runtime.config.LoggingConfig;
import io.llmtrace.runtime.logging.LogSetup;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
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

  @Option(
      names = "--alerts",
      description =
          "Shows alerts instead: a burst of attacks and an open breaker reach Slack, PagerDuty and"
              + " a webhook of this machine, are acknowledged, and end.")
  private boolean alerts;

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
    boolean ok = alerts ? alerts(out, directory) : traffic(out, directory);
    if (ok) {
      Folders.delete(directory);
      out.println(alerts ? "ok" : "All as expected.");
    } else {
      out.println("Logs and data are kept in " + directory);
    }
    out.flush();
    return ok ? 0 : 1;
  }

  private boolean traffic(PrintWriter out, Path directory) throws Exception {
    Consumer<String> say = lines(out);
    try (DemoStack stack = DemoStack.start(directory, DemoRun.SETTINGS, say)) {
      DemoRun run = new DemoRun(say, stack);
      DemoReport report = run.run();
      out.println();
      out.print(report.table());
      differs(out, run.problems());
      if (json != null) {
        report.write(json);
      }
      if (!once) {
        out.println();
        out.print(run.help());
        out.flush();
        Thread.currentThread().join();
      }
      return report.ok();
    }
  }

  private boolean alerts(PrintWriter out, Path directory) throws Exception {
    Consumer<String> say = lines(out);
    try (AlertSinks sinks = AlertSinks.start();
        DemoStack stack =
            DemoStack.start(
                directory, AlertDemo.SETTINGS + sinks.settings() + AlertDemo.RULES, say)) {
      AlertDemo demo = new AlertDemo(say, sinks, stack);
      AlertReport report = demo.run();
      out.println();
      out.print(report.table());
      differs(out, report.problems());
      if (json != null) {
        report.write(json);
      }
      if (!once) {
        out.println();
        out.print(demo.help());
        out.flush();
        demo.watch();
      }
      return report.ok();
    }
  }

  private static void differs(PrintWriter out, List<String> problems) {
    problems.forEach(problem -> out.println("NOT AS EXPECTED: " + problem));
  }

  private static Consumer<String> lines(PrintWriter out) {
    return line -> {
      out.println(line);
      out.flush();
    };
  }
}
