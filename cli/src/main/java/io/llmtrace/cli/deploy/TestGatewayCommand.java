package io.llmtrace.cli.deploy;

import io.llmtrace.cli.stack.Shutdown;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code test-gateway}: the test gateway over a route file of APISIX, until it is told to stop; so
 * that a deployment's own routes are run where no APISIX is.
 */
@Command(
    name = "test-gateway",
    hidden = true,
    description = {
      "A small gateway on loopback that reads APISIX's standalone routes and speaks its plugin"
          + " protocol; to try a route file, not for production."
    },
    mixinStandardHelpOptions = true)
public final class TestGatewayCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(
      names = "--routes",
      paramLabel = "FILE",
      required = true,
      description = "An apisix.yaml, with its #END.")
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private Path routes;

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      required = true,
      description = "The plugin's socket: plugin.socket of its configuration.")
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private Path socket;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "9080",
      description = "0 takes a free one. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Override
  public Integer call() throws InterruptedException {
    TestGateway gateway;
    try {
      gateway = TestGateway.start(routes, Options.of(socket).withPort(port));
    } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
      spec.commandLine().getErr().println(routes + ": " + e.getMessage());
      return 1;
    }
    spec.commandLine().getOut().printf("gateway listens on 127.0.0.1:%d%n", gateway.port());
    spec.commandLine().getOut().flush();
    Shutdown.await(gateway);
    return 0;
  }
}
