package io.llmtrace.cli.deploy;

import io.llmtrace.controlplane.storage.DatabaseSetupException;
import io.llmtrace.controlplane.storage.Migrations;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.logging.LogSetup;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code migrate}: the database's schema, before a rollout. Exit code 0 when it is at this version,
 * 1 when it could not be brought there, 2 for a wrong configuration.
 */
@Command(
    name = "migrate",
    description = {
      "Brings the database to this version's schema and ends; for a job before a rollout.",
      "A control plane does the same when it starts: of several at once one works, others wait.",
      "Of the files with secrets that the configuration names, the database's alone are opened."
    },
    mixinStandardHelpOptions = true)
public final class MigrateCommand implements Callable<Integer> {
  private static final int LONGEST_WAIT_SECONDS = 3_600;
  private static final long PAUSE_MILLIS = 1_000;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      required = true,
      description = "The configuration file of the control plane.")
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private Path file;

  @Option(
      names = "--wait",
      paramLabel = "SECONDS",
      defaultValue = "0",
      description = "How long to wait for a database that cannot be reached. Default: 0.")
  private int waitSeconds;

  @Override
  public Integer call() throws Exception {
    PrintWriter err = spec.commandLine().getErr();
    if (waitSeconds < 0 || waitSeconds > LONGEST_WAIT_SECONDS) {
      err.println("--wait: expected 0 to " + LONGEST_WAIT_SECONDS + " seconds, was " + waitSeconds);
      return 2;
    }
    LlmtraceConfig config;
    try {
      config = ConfigFile.load(file, System.getenv(), ConfigFile.Role.MIGRATION);
    } catch (ConfigException e) {
      err.println(e.getMessage());
      return 2;
    }
    LogSetup.configure(config.logging(), "llmtrace_control_plane");
    try {
      Migrations.Result result = migrate(config, err);
      spec.commandLine()
          .getOut()
          .printf("the database is at this version; %d changesets were new%n", result.applied());
      return 0;
    } catch (DatabaseSetupException e) {
      err.println(e.getMessage());
    } catch (SQLException e) {
      String where = config.controlPlane().database().url() == null ? "embedded" : "configured";
      err.printf("the %s database cannot be used: %s%n", where, firstLine(e));
    }
    return 1;
  }

  private Migrations.Result migrate(LlmtraceConfig config, PrintWriter err) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(waitSeconds);
    boolean told = false;
    while (true) {
      try {
        return Migrations.run(config.controlPlane());
      } catch (SQLException e) {
        if (!isAway(e) || System.nanoTime() - end >= 0) {
          throw e;
        }
        if (!told) {
          err.println("waiting for the database: " + firstLine(e));
          told = true;
        }
        Thread.sleep(PAUSE_MILLIS);
      }
    }
  }

  /** Not there or not yet: what is wrong otherwise does not mend itself by waiting. */
  private static boolean isAway(SQLException e) {
    String state = stateOf(e);
    return state != null && (state.startsWith("08") || state.equals("57P03"));
  }

  private static @Nullable String stateOf(SQLException e) {
    if (e.getSQLState() == null && e.getCause() instanceof SQLException cause) {
      return cause.getSQLState();
    }
    return e.getSQLState();
  }

  private static String firstLine(SQLException e) {
    String message = String.valueOf(e.getMessage());
    return message.lines().findFirst().orElse(message);
  }
}
