package io.llmtrace.cli.deploy;

import io.llmtrace.cli.stack.Shutdown;
import io.llmtrace.testkit.provider.MockProvider;
import io.llmtrace.testkit.provider.Pacing;
import io.llmtrace.testkit.provider.UsageBlocks;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mock-provider}: the demo's model provider as a process, until it is told to stop. */
@Command(
    name = "mock-provider",
    hidden = true,
    description = {
      "A provider that speaks OpenAI's and Anthropic's APIs and makes its answers up; for demos.",
      "It asks for no key and serves whoever reaches it."
    },
    mixinStandardHelpOptions = true)
public final class MockProviderCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(
      names = "--bind",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "Default: ${DEFAULT-VALUE}.")
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private String bind;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "8000",
      description = "0 takes a free one. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Override
  public Integer call() throws InterruptedException {
    if (port < 0 || port > 65_535) {
      spec.commandLine().getErr().println("--port: expected 0 to 65535, was " + port);
      return 2;
    }
    MockProvider provider;
    try {
      provider = MockProvider.start(bind, port, Pacing.FAST, UsageBlocks.ALWAYS);
    } catch (IOException e) {
      spec.commandLine().getErr().println(e.getMessage() + reason(e));
      return 1;
    }
    spec.commandLine().getOut().printf("mock provider listens on %s:%d%n", bind, provider.port());
    spec.commandLine().getOut().flush();
    Shutdown.await(provider);
    return 0;
  }

  private static String reason(IOException e) {
    return e.getCause() == null ? "" : ": " + e.getCause().getMessage();
  }
}
