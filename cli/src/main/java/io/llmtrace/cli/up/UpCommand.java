package io.llmtrace.cli.up;

import io.llmtrace.cli.stack.Shutdown;
import io.llmtrace.cli.stack.StackPorts;
import io.llmtrace.cli.stack.UpstreamUrl;
import io.llmtrace.cli.up.UpSettings.Enforcement;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.testkit.provider.MockProvider;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code up}: the stack in front of a real provider, until it is told to stop. */
@Command(
    name = "up",
    description =
        "Runs control plane, plugin and a gateway in front of a provider, on loopback, until"
            + " Ctrl-C. A client needs only another base URL.",
    mixinStandardHelpOptions = true)
public final class UpCommand implements Callable<Integer> {
  private static final int MAX_PORT = 65_535;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(
      names = "--upstream",
      paramLabel = "URL",
      description =
          "The provider, such as https://api.openai.com; a path in it is put before the client's.")
  private @Nullable String upstream;

  @Option(
      names = "--mock",
      description =
          "Instead of --upstream: a made-up provider on this machine, which answers each request as"
              + " the APIs of OpenAI and Anthropic do, with the same few words and without a key.")
  private boolean mock;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "9080",
      description = "Where the gateway listens on 127.0.0.1; 0 picks a free one. Default: 9080.")
  private int port;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description =
          "Certificates (PEM) that the upstream's must come from, instead of those that Java"
              + " trusts.")
  private @Nullable Path ca;

  @Option(
      names = "--enforce",
      description = "Blocks what the policy blocks. Without it everything passes and is recorded.")
  private boolean enforce;

  @Option(
      names = "--block-style",
      paramLabel = "STYLE",
      defaultValue = "error",
      description =
          "With --enforce, how a block is answered: error (the default), refusal or forbidden.")
  private String blockStyle = "error";

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "A configuration as llmtrace.example.yaml; ports that it names are used.")
  private @Nullable Path config;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "data/up",
      description = "Where data, keys and logs are kept. Default: data/up.")
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private Path data;

  @Override
  public Integer call() throws Exception {
    PrintWriter err = spec.commandLine().getErr();
    UpRun run;
    @Nullable MockProvider provider = null;
    try {
      if (mock == (upstream != null)) {
        throw new IllegalArgumentException(
            "expected either --upstream URL, or --mock for a made-up provider");
      }
      provider = mock ? MockProvider.start() : null;
      UpSettings settings = settings(provider);
      // Where documentation says that they are; with a free port for the gateway all are free ones.
      StackPorts others = port == 0 ? StackPorts.free() : StackPorts.standard();
      UserConfig user = UserConfig.read(settings.config(), System.getenv(), others);
      user.taken()
          .forEach(
              key -> err.println(key + " of " + config + " has no effect here: up has its own"));
      run = UpRun.prepare(settings, user, this::say);
      if (provider != null) {
        run.stack().own(provider);
        say("a made-up provider answers at http://127.0.0.1:" + provider.port());
      }
    } catch (ConfigException | IllegalArgumentException e) {
      err.println(e.getMessage());
      close(provider);
      return 2;
    } catch (IOException e) {
      err.println(e.getMessage());
      close(provider);
      return 1;
    }
    CompletableFuture<Void> over = new CompletableFuture<>();
    Thread starting = new Thread(() -> start(run, over, err), "up");
    starting.setDaemon(true);
    starting.start();
    Shutdown.await(run, over);
    return 0;
  }

  /** Apart from the main thread, which waits for the end: Ctrl-C may come before it is up. */
  private void start(UpRun run, CompletableFuture<Void> over, PrintWriter err) {
    try {
      run.start();
      say(run.banner().stripTrailing());
      run.ended().join();
    } catch (IOException | InterruptedException | RuntimeException e) {
      if (!run.closing()) {
        Throwable cause = e.getCause() instanceof IOException inner ? inner : e;
        err.println(cause.getMessage());
        err.flush();
      }
      over.completeExceptionally(e);
    }
  }

  private static void close(@Nullable MockProvider provider) {
    if (provider != null) {
      provider.close();
    }
  }

  private UpSettings settings(@Nullable MockProvider provider) {
    UpstreamUrl url;
    try {
      url =
          provider == null
              ? UpstreamUrl.parse(Objects.requireNonNull(upstream))
              : new UpstreamUrl("http", "127.0.0.1", provider.port(), "");
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--upstream: " + e.getMessage(), e);
    }
    if (port < 0 || port > MAX_PORT) {
      throw new IllegalArgumentException("--port: expected a number from 0 to 65535, got " + port);
    }
    return new UpSettings(
        url, port, Optional.ofNullable(ca), enforcement(), Optional.ofNullable(config), data);
  }

  private Enforcement enforcement() {
    Enforcement style =
        switch (blockStyle) {
          case "error" -> Enforcement.ERROR;
          case "refusal" -> Enforcement.REFUSAL;
          case "forbidden" -> Enforcement.FORBIDDEN;
          default ->
              throw new IllegalArgumentException(
                  "--block-style: expected error, refusal or forbidden, got " + blockStyle);
        };
    if (!enforce && style != Enforcement.ERROR) {
      throw new IllegalArgumentException("--block-style: has an effect with --enforce only");
    }
    return enforce ? style : Enforcement.OBSERVE;
  }

  private void say(String line) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(line);
    out.flush();
  }
}
