package io.llmtrace.cli.scan;

import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.EngineOptions;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.terminal.Terminal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code scan}: inspects texts without a gateway. */
@Command(
    name = "scan",
    description = {
      "Inspects lines of JSON and writes a verdict on each, in order.",
      "A line is {id, text, zone?} or {id, path, body}; zone is user by default. A line that cannot"
          + " be read is answered with its error, and the exit status is 1 then."
    },
    mixinStandardHelpOptions = true)
public final class ScanCommand implements Callable<Integer> {
  private static final long PROGRESS_AFTER_NANOS = 2_000_000_000L;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "FILE",
      description = "The lines; standard input when left out.")
  private @Nullable Path file;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that inspect; all processors when left out.")
  private @Nullable Integer threads;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "The configuration file, of which detection and models are used; what is shipped when left"
              + " out.")
  private @Nullable Path config;

  @Option(
      names = "--profile",
      paramLabel = "NAME",
      description =
          "How sure the engine must be before it speaks of an attack: relaxed, balanced or strict."
              + " Default: what the configuration says, else balanced.")
  private @Nullable String profile;

  @Option(
      names = "--without",
      paramLabel = "STAGE",
      description =
          "Leaves a stage out, for example guard-minilm, the neural model; may be repeated.")
  private List<String> without = List.of();

  @Option(
      names = "--explain",
      description = "Adds to each verdict what every stage contributed to its score.")
  private boolean explain;

  @Override
  public Integer call() throws Exception {
    int count = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    if (count < 1 || count > 1024) {
      return refuse("--threads: expected a number from 1 to 1024, not " + count);
    }
    EngineOptions options;
    try {
      options = ConfiguredEngine.options(config);
    } catch (ConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return 2;
    }
    String named = profile;
    if (named != null) {
      try {
        options = options.with(Profile.valueOf(named.toUpperCase(Locale.ROOT)));
      } catch (IllegalArgumentException e) {
        return refuse("--profile: expected relaxed, balanced or strict, not " + named);
      }
    }
    for (String stage : without) {
      if (!DetectionEngine.BUILT_IN_STAGES.contains(stage)) {
        return refuse(
            "--without: expected one of "
                + String.join(", ", DetectionEngine.BUILT_IN_STAGES)
                + ", not "
                + stage);
      }
      options = options.without(stage);
    }
    Path from = file;
    try (InputStream in = from == null ? System.in : Files.newInputStream(from)) {
      PrintWriter out = spec.commandLine().getOut();
      DetectionEngine engine = ConfiguredEngine.loaded(options, spec.commandLine().getErr());
      Scanner scanner = Scanner.of(engine, count);
      if (explain) {
        scanner = scanner.explaining();
      }
      Progress progress = new Progress(spec.commandLine().getErr());
      Scanner.Summary summary =
          scanner.scan(
              new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8), 1 << 16),
              out,
              progress::lines);
      progress.end(summary);
      if (out.checkError()) {
        return refuse("the answers could not be written");
      }
      return summary.bad() == 0 ? 0 : 1;
    } catch (NoSuchFileException e) {
      return refuse(e.getFile() + ": no such file");
    } catch (IOException e) {
      return refuse(e.toString());
    }
  }

  private int refuse(String why) {
    spec.commandLine().getErr().println("scan: " + why);
    return 2;
  }

  /** Says on a terminal how far it is, and at the end what was read, always on standard error. */
  private static final class Progress {
    private final PrintWriter err;
    private final boolean terminal = Terminal.attached();
    private long next = System.nanoTime() + PROGRESS_AFTER_NANOS;

    Progress(PrintWriter err) {
      this.err = err;
    }

    void lines(long done) {
      if (terminal && System.nanoTime() - next > 0) {
        next += PROGRESS_AFTER_NANOS / 4;
        err.printf(Locale.ROOT, "\r%,d lines", done);
        err.flush();
      }
    }

    void end(Scanner.Summary summary) {
      err.printf(
          Locale.ROOT,
          "%s%,d lines, %,d flagged or blocked, %,d unreadable, %.1f s, %,.0f lines a second%n",
          terminal ? "\r" : "",
          summary.lines(),
          summary.flagged(),
          summary.bad(),
          summary.seconds(),
          summary.lines() / Math.max(summary.seconds(), 1e-9));
      err.flush();
    }
  }
}
