package io.llmtrace.cli;

import io.llmtrace.cli.alerts.AlertsCommand;
import io.llmtrace.cli.bench.BenchCommand;
import io.llmtrace.cli.chaos.ChaosCommand;
import io.llmtrace.cli.chaos.SoakCommand;
import io.llmtrace.cli.demo.DemoCommand;
import io.llmtrace.cli.deploy.HealthcheckCommand;
import io.llmtrace.cli.deploy.MigrateCommand;
import io.llmtrace.cli.deploy.MockProviderCommand;
import io.llmtrace.cli.deploy.TestGatewayCommand;
import io.llmtrace.cli.doctor.DoctorCommand;
import io.llmtrace.cli.gateway.GatewayCommand;
import io.llmtrace.cli.policy.PolicyCommand;
import io.llmtrace.cli.scan.ScanCommand;
import io.llmtrace.cli.up.UpCommand;
import io.llmtrace.runtime.logging.LogSetup;
import java.security.Security;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;

/** The command line's root; each subcommand is a class of its own. */
@Command(
    name = "llmtrace",
    description = "Security and observability for LLM traffic, beside your API gateway.",
    mixinStandardHelpOptions = true,
    version = "llmtrace 0.1.0-SNAPSHOT",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DemoCommand.class,
      UpCommand.class,
      ControlPlaneCommand.class,
      PluginCommand.class,
      MigrateCommand.class,
      ConfigCommand.class,
      GatewayCommand.class,
      DoctorCommand.class,
      PolicyCommand.class,
      AlertsCommand.class,
      CanaryCommand.class,
      AuditCommand.class,
      ScanCommand.class,
      BenchCommand.class,
      HealthcheckCommand.class,
      MockProviderCommand.class,
      TestGatewayCommand.class,
      ChaosCommand.class,
      SoakCommand.class,
      HelpCommand.class
    })
public final class Main {
  Main() {}

  public static void main(String[] args) {
    // Java remembers for ten seconds that a name does not resolve: an outage of DNS would outlive
    // its end by as much. Before any name is asked for.
    Security.setProperty("networkaddress.cache.negative.ttl", "1");
    // A process that reads a configuration sets its logging up again, as that says.
    LogSetup.configureCommand();
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main()).setUsageHelpAutoWidth(true);
  }
}
