package io.llmtrace.cli.up;

import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.cli.stack.GatewayRoute;
import io.llmtrace.cli.stack.Stack;
import io.llmtrace.cli.stack.StackFiles;
import io.llmtrace.cli.stack.StackPorts;
import io.llmtrace.runtime.files.PrivateFiles;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One {@code up} from its start to its end. {@link #close} may come from any thread, also while it
 * starts; the rest is for one thread.
 */
final class UpRun implements AutoCloseable {
  /** How long the official clients wait for an answer by default. */
  private static final Duration SILENCE = Duration.ofMinutes(10);

  /**
   * Between the end of a child and the word on it: Ctrl-C reaches children and us at the same time,
   * and theirs is then no news.
   */
  private static final Duration DOUBT = Duration.ofMillis(500);

  private final UpSettings settings;
  private final StackFiles files;
  private final StackPorts ports;
  private final Stack stack;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private volatile boolean closing;
  private @Nullable TestGateway gateway;

  private UpRun(UpSettings settings, StackFiles files, StackPorts ports, Consumer<String> say) {
    this.settings = settings;
    this.files = files;
    this.ports = ports;
    this.stack = new Stack(files, ports, say);
  }

  /**
   * Takes the data directory and writes the configuration; nothing runs yet.
   *
   * @throws IOException when a port or the directory is in use, or a file cannot be written
   */
  static UpRun prepare(UpSettings settings, UserConfig config, Consumer<String> say)
      throws IOException {
    settings.ca().ifPresent(UpRun::readable);
    StackFiles files = StackFiles.in(settings.data());
    UpRun run = new UpRun(settings, files, config.ports(), say);
    run.stack.own(lock(files.directory()));
    try {
      free(settings.port(), "--port takes another, 0 any free one");
      free(config.ports().controlPlane(), "control_plane.port of the configuration names it");
      free(config.ports().admin(), "control_plane.admin_port of the configuration names it");
      free(config.ports().plugin(), "plugin.port of the configuration names it");
      files.writeConfig(config.text(), config.ports());
      return run;
    } catch (IOException e) {
      run.close();
      throw e;
    }
  }

  /**
   * Starts everything and waits until it is ready.
   *
   * @throws IOException with what the part that failed wrote
   */
  void start() throws IOException, InterruptedException {
    for (ChildProcess child : stack.startProcesses()) {
      var unused = child.ended().thenRun(() -> died(child));
    }
    Options options = Options.of(files.socket()).withPort(settings.port());
    Options trusting = settings.ca().map(options::withUpstreamCa).orElse(options);
    GatewayRoute route =
        new GatewayRoute("up", settings.enforcement().conf(), true, settings.upstream(), SILENCE);
    try {
      gateway = stack.startGateway(route, trusting);
    } catch (UncheckedIOException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  TestGateway gateway() {
    if (gateway == null) {
      throw new IllegalStateException("not started");
    }
    return gateway;
  }

  Stack stack() {
    return stack;
  }

  StackFiles files() {
    return files;
  }

  /** Completes with a failure that says why, when a process of the stack has ended by itself. */
  CompletableFuture<Void> ended() {
    return ended;
  }

  /** Whether it is told to stop: what fails from then on is no news. */
  boolean closing() {
    return closing;
  }

  /** What to set, and where to look. */
  String banner() {
    boolean observing = settings.enforcement() == UpSettings.Enforcement.OBSERVE;
    return """

    Up, in front of %1$s. %2$s
    For a client, set one of:
      OPENAI_BASE_URL=http://127.0.0.1:%3$d/v1
      ANTHROPIC_BASE_URL=http://127.0.0.1:%3$d

    health    http://127.0.0.1:%4$d/health  http://127.0.0.1:%5$d/health (plugin)
    metrics   http://127.0.0.1:%4$d/metrics
    findings  curl -s http://127.0.0.1:%4$d/api/v1/findings -H "Authorization: Bearer $(cat '%6$s')"
    logs and data in %7$s
    Press Ctrl-C to stop it.
    """
        .formatted(
            settings.upstream(),
            observing
                ? "It observes: nothing is blocked (--enforce blocks)."
                : "It enforces: what the policy blocks does not reach the provider.",
            gateway().port(),
            ports.controlPlane(),
            ports.plugin(),
            files.adminKey(),
            files.directory());
  }

  private void died(ChildProcess child) {
    CompletableFuture.delayedExecutor(DOUBT.toMillis(), TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              if (!closing) {
                ended.completeExceptionally(
                    new IOException(
                        "the "
                            + child.name()
                            + " "
                            + child.ending()
                            + "; it wrote last:\n"
                            + child.tail()));
              }
            });
  }

  @Override
  public void close() throws IOException {
    closing = true;
    stack.close();
  }

  private static void readable(Path ca) {
    if (!Files.isReadable(ca)) {
      throw new IllegalArgumentException(
          "--ca " + ca + ": expected a file of certificates in PEM form that can be read");
    }
  }

  /** Two on the same data would take each other's database and records. */
  private static FileChannel lock(Path directory) throws IOException {
    Path file = directory.resolve("up.lock");
    PrivateFiles.createOrRead(file, new byte[0]);
    FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
    @Nullable FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      channel.close();
      throw new IOException(
          directory + " is in use by another \"llmtrace up\"; --data takes another directory");
    }
    return channel;
  }

  private static void free(int port, String advice) throws IOException {
    if (port == 0) {
      return;
    }
    try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      probe.setReuseAddress(true);
    } catch (IOException e) {
      throw new IOException("port " + port + " on 127.0.0.1: " + e.getMessage() + "; " + advice, e);
    }
  }
}
