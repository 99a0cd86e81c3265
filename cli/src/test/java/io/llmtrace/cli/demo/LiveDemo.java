package io.llmtrace.cli.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The demo's stack with all channels of alerts, for tests of other packages. For one thread. */
public final class LiveDemo implements AutoCloseable {
  private static final Duration ARRIVAL = Duration.ofMinutes(2);
  private static final int THRESHOLD = 5;

  private final HttpClient http = HttpClient.newHttpClient();
  private final AlertSinks sinks;
  private final DemoStack stack;
  private final DemoClient client;
  private long sent;

  private LiveDemo(AlertSinks sinks, DemoStack stack) {
    this.sinks = sinks;
    this.stack = stack;
    this.client = new DemoClient(stack.gateway());
  }

  /**
   * Starts everything.
   *
   * @param recovery how long the breaker stays open
   */
  public static LiveDemo start(Path directory, Duration recovery) throws Exception {
    AlertSinks sinks = AlertSinks.start();
    String settings =
        DemoRun.SETTINGS.replaceAll("(?m)^circuit_breaker:.*\n", "")
            + "circuit_breaker: {failure_threshold: %d, recovery_timeout_ms: %d}\n"
                .formatted(THRESHOLD, recovery.toMillis())
            + sinks.settings();
    try {
      return new LiveDemo(sinks, DemoStack.start(directory, settings, line -> {}));
    } catch (Exception e) {
      sinks.close();
      throw e;
    }
  }

  /** Sends all scenarios, and waits until they are counted and all channels have heard of one. */
  public void traffic() throws Exception {
    send(DemoScenarios.all());
    awaitCounted();
    long end = System.nanoTime() + ARRIVAL.toNanos();
    for (String channel : AlertSinks.CHANNELS) {
      Map<String, String> told = Map.of("channel", channel, "result", "delivered");
      while (metrics().sum("llmtrace_alert_deliveries_total", told) < 1) {
        pause(end, "nothing was told through " + channel);
      }
    }
  }

  /** Sends one request that passes and one whose provider fails, and waits until they count. */
  public void more() throws Exception {
    send(List.of(DemoScenarios.benign(), DemoScenarios.failing()));
    awaitCounted();
  }

  private void send(List<DemoScenario> scenarios) throws IOException, InterruptedException {
    for (DemoScenario scenario : scenarios) {
      client.send(scenario);
      sent++;
    }
  }

  private void awaitCounted() throws Exception {
    long end = System.nanoTime() + ARRIVAL.toNanos();
    while (metrics().sum("llmtrace_requests_total", Map.of()) < sent) {
      pause(end, "not all of " + sent + " requests were counted");
    }
  }

  private MetricsPage metrics() throws IOException, InterruptedException {
    return MetricsPage.parse(get("http://" + controlPlane() + "/metrics").body());
  }

  private static void pause(long end, String otherwise) throws InterruptedException {
    if (System.nanoTime() > end) {
      throw new AssertionError(otherwise);
    }
    Thread.sleep(200);
  }

  /** Takes the plugin's spool away until its breaker has opened, and gives it back. */
  public void openBreaker() throws Exception {
    try (SpoolOutage outage = SpoolOutage.begin(stack)) {
      long end = System.nanoTime() + ARRIVAL.toNanos();
      while (!outage.breaker().equals("open")) {
        client.send(DemoScenarios.benign());
        pause(end, "the breaker did not open");
      }
    }
  }

  /** Sends requests until the breaker has closed again. */
  public void closeBreaker() throws Exception {
    long end = System.nanoTime() + ARRIVAL.toNanos();
    while (!SpoolOutage.breaker(stack).equals("closed")) {
      client.send(DemoScenarios.benign());
      pause(end, "the breaker did not close");
    }
  }

  /** Host and port of the control plane. */
  public String controlPlane() {
    return stack.controlPlane().getAuthority();
  }

  /** Host and port of the plugin's own page. */
  public String plugin() {
    return stack.plugin().getAuthority();
  }

  /** Status and body of a page of the control plane, asked for with an administrator's key. */
  public HttpResponse<String> get(String address) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create(address))
            .timeout(Duration.ofSeconds(60))
            .header("authorization", "Bearer " + Files.readString(stack.files().adminKey()).trim())
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Override
  public void close() throws IOException {
    try {
      stack.close();
    } finally {
      sinks.close();
    }
  }
}
