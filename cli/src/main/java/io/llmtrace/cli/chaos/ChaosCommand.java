package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.Result.Verdict;
import io.llmtrace.cli.stack.Folders;
import io.llmtrace.runtime.config.LoggingConfig;
import io.llmtrace.runtime.logging.LogSetup;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code chaos}: what becomes of traffic and records when something breaks. */
@Command(
    name = "chaos",
    description =
        "Breaks one thing after another in a stack of its own under traffic, and compares what"
            + " became of every request with what is expected. Exit code 1 if anything differs.",
    mixinStandardHelpOptions = true)
public final class ChaosCommand implements Callable<Integer> {
  /** What the stack's start and its first traffic take on two cores. */
  private static final Duration START = Duration.ofSeconds(35);

  private static final Duration END = Duration.ofSeconds(6);

  private static final Duration WARM_UP = Duration.ofSeconds(4);

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      description =
          "Takes a sample of faults from each group that fits in so many minutes, start and end"
              + " included (default: all faults).")
  private @Nullable Integer minutes;

  @Option(names = "--json", paramLabel = "FILE", description = "Also writes the result as JSON.")
  private @Nullable Path json;

  @Option(
      names = "--faults",
      paramLabel = "NAME",
      split = ",",
      description = "Only these; --list shows them.")
  private Set<String> names = new LinkedHashSet<>();

  @Option(
      names = "--per-second",
      paramLabel = "N",
      defaultValue = "30",
      description = "Requests of the traffic; a slow machine takes fewer (default: 30).")
  private int perSecond;

  @Option(
      names = "--previous",
      paramLabel = "FOLDER",
      description =
          "Jars of an earlier version (cli/target once ./llmtrace has built it), with which the"
              + " stack is started for the fault upgrade.")
  private @Nullable Path previous;

  @Option(names = "--list", description = "Lists the faults and what is expected of each.")
  private boolean list;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    List<Fault> all = chosen();
    if (list) {
      all.forEach(
          fault ->
              out.println(fault.name() + ": " + fault.what() + ". " + fault.expectation().text()));
      out.flush();
      return 0;
    }
    LogSetup.configure(
        new LoggingConfig(LoggingConfig.Level.ERROR, LoggingConfig.defaults().format()),
        "llmtrace_chaos");
    // What it says of a server that a fault has killed is no news.
    LogSetup.silence("io.zonky.test.db.postgres.embedded.EmbeddedPostgres");
    Path directory = Files.createTempDirectory("llmtrace-chaos");
    ChaosReport report = run(all, directory, out);
    if (json != null) {
      report.write(json);
    }
    out.println(report.ok() ? "ok" : "NOT OK: logs and data are kept in " + directory);
    out.flush();
    if (report.ok()) {
      Folders.delete(directory);
    }
    return report.ok() ? 0 : 1;
  }

  private List<Fault> chosen() {
    List<Fault> all = Faults.all();
    if (minutes != null && minutes < 1) {
      throw new ParameterException(
          spec.commandLine(), "--minutes: expected at least 1, got " + minutes);
    }
    if (perSecond < 1 || perSecond > 1_000) {
      throw new ParameterException(
          spec.commandLine(), "--per-second: expected 1 to 1000, got " + perSecond);
    }
    if (previous != null && !Files.isDirectory(previous)) {
      throw new ParameterException(
          spec.commandLine(), "--previous: expected a folder of jars, got " + previous);
    }
    if (names.isEmpty()) {
      return all;
    }
    Set<String> unknown = new LinkedHashSet<>(names);
    all.forEach(fault -> unknown.remove(fault.name()));
    if (!unknown.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "--faults: unknown " + String.join(", ", unknown) + "; --list shows all");
    }
    return all.stream().filter(fault -> names.contains(fault.name())).toList();
  }

  private ChaosReport run(List<Fault> all, Path directory, PrintWriter out) throws Exception {
    long start = System.nanoTime();
    Consumer<String> say =
        line -> {
          out.println(line);
          out.flush();
        };
    Machine machine = Machine.look(directory, previous);
    List<Fault> faults = minutes == null ? all : sample(all, machine);
    List<Result> results = new ArrayList<>();
    Set<String> left = new LinkedHashSet<>();
    all.forEach(fault -> left.add(fault.name()));
    ChaosStack stack = ChaosStack.start(directory, machine, say);
    Thread lastResort = new Thread(() -> close(stack), "chaos-last-resort");
    Runtime.getRuntime().addShutdownHook(lastResort);
    try {
      ChaosRun run = new ChaosRun(stack, machine, perSecond, say);
      run.warmUp(WARM_UP);
      for (Fault fault : faults) {
        if (machine.lacks(fault.need()).isEmpty() && !fits(fault, start)) {
          continue;
        }
        Result result = run.run(fault);
        left.remove(fault.name());
        results.add(result);
        say.accept(ChaosReport.line(result));
        if (result.verdict() == Verdict.NOT_OK) {
          result.problems().forEach(problem -> say.accept("    " + problem));
        }
      }
    } finally {
      stack.close();
      forget(lastResort);
    }
    return new ChaosReport(results, List.copyOf(left), (System.nanoTime() - start) / 1e9);
  }

  /** What fits, and what this machine cannot do: that takes no time, and is to be told. */
  private List<Fault> sample(List<Fault> all, Machine machine) {
    List<Fault> possible =
        all.stream().filter(fault -> machine.lacks(fault.need()).isEmpty()).toList();
    List<Fault> fitting = Sample.of(possible, whole().minus(START).minus(END));
    return all.stream()
        .filter(fault -> fitting.contains(fault) || !possible.contains(fault))
        .toList();
  }

  /** Whether there is still time for a fault: what came before may have taken longer. */
  private boolean fits(Fault fault, long start) {
    Duration left = whole().minusNanos(System.nanoTime() - start).minus(END);
    return minutes == null || left.compareTo(Duration.ofSeconds(fault.seconds())) >= 0;
  }

  private Duration whole() {
    return Duration.ofMinutes(minutes == null ? Integer.MAX_VALUE : minutes);
  }

  /** Drops the hook, unless this JVM is ending already. */
  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      LoggerFactory.getLogger(ChaosCommand.class).debug("stops with this process", e);
    }
  }

  private static void close(ChaosStack stack) {
    try {
      stack.close();
    } catch (IOException e) {
      // The last boundary: nobody is left to hand it to.
      LoggerFactory.getLogger(ChaosCommand.class).error("did not stop cleanly", e);
    }
  }
}
