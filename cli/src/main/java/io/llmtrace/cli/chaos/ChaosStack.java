package io.llmtrace.cli.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.cli.stack.DatabaseSection;
import io.llmtrace.cli.stack.StackFiles;
import io.llmtrace.cli.stack.StackPorts;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.testkit.faults.FaultProxy;
import io.llmtrace.testkit.faults.Weather;
import io.llmtrace.testkit.provider.MockProvider;
import io.llmtrace.testkit.sinks.Ledger;
import io.llmtrace.testkit.sinks.WebhookSink;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Database, control plane, plugin and gateway as processes of their own, the provider in this one,
 * with a fault proxy on each way between them. For one thread, but {@link #close}.
 */
final class ChaosStack implements AutoCloseable {
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
      alerts:
        webhook: {url: "http://127.0.0.1:%d/hook"}
        allow_private_targets: ["127.0.0.1"]
      control_plane:
        database: %s
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
    /** It holds every body twice: as it came, and as the plugin is told. */
    GATEWAY("gateway", 768);

    private final String label;
    private final int heapMib;

    Part(String label, int heapMib) {
      this.label = label;
      this.heapMib = heapMib;
    }

    String label() {
      return label;
    }

    int heapMib() {
      return heapMib;
    }
  }

  /** A way between two processes. */
  enum Link {
    CONTROL_PLANE,
    DATABASE,
    PROVIDER,
    ALERTS
  }

  private final StackFiles files;
  private final StackPorts ports;
  private final int gatewayPort = StackPorts.freePort();
  private final Volume spool;
  private final Volume fullLogs;
  private final Path hosts;
  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final Processes processes;
  private final Map<Link, FaultProxy> links = new EnumMap<>(Link.class);
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(LONGEST).build();
  private final Database database;
  private final WebhookSink alerts;
  private final LogTee tee;
  private @Nullable TlsFront tlsFront;

  private ChaosStack(Path directory, Machine machine, Database database)
      throws IOException, InterruptedException {
    this.database = own(database);
    files = StackFiles.in(directory);
    ports = StackPorts.free();
    spool = own(Volume.at(directory.resolve("plugin/spool"), 16, machine));
    fullLogs = own(Volume.at(directory.resolve("full-logs"), 1, machine));
    hosts = directory.resolve("hosts");
    processes = new Processes(files, ports, gatewayPort, hosts);
    names(true);
    links.put(Link.DATABASE, database.proxy());
    links.put(Link.CONTROL_PLANE, own(FaultProxy.before(ports.controlPlane())));
    MockProvider provider = own(MockProvider.start());
    links.put(Link.PROVIDER, own(FaultProxy.before(provider.port())));
    alerts = own(WebhookSink.start());
    links.put(Link.ALERTS, own(FaultProxy.before(alerts.url().getPort())));
    tee = own(LogTee.before(plugin("/tap")));
    files.writeConfig(
        SETTINGS.formatted(link(Link.ALERTS).port(), DatabaseSection.of(database.proxiedUrl())),
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
    // Before anything is mounted: what takes longest is what may fail.
    Database database = Database.start(directory.resolve("postgres"));
    ChaosStack stack;
    try {
      stack = new ChaosStack(directory, machine, database);
    } catch (IOException | InterruptedException | RuntimeException e) {
      database.close();
      throw e;
    }
    try {
      // For the fault that replaces an earlier version, which is the first then.
      Processes.Launch launch =
          machine
              .previous()
              .map(
                  jars ->
                      stack
                          .processes
                          .usual()
                          .of(jars.toAbsolutePath() + "/*:" + jars.toAbsolutePath() + "/lib/*"))
              .orElse(stack.processes.usual());
      stack.processes.start(Part.CONTROL_PLANE, launch);
      for (String tenant : List.of("acme", "globex")) {
        stack.makeTenant(tenant);
      }
      stack.processes.start(Part.PLUGIN, launch);
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

  FaultProxy link(Link link) {
    FaultProxy proxy = links.get(link);
    if (proxy == null) {
      throw new IllegalStateException("no proxy on the way " + link);
    }
    return proxy;
  }

  /** What the control plane tells of incidents. */
  Ledger alerts() {
    return alerts.ledger();
  }

  /** Ends TLS before the control plane; made when it is first asked for. */
  TlsFront tlsFront() throws IOException, InterruptedException {
    if (tlsFront == null) {
      tlsFront = own(TlsFront.before(ports.controlPlane(), files.directory().resolve("authority")));
    }
    return tlsFront;
  }

  /** Its processes. */
  Processes processes() {
    return processes;
  }

  ChildProcess process(Part part) {
    return processes.get(part);
  }

  /** Starts a process as usual and waits until it is ready. */
  void start(Part part) throws IOException, InterruptedException {
    processes.start(part, processes.usual());
  }

  /**
   * Brings back what a fault has left broken, so that what comes next is measured on a whole stack.
   *
   * @return what was broken; empty when nothing was
   */
  List<String> mend() throws IOException, InterruptedException {
    List<String> broken = new ArrayList<>();
    for (Map.Entry<Link, FaultProxy> link : links.entrySet()) {
      if (!link.getValue().weather().equals(Weather.pass())) {
        link.getValue().set(Weather.pass());
        broken.add("the way " + link.getKey());
      }
    }
    if (!database.answers()) {
      database.restart();
      broken.add("the database");
    }
    broken.addAll(processes.revive());
    return broken;
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

  /** What time the plugin takes it to be, by the last line of its log. */
  Instant pluginTime() throws IOException {
    Path log = processes.logs().resolve(Part.PLUGIN.label() + ".log");
    String last = "";
    try (BufferedReader lines = Files.newBufferedReader(log)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        last = line.startsWith("{") && line.endsWith("}") ? line : last;
      }
    }
    return Instant.parse(WireJson.mapper().readTree(last).path("timestamp").asText());
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

  /** A request to the control plane's API, as its admin. */
  HttpResponse<String> ask(String method, String path, @Nullable JsonNode body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(controlPlane(path))
            .timeout(LONGEST)
            .header("content-type", "application/json")
            .header("authorization", "Bearer " + Files.readString(files.adminKey()).strip())
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body.toString()))
            .build();
    return http.send(request, HttpResponse.BodyHandlers.ofString());
  }

  private void makeTenant(String name) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        ask("POST", "/api/v1/tenants", JsonNodeFactory.instance.objectNode().put("id", name));
    if (answer.statusCode() != 201) {
      throw new IOException("tenant " + name + ": " + answer.statusCode() + " " + answer.body());
    }
  }

  private String routes() throws IOException {
    StringBuilder routes = new StringBuilder("routes:\n");
    routes.append(ChaosRoutes.route("acme", "acme", true, tee.port(), files, provider()));
    routes.append(ChaosRoutes.route("globex", "globex", true, tee.port(), files, provider()));
    routes.append(ChaosRoutes.route("closed", "acme", false, tee.port(), files, provider()));
    routes.append(ChaosRoutes.route("alarm", "acme", true, tee.port(), files, provider()));
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
    processes.close();
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
}
