package io.llmtrace.cli.alerts;

import io.llmtrace.controlplane.alerts.rules.RuleBook;
import io.llmtrace.controlplane.alerts.rules.RuleTests;
import io.llmtrace.runtime.config.AlertRuleFile;
import io.llmtrace.runtime.config.ConfigException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code alerts}: what people do about incidents, by a control plane's API; and {@code alerts
 * validate} and {@code alerts test}, which look at files of alert rules and ask nobody.
 */
@Command(
    name = "alerts",
    description = {
      "Asks a control plane about incidents, silences, channels and deliveries, and acts on them;"
          + " looks at files of alert rules.",
      "What asks ends with 1 where the control plane refuses, with 2 where an argument is wrong, and"
          + " with 3 where there is no control plane."
    },
    subcommands = {
      IncidentCommands.Incidents.class,
      IncidentCommands.Show.class,
      IncidentCommands.Acknowledge.class,
      IncidentCommands.Resolve.class,
      IncidentCommands.Comment.class,
      SilenceCommands.Silence.class,
      SilenceCommands.Silences.class,
      SilenceCommands.EndSilence.class,
      ChannelCommands.Channels.class,
      ChannelCommands.Try.class,
      ChannelCommands.Preview.class,
      ChannelCommands.Deliveries.class,
      ChannelCommands.Retry.class
    },
    mixinStandardHelpOptions = true)
public final class AlertsCommand {
  private static final int WRONG = 2;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  private record Read(List<AlertRuleFile> files, RuleBook book) {}

  @Command(
      name = "validate",
      description =
          "Says what is wrong with files of alert rules, one line a problem; starts nothing. Files"
              + " that are used together are given together.",
      mixinStandardHelpOptions = true)
  int validate(@Parameters(paramLabel = "FILE", arity = "1..*") List<Path> files) {
    Read read = read(files);
    if (read == null) {
      return WRONG;
    }
    for (AlertRuleFile file : read.files()) {
      spec.commandLine().getOut().println(file.file() + ": fine");
    }
    return 0;
  }

  @Command(
      name = "test",
      description = {
        "Runs the tests in files of alert rules on a simulated clock; starts nothing.",
        "Ends with 1 if one fails, and with 2 if a file is wrong."
      },
      mixinStandardHelpOptions = true)
  int test(@Parameters(paramLabel = "FILE", arity = "1..*") List<Path> files) {
    Read read = read(files);
    if (read == null) {
      return WRONG;
    }
    PrintWriter out = spec.commandLine().getOut();
    int failed = 0;
    int ran = 0;
    for (AlertRuleFile file : read.files()) {
      for (RuleTests.Result result : RuleTests.run(read.book(), file)) {
        ran++;
        failed += result.failures().isEmpty() ? 0 : 1;
        out.println((result.failures().isEmpty() ? "ok    " : "FAIL  ") + result.name());
        result.failures().forEach(failure -> spec.commandLine().getErr().println(failure));
      }
    }
    out.println(ran + " tests, " + failed + " failed");
    return failed == 0 ? 0 : 1;
  }

  /** Null where something is wrong, which was told. */
  private @Nullable Read read(List<Path> paths) {
    try {
      List<AlertRuleFile> files = new ArrayList<>();
      for (Path path : paths) {
        files.add(AlertRuleFile.load(path, System.getenv()));
      }
      return new Read(files, RuleBook.of(Map.of(), files));
    } catch (ConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return null;
    }
  }
}
