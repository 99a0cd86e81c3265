package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.ChaosStack.Part;
import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.cli.stack.Readiness;
import io.llmtrace.cli.stack.StackFiles;
import io.llmtrace.cli.stack.StackPorts;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The stack's processes of ours, and how they are started. For one thread. */
final class Processes {
  private static final Duration START = Duration.ofMinutes(2);

  private final StackFiles files;
  private final StackPorts ports;
  private final int gatewayPort;
  private final Path hosts;
  private final Path logs;
  private final Map<Part, ChildProcess> running = new EnumMap<>(Part.class);
  private Path logTo;

  Processes(StackFiles files, StackPorts ports, int gatewayPort, Path hosts) throws IOException {
    this.files = files;
    this.ports = ports;
    this.gatewayPort = gatewayPort;
    this.hosts = hosts;
    this.logs = Files.createDirectories(files.directory().resolve("logs"));
    this.logTo = logs;
  }

  /**
   * How a process is started.
   *
   * @param config its configuration; the gateway has none
   * @param classPath its classes
   * @param options for its JVM, which win over the usual ones
   * @param environment added to ours
   */
  record Launch(
      Path config, String classPath, List<String> options, Map<String, String> environment) {
    Launch {
      options = List.copyOf(options);
      environment = Map.copyOf(environment);
    }

    Launch with(Path otherConfig) {
      return new Launch(otherConfig, classPath, options, environment);
    }

    Launch with(List<String> moreOptions, Map<String, String> moreEnvironment) {
      return new Launch(config, classPath, moreOptions, moreEnvironment);
    }

    /** With the classes of another version. */
    Launch of(String otherClassPath) {
      return new Launch(config, otherClassPath, options, environment);
    }
  }

  /** As they are when nothing is wrong. */
  Launch usual() {
    return new Launch(files.config(), System.getProperty("java.class.path"), List.of(), Map.of());
  }

  /** The one that was started last. */
  ChildProcess get(Part part) {
    ChildProcess process = running.get(part);
    if (process == null) {
      throw new IllegalStateException("the " + part.label() + " was never started");
    }
    return process;
  }

  /** Where processes that are started from now on write their logs. */
  void logTo(Path directory) {
    logTo = directory;
  }

  /** Where they usually do. */
  Path logs() {
    return logs;
  }

  /** Starts a process and waits until it is ready. */
  void start(Part part, Launch launch) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>();
    all.add("-Xmx" + part.heapMib() + "m");
    all.add("-Djdk.net.hosts.file=" + hosts);
    all.add("-Dsun.net.inetaddr.ttl=1");
    all.addAll(launch.options());
    ChildProcess process =
        ChildProcess.start(
            part.label(),
            logTo.resolve(part.label() + ".log"),
            launch.classPath(),
            all,
            launch.environment(),
            part == Part.GATEWAY ? GatewayMain.class.getName() : ChildProcess.LLMTRACE,
            part == Part.GATEWAY
                ? List.of(
                    files.routes().toString(),
                    files.socket().toString(),
                    Integer.toString(gatewayPort))
                : List.of(part.label(), "--config", launch.config().toString()));
    running.put(part, process);
    switch (part) {
      case CONTROL_PLANE ->
          Readiness.await(process, address(ports.controlPlane(), "/readyz"), START);
      case PLUGIN -> Readiness.await(process, address(ports.plugin(), "/health"), START);
      case GATEWAY -> awaitGateway(process);
    }
  }

  private static URI address(int port, String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  private void awaitGateway(ChildProcess process) throws IOException, InterruptedException {
    long end = System.nanoTime() + START.toNanos();
    while (process.alive() && System.nanoTime() < end) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gatewayPort)) {
        socket.getPort();
        return;
      } catch (ConnectException e) {
        // Nobody listens yet: that is what is waited for.
        Thread.sleep(50);
      }
    }
    throw new IOException("the gateway is not ready; it wrote:\n" + process.tail());
  }

  /** Starts what a fault has left dead; the names of what was started. */
  List<String> revive() throws IOException, InterruptedException {
    List<String> revived = new ArrayList<>();
    for (Part part : Part.values()) {
      if (!get(part).alive()) {
        start(part, usual());
        revived.add(part.label());
      }
    }
    return revived;
  }

  /** Ends all, the gateway first. */
  void close() throws IOException {
    for (Part part : List.of(Part.GATEWAY, Part.PLUGIN, Part.CONTROL_PLANE)) {
      ChildProcess process = running.remove(part);
      if (process != null) {
        // One that a fault stopped would not hear that it is to end.
        resume(process);
        process.close();
      }
    }
  }

  private static void resume(ChildProcess process) throws IOException {
    if (process.alive()) {
      try {
        Signals.send("CONT", List.of(process.pid()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
