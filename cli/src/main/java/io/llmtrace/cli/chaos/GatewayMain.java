package io.llmtrace.cli.chaos;

import io.llmtrace.cli.stack.Shutdown;
import io.llmtrace.runtime.config.LoggingConfig;
import io.llmtrace.runtime.logging.LogSetup;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.nio.file.Path;

/** The test gateway as a process of its own: routes, socket of the plugin, port. */
public final class GatewayMain {
  private GatewayMain() {}

  public static void main(String[] args) throws Exception {
    LogSetup.configure(
        new LoggingConfig(LoggingConfig.Level.WARN, LoggingConfig.Format.TEXT), "chaos_gateway");
    TestGateway gateway =
        TestGateway.start(
            Path.of(args[0]), Options.of(Path.of(args[1])).withPort(Integer.parseInt(args[2])));
    Shutdown.await(gateway);
  }
}
