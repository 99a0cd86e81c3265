package io.llmtrace.plugin.policies;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.plugin.telemetry.ControlPlaneClient;
import io.llmtrace.policies.bundle.SignedBundle;
import io.llmtrace.runtime.config.PluginConfig;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the control plane for policies, again and again, on a thread of its own: each question waits
 * there until there is something new. Thread-safe.
 */
public final class BundleSync implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(BundleSync.class);
  private static final String PATH = "/api/v1/ingest/bundle";

  /** Less than what proxies and load balancers cut connections after that say nothing. */
  private static final Duration WAIT = Duration.ofSeconds(25);

  /** After a failure: a breaker that tries again must soon hear how it went. */
  private static final Duration SHORT_WAIT = Duration.ofSeconds(1);

  /** A bundle that was refused is there again at once; it is looked at so often. */
  private static final long REFUSED_MILLIS = 5_000;

  private static final int LONGEST_DETAIL = 300;
  private static final Duration LEAVING = Duration.ofSeconds(2);

  private final ControlPlaneClient client;
  private final ControlPlaneClient.Backoff backoff;
  private final BundleKeeper keeper;
  private final String query;
  private final MeterRegistry meters;
  private final Thread thread;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile @Nullable String problem;

  private BundleSync(
      ControlPlaneClient client, PluginConfig config, BundleKeeper keeper, MeterRegistry meters) {
    this.client = client;
    this.backoff = client.backoff();
    this.keeper = keeper;
    this.query = query(config);
    this.meters = meters;
    this.thread = new Thread(this::run, "llmtrace-policies");
    this.thread.setDaemon(true);
    Gauge.builder("llmtrace_plugin_policy_revision", keeper, each -> each.table().revision())
        .description("Revision of the policies in force; 0 for the built-in one")
        .register(meters);
    Gauge.builder("llmtrace_plugin_policy_refused", keeper, each -> each.refused() == null ? 0 : 1)
        .description("1 while the last bundle of policies was refused")
        .register(meters);
  }

  /** Starts asking; without keys that bundles may be signed with nothing is asked for. */
  public static BundleSync start(
      ControlPlaneClient client, PluginConfig config, BundleKeeper keeper, MeterRegistry meters) {
    BundleSync sync = new BundleSync(client, config, keeper, meters);
    if (keeper.asks() && client.hasKey()) {
      sync.thread.start();
    }
    return sync;
  }

  private static String query(PluginConfig config) {
    StringBuilder query = new StringBuilder(PATH).append("?node=").append(config.node());
    new TreeMap<>(config.policies().labels())
        .forEach(
            (name, value) ->
                query.append("&label=").append(URLEncoder.encode(name + ":" + value, UTF_8)));
    return query.toString();
  }

  /** What an operator should know. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>(keeper.problems());
    String now = problem;
    if (now != null) {
      problems.add(now);
    }
    return problems;
  }

  private void run() {
    try {
      long pause = 0;
      while (!stopped.await(pause, TimeUnit.MILLISECONDS)) {
        pause = step();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Asks once. The boundary of the thread: an answer that nobody expects must not end it.
   *
   * @return milliseconds until the next time
   */
  private long step() throws InterruptedException {
    if (!client.tryAcquire()) {
      return client.pacing().firstDelay().toMillis();
    }
    Duration wait = backoff.isFailing() ? SHORT_WAIT : WAIT;
    long asked = System.nanoTime();
    try {
      HttpResponse<InputStream> response =
          client.get(query + "&wait_seconds=" + wait.toSeconds() + told(), headers(), wait);
      try (InputStream body = response.body()) {
        long pause = answered(response, body);
        // Who answers "unchanged" at once, such as a replica that ends, is not asked in a circle.
        boolean early = System.nanoTime() - asked < SHORT_WAIT.toNanos();
        return response.statusCode() == 304 && early ? SHORT_WAIT.toMillis() : pause;
      }
    } catch (IOException | RuntimeException | StackOverflowError e) {
      return failed("unreachable", e.toString());
    }
  }

  private String told() {
    BundleKeeper.Refused refused = keeper.refused();
    if (refused == null) {
      return "";
    }
    String message = refused.message();
    return "&refused="
        + refused.reason()
        + "&refused_revision="
        + refused.revision()
        + "&refused_detail="
        + URLEncoder.encode(
            message.length() <= LONGEST_DETAIL ? message : message.substring(0, LONGEST_DETAIL),
            UTF_8);
  }

  private Map<String, String> headers() {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Accept", SignedBundle.MEDIA_TYPE);
    headers.put("Accept-Encoding", "gzip");
    PolicyTable table = keeper.table();
    if (table.revision() > 0) {
      headers.put("If-None-Match", "\"" + table.revision() + "-" + keeper.digest() + "\"");
    }
    return headers;
  }

  private long answered(HttpResponse<InputStream> response, InputStream body) throws IOException {
    int status = response.statusCode();
    return switch (status) {
      case 200 -> {
        boolean taken = keeper.take(read(response, body));
        heard(taken ? "taken" : "refused");
        yield taken ? 0 : REFUSED_MILLIS;
      }
      case 304 -> {
        heard("unchanged");
        yield 0;
      }
      case 401, 403, 404 -> {
        failed("denied", "the control plane answered " + status);
        yield client.pacing().refusedDelay().toMillis();
      }
      default -> {
        long delay = failed("answer", "the control plane answered " + status);
        yield Math.max(delay, client.retryAfter(response));
      }
    };
  }

  private static byte[] read(HttpResponse<InputStream> response, InputStream body)
      throws IOException {
    boolean zipped =
        response.headers().firstValue("content-encoding").orElse("").equalsIgnoreCase("gzip");
    InputStream plain = zipped ? new GZIPInputStream(body) : body;
    // One byte more than is accepted, so that what is longer is refused and not cut.
    return plain.readNBytes(SignedBundle.LARGEST + 1);
  }

  private void heard(String result) {
    meters.counter("llmtrace_plugin_policy_asked", "result", result).increment();
    backoff.succeeded();
    problem = null;
  }

  private long failed(String result, String what) {
    meters.counter("llmtrace_plugin_policy_asked", "result", result).increment();
    problem = "policies cannot be asked for: " + what;
    if (!backoff.isFailing()) {
      log.warn(
          "policies cannot be asked for: {}; revision {} goes on", what, keeper.table().revision());
    }
    return backoff.failed();
  }

  @Override
  public void close() {
    stopped.countDown();
    thread.interrupt();
    try {
      thread.join(LEAVING.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
