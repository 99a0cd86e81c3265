package io.llmtrace.cli.demo;

import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.cli.stack.GatewayRoute;
import io.llmtrace.cli.stack.Stack;
import io.llmtrace.cli.stack.StackFiles;
import io.llmtrace.cli.stack.StackPorts;
import io.llmtrace.cli.stack.UpstreamUrl;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import io.llmtrace.testkit.provider.MockProvider;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * What a demo runs on: control plane and plugin as JVMs of their own, gateway and provider in this
 * one. For one thread, but {@link #close}.
 */
final class DemoStack implements AutoCloseable {
  /** The gateway's only route. */
  static final String ROUTE = "demo";

  private static final Duration SILENCE = Duration.ofSeconds(60);

  private final StackFiles files;
  private final StackPorts ports;
  private final Stack stack;
  private final MockProvider provider;
  private final TestGateway gateway;
  private ChildProcess controlPlane;

  private DemoStack(
      StackFiles files,
      StackPorts ports,
      Stack stack,
      MockProvider provider,
      TestGateway gateway,
      ChildProcess controlPlane) {
    this.files = files;
    this.ports = ports;
    this.stack = stack;
    this.provider = provider;
    this.gateway = gateway;
    this.controlPlane = controlPlane;
  }

  /**
   * Starts everything; what was started is stopped when something does not start.
   *
   * @param settings configuration of both processes, YAML; where they listen and keep their data is
   *     put over it
   * @param say takes a line on what is done
   * @throws IOException with what a process wrote, when it does not become ready
   */
  static DemoStack start(Path directory, String settings, Consumer<String> say)
      throws IOException, InterruptedException {
    StackFiles files = StackFiles.in(directory);
    StackPorts ports = StackPorts.free();
    files.writeConfig(settings, ports);
    Stack stack = new Stack(files, ports, say);
    try {
      ChildProcess controlPlane = stack.startProcesses().get(0);
      MockProvider provider = MockProvider.start();
      stack.own(provider);
      TestGateway gateway =
          stack.startGateway(
              new GatewayRoute(
                  ROUTE,
                  "{\"mode\":\"enforce\",\"budget_ms\":2000}",
                  false,
                  new UpstreamUrl("http", "127.0.0.1", provider.port(), ""),
                  SILENCE),
              Options.of(files.socket()));
      return new DemoStack(files, ports, stack, provider, gateway, controlPlane);
    } catch (IOException | InterruptedException | RuntimeException e) {
      try {
        stack.close();
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  StackFiles files() {
    return files;
  }

  MockProvider provider() {
    return provider;
  }

  /** Where clients send their requests. */
  URI gateway() {
    return local(gateway.port());
  }

  URI controlPlane() {
    return local(ports.controlPlane());
  }

  /** The plugin's health, metrics and tap. */
  URI plugin() {
    return local(ports.plugin());
  }

  /** The control plane's API with an administrator's key. */
  ControlPlaneApi api() throws IOException {
    return new ControlPlaneApi(controlPlane(), Files.readString(files.adminKey()).trim());
  }

  /** Kills the control plane, as {@code kill -9} does. */
  void killControlPlane() throws InterruptedException {
    controlPlane.kill();
  }

  /** Starts the control plane again; {@link #awaitControlPlane} waits for it. */
  void restartControlPlane() throws IOException {
    controlPlane = stack.startControlPlane();
  }

  void awaitControlPlane() throws IOException, InterruptedException {
    stack.awaitControlPlane(controlPlane);
  }

  @Override
  public void close() throws IOException {
    stack.close();
  }

  private static URI local(int port) {
    return URI.create("http://127.0.0.1:" + port);
  }
}
