package io.llmtrace.cli.chaos;

import io.llmtrace.cli.stack.Folders;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.config.LoggingConfig;
import io.llmtrace.runtime.logging.LogSetup;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./llmtrace soak}: nothing grows, nothing gets later, nothing is lost, for an hour. */
@Command(
    name = "soak",
    description =
        "Loads a stack of its own with half of what it carries, then with twice as much as it"
            + " carries, and looks for what grows, gets later or is lost. Exit code 1 if anything"
            + " does.",
    mixinStandardHelpOptions = true)
public final class SoakCommand implements Callable<Integer> {
  private static final Duration WARM_UP = Duration.ofSeconds(10);
  private static final Duration CAPACITY = Duration.ofSeconds(15);
  private static final int MOST_MEASURES = 12;
  private static final double STILL_RISING = 1.05;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      defaultValue = "60",
      description = "At half of what the stack carries (default: 60).")
  private int minutes;

  @Option(
      names = "--overload-minutes",
      paramLabel = "N",
      defaultValue = "10",
      description = "At twice as much as it carries; 0 leaves it out (default: 10).")
  private int overloadMinutes;

  @Option(
      names = "--per-second",
      paramLabel = "N",
      description = "What the stack carries, requests a second (default: measured first).")
  private @Nullable Integer perSecond;

  @Option(names = "--json", paramLabel = "FILE", description = "Also writes the result as JSON.")
  private @Nullable Path json;

  @Override
  public Integer call() throws Exception {
    bounded("--minutes", minutes, 1, 10_000);
    bounded("--overload-minutes", overloadMinutes, 0, 1_000);
    if (perSecond != null) {
      bounded("--per-second", perSecond, 2, 100_000);
    }
    PrintWriter out = spec.commandLine().getOut();
    Consumer<String> say =
        line -> {
          out.println(line);
          out.flush();
        };
    LogSetup.configure(
        new LoggingConfig(LoggingConfig.Level.ERROR, LoggingConfig.defaults().format()),
        "llmtrace_soak");
    Path directory = Files.createTempDirectory("llmtrace-soak");
    Machine machine = Machine.look(directory, null);
    Soak soak;
    try (ChaosStack stack = ChaosStack.start(directory, machine, say)) {
      ChaosRun run = new ChaosRun(stack, machine, 30, say);
      run.warmUp(WARM_UP);
      int carried = perSecond == null ? carried(run) : perSecond;
      say.accept(
          "carries " + carried + " requests a second" + (perSecond == null ? "" : ", as told"));
      soak = new Soak(stack, run, say);
      soak.steady(Duration.ofMinutes(minutes), Math.max(1, carried / 2));
      // An hour of it is not lost with what comes then.
      write(soak);
      if (overloadMinutes > 0) {
        soak.overload(Duration.ofMinutes(overloadMinutes), carried * 2);
      }
    }
    write(soak);
    boolean ok = soak.problems().isEmpty();
    soak.problems().forEach(problem -> say.accept("    " + problem));
    say.accept(ok ? "ok" : "NOT OK: logs and data are kept in " + directory);
    if (ok) {
      Folders.delete(directory);
    }
    return ok ? 0 : 1;
  }

  /** What a warm stack carries: its first minutes are compiled, so until it is no more. */
  private static int carried(ChaosRun run) throws IOException, InterruptedException, SQLException {
    int most = run.capacity(CAPACITY);
    for (int i = 0; i < MOST_MEASURES; i++) {
      int now = run.capacity(CAPACITY);
      if (now < most * STILL_RISING) {
        return Math.max(most, now);
      }
      most = now;
    }
    return most;
  }

  private void write(Soak soak) throws IOException {
    if (json != null) {
      Files.writeString(
          json,
          WireJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(soak.json())
              + "\n");
    }
  }

  private void bounded(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new ParameterException(
          spec.commandLine(),
          "%s: expected %d to %d, got %d".formatted(option, least, most, value));
    }
  }
}
