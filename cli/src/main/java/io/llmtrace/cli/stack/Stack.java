package io.llmtrace.cli.stack;

import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Control plane, plugin and gateway, started in this order by whoever owns it. {@link #close} may
 * come from any thread, also while something starts; the rest is for one thread.
 */
public final class Stack implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Stack.class);

  /** A cold JVM with an embedded database, on a machine that builds at the same time. */
  private static final Duration START = Duration.ofMinutes(2);

  private final StackFiles files;
  private final StackPorts ports;
  private final Consumer<String> say;
  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final Thread lastResort = new Thread(this::closeAtExit, "stack-last-resort");
  private boolean closed;

  /**
   * A stack of which nothing runs yet.
   *
   * @param files with the configuration written
   * @param say takes a line on what is done
   */
  public Stack(StackFiles files, StackPorts ports, Consumer<String> say) {
    this.files = files;
    this.ports = ports;
    this.say = say;
    Runtime.getRuntime().addShutdownHook(lastResort);
  }

  /** Starts the control plane; {@link #awaitControlPlane} waits for it. */
  public ChildProcess startControlPlane() throws IOException {
    return start("control plane", "control-plane");
  }

  /**
   * Waits until it is ready.
   *
   * @throws IOException with what it wrote, when it is not in time
   */
  public void awaitControlPlane(ChildProcess controlPlane)
      throws IOException, InterruptedException {
    Readiness.await(controlPlane, local(ports.controlPlane(), "/readyz"), START);
  }

  /** Starts the plugin; {@link #awaitPlugin} waits for it. */
  public ChildProcess startPlugin() throws IOException {
    return start("plugin", "plugin");
  }

  /**
   * Waits until it is ready.
   *
   * @throws IOException with what it wrote, when it is not in time
   */
  public void awaitPlugin(ChildProcess plugin) throws IOException, InterruptedException {
    Readiness.await(plugin, local(ports.plugin(), "/health"), START);
  }

  /** Starts the control plane, then the plugin, and waits for both. */
  public List<ChildProcess> startProcesses() throws IOException, InterruptedException {
    say.accept("starting the control plane (embedded PostgreSQL) …");
    ChildProcess controlPlane = startControlPlane();
    awaitControlPlane(controlPlane);
    say.accept("starting the plugin …");
    ChildProcess plugin = startPlugin();
    awaitPlugin(plugin);
    return List.of(controlPlane, plugin);
  }

  /**
   * Starts a gateway with one route.
   *
   * @throws IOException when the routes cannot be written, the port is not free or the certificates
   *     of an upstream cannot be read
   */
  public TestGateway startGateway(GatewayRoute route, Options options) throws IOException {
    files.writeRoutes(route, ports);
    TestGateway gateway = TestGateway.start(files.routes(), options);
    own(gateway);
    return gateway;
  }

  /** Closes something with the stack, before all that it owns already. */
  public void own(AutoCloseable part) throws IOException {
    synchronized (this) {
      if (!closed) {
        running.push(part);
        return;
      }
    }
    stop(part);
    throw new IOException("stopped while starting");
  }

  private ChildProcess start(String name, String command) throws IOException {
    ChildProcess child =
        ChildProcess.start(
            name,
            files.log(command),
            ChildProcess.LLMTRACE,
            List.of(command, "--config", files.config().toString()));
    // An interrupted command stops them in their order, so that records on their way arrive.
    child.leaveToOwner();
    own(child);
    return child;
  }

  @Override
  public void close() throws IOException {
    Deque<AutoCloseable> parts;
    synchronized (this) {
      closed = true;
      parts = new ArrayDeque<>(running);
      running.clear();
    }
    try {
      while (!parts.isEmpty()) {
        stop(parts.pop());
      }
    } finally {
      forgetHook();
    }
  }

  private void closeAtExit() {
    try {
      close();
    } catch (IOException e) {
      // The last boundary: nobody is left to hand it to.
      LOG.error("did not stop cleanly", e);
    }
  }

  private void forgetHook() {
    try {
      Runtime.getRuntime().removeShutdownHook(lastResort);
    } catch (IllegalStateException e) {
      LOG.debug("stops with this process", e);
    }
  }

  private static void stop(AutoCloseable part) throws IOException {
    try {
      part.close();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      // None of the parts throws another; the interface they share would let them.
      throw new IOException("a part of the stack did not stop", e);
    }
  }

  private static URI local(int port, String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }
}
