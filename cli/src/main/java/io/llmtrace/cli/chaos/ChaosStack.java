package io.llmtrace.cli.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.cli.Main;
import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.cli.stack.Readiness;
import io.llmtrace.cli.stack.StackFiles;
import io.llmtrace.cli.stack.StackPorts;
import io.llmtrace.policies.wire.WireJson;
import io.llmtrace.testkit.faults.FaultProxy;
import io.llmtrace.testkit.provider.MockProvider;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Database, control plane, plugin and gateway as processes of their own, the provider in this one,
 * with a fault proxy on each way between them. For one thread, but {@link #close}.
 */
final class ChaosStack implements AutoCloseable {
  private static final Duration START = Duration.ofMinutes(2);
  private static final Duration LONGEST = Duration.ofSeconds(5);
  private static final String CONTROL_PLANE_NAME = "control-plane.chaos.test";

  /**
   * Short times, so that a fault and its end are felt in a run of minutes; the budget is wider than
   * in production, as a machine that runs all of this at once is slow.
   */
  private static final String SETTINGS =
      """
      logging: {level: info, format: json}
      circuit_breaker: {recovery_timeout_ms: 2000}
      control_plane:
        database: {url: "%s"}
      plugin:
        node: chaos
        budget_ms: 2000
        report_interval_ms: 1000
        spool: {flush_interval_ms: 200, max_bytes: 8MiB}
        answers: {budget_ms: 2000}
      """;

  /** A process that faults are done to. */
  enum Part {
    CONTROL_PLANE("control-plane", 384),
    PLUGIN("plugin", 384),
    GATEWAY("gateway", 256);

    private final String label;
    private final int heapMib;

    Part(String label, int heapMib) {
      this.label = label;
      this.heapMib = heapMib;
    }

    String label() {
      return label;
    }
  }

  /** A way between two processes. */
  enum Link {
    CONTROL_PLANE,
    DATABASE,
    PROVIDER
  }

  private final StackFiles files;
  private final StackPorts ports;
  private final int gatewayPort = StackPorts.freePort();
  private final Volume spool;
  private final Volume fullLogs;
  private final Path logs;
  private Path logTo;
  private final Path hosts;
  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final Map<Part, ChildProcess> processes = new EnumMap<>(Part.class);
  private final Map<Link, FaultProxy> links = new EnumMap<>(Link.class);
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(LONGEST).build();
  private final Database database;
  private final LogTee tee;

  private ChaosStack(Path directory, Machine machine) throws IOException, InterruptedException {
    files = StackFiles.in(directory);
    ports = StackPorts.free();
    Files.createDirectories(directory);
    spool = own(Volume.at(directory.resolve("plugin/spool"), 16, machine));
    logs = Files.createDirectories(directory.resolve("logs"));
    logTo = logs;
    fullLogs = own(Volume.at(directory.resolve("full-logs"), 1, machine));
    hosts = directory.resolve("hosts");
    names(true);
    database = own(Database.start(directory.resolve("postgres")));
    links.put(Link.DATABASE, database.proxy());
    links.put(Link.CONTROL_PLANE, own(FaultProxy.before(ports.controlPlane())));
    MockProvider provider = own(MockProvider.start());
    links.put(Link.PROVIDER, own(FaultProxy.before(provider.port())));
    tee = own(LogTee.before(plugin("/tap")));
    files.writeConfig(
        SETTINGS.formatted(database.proxiedUrl()),
        ports,
        URI.create("http://" + CONTROL_PLANE_NAME + ":" + link(Link.CONTROL_PLANE).port()));
    Files.writeString(files.routes(), routes());
  }

  /**
   * Starts everything; what was started is stopped when something does not start.
   *
   * @param directory an empty one
   */
  static ChaosStack start(Path directory, Machine machine, Consumer<String> say)
      throws IOException, InterruptedException {
    say.accept("starting database, control plane, plugin and gateway …");
    ChaosStack stack = new ChaosStack(directory, machine);
    try {
      stack.start(Part.CONTROL_PLANE);
      for (String tenant : List.of("acme", "globex")) {
        stack.makeTenant(tenant);
      }
      stack.start(Part.PLUGIN);
      stack.start(Part.GATEWAY);
      return stack;
    } catch (IOException | InterruptedException | RuntimeException e) {
      try {
        stack.close();
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  private <T extends AutoCloseable> T own(T part) {
    synchronized (running) {
      running.push(part);
    }
    return part;
  }

  int gatewayPort() {
    return gatewayPort;
  }

  StackFiles files() {
    return files;
  }

  Database database() {
    return database;
  }

  LogTee tee() {
    return tee;
  }

  Volume spool() {
    return spool;
  }

  /** Where logs go that are to have no room. */
  Volume fullLogs() {
    return fullLogs;
  }

  /** The plugin's data. */
  Path pluginData() {
    return files.directory().resolve("plugin");
  }

  /** Where processes that are started from now on write their logs. */
  void logTo(Path directory) {
    logTo = directory;
  }

  /** Where they usually do. */
  Path logs() {
    return logs;
  }

  FaultProxy link(Link link) {
    FaultProxy proxy = links.get(link);
    if (proxy == null) {
      throw new IllegalStateException("no proxy on the way " + link);
    }
    return proxy;
  }

  ChildProcess process(Part part) {
    ChildProcess process = processes.get(part);
    if (process == null) {
      throw new IllegalStateException("the " + part.label() + " was never started");
    }
    return process;
  }

  /** Starts a process and waits until it is ready. */
  void start(Part part) throws IOException, InterruptedException {
    start(part, List.of(), Map.of());
  }

  /** The same with options for its JVM, which win over its usual ones, and its environment. */
  void start(Part part, List<String> options, Map<String, String> environment)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>();
    all.add("-Xmx" + part.heapMib + "m");
    all.add("-Djdk.net.hosts.file=" + hosts);
    all.add("-Dsun.net.inetaddr.ttl=1");
    all.add("-Dsun.net.inetaddr.negative.ttl=0");
    all.addAll(options);
    ChildProcess process =
        ChildProcess.start(
            part.label(),
            logTo.resolve(part.label() + ".log"),
            all,
            environment,
            part == Part.GATEWAY ? GatewayMain.class.getName() : Main.class.getName(),
            part == Part.GATEWAY
                ? List.of(
                    files.routes().toString(),
                    files.socket().toString(),
                    Integer.toString(gatewayPort))
                : List.of(part.label(), "--config", files.config().toString()));
    processes.put(part, process);
    switch (part) {
      case CONTROL_PLANE -> Readiness.await(process, controlPlane("/readyz"), START);
      case PLUGIN -> Readiness.await(process, plugin("/health"), START);
      case GATEWAY -> awaitGateway(process);
    }
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

  /** Takes the name of the control plane out of what processes resolve names by, or puts it in. */
  void names(boolean known) throws IOException {
    Files.writeString(
        hosts, "127.0.0.1 localhost\n" + (known ? "127.0.0.1 " + CONTROL_PLANE_NAME + "\n" : ""));
  }

  /** What the plugin says of itself. */
  JsonNode pluginHealth() throws IOException, InterruptedException {
    return json(plugin("/health"));
  }

  /** What the control plane says of itself. */
  JsonNode controlPlaneHealth() throws IOException, InterruptedException {
    return json(controlPlane("/health"));
  }

  /** Whether the control plane is able to serve. */
  boolean controlPlaneReady() throws InterruptedException {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(controlPlane("/readyz")).timeout(LONGEST).build();
      return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      // Not there is not ready.
      return false;
    }
  }

  private URI controlPlane(String path) {
    return local(ports.controlPlane(), path);
  }

  private URI plugin(String path) {
    return local(ports.plugin(), path);
  }

  private JsonNode json(URI address) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(address).timeout(LONGEST).GET().build();
    return WireJson.mapper()
        .readTree(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
  }

  private void makeTenant(String name) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(controlPlane("/api/v1/tenants"))
            .timeout(LONGEST)
            .header("content-type", "application/json")
            .header("authorization", "Bearer " + Files.readString(files.adminKey()).strip())
            .POST(HttpRequest.BodyPublishers.ofString("{\"id\":\"" + name + "\"}"))
            .build();
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 201) {
      throw new IOException("tenant " + name + ": " + answer.statusCode() + " " + answer.body());
    }
  }

  private String routes() throws IOException {
    StringBuilder routes = new StringBuilder("routes:\n");
    routes.append(ChaosRoutes.route("acme", "acme", true, tee.port(), files, provider()));
    routes.append(ChaosRoutes.route("globex", "globex", true, tee.port(), files, provider()));
    routes.append(ChaosRoutes.route("closed", "acme", false, tee.port(), files, provider()));
    routes.append(ChaosRoutes.route("probe", "acme", true, tee.port(), files, provider()));
    return routes.append("#END\n").toString();
  }

  private int provider() {
    return link(Link.PROVIDER).port();
  }

  private static URI local(int port, String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (Part part : List.of(Part.GATEWAY, Part.PLUGIN, Part.CONTROL_PLANE)) {
      ChildProcess process = processes.remove(part);
      if (process != null) {
        // One that a fault stopped would not hear that it is to end.
        resume(process);
        process.close();
      }
    }
    while (true) {
      AutoCloseable part;
      synchronized (running) {
        part = running.poll();
      }
      if (part == null) {
        break;
      }
      try {
        part.close();
      } catch (Exception e) {
        // Each part is closed, whatever became of the one before.
        IOException next = new IOException("a part of the stack did not stop", e);
        if (failure != null) {
          next.addSuppressed(failure);
        }
        failure = next;
      }
    }
    if (failure != null) {
      throw failure;
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
