package io.llmtrace.plugin.shares;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.plugin.telemetry.ControlPlaneClient;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.limit.LeaseAnswer;
import io.llmtrace.policies.limit.LeaseRequest;
import io.llmtrace.policies.limit.Limit;
import io.llmtrace.policies.limit.NodeShares;
import io.llmtrace.policies.usage.PriceOverrides;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Asks the control plane for shares of limits and budgets, and for prices, again and again on a
 * thread of its own. Shares are asked for long before they end, and sooner where there is none or
 * half of one is spent; they are given back at the end. Thread-safe.
 */
public final class ShareExchange implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ShareExchange.class);
  private static final String PATH = "/api/v1/ingest/leases";

  /** Give or take a fifth, so that nodes do not ask in step; a share lasts three of it. */
  private static final long PAUSE_MILLIS = 5_000;

  /** What is urgent is asked for at most so often. */
  private static final long LEAST_PAUSE_MILLIS = 1_000;

  private static final long LOOK_MILLIS = 100;

  /** As long as a lease: when the control plane was silent for so long, none is left. */
  private static final Duration ALONE_AFTER = Duration.ofSeconds(15);

  private static final Duration LEAVING = Duration.ofSeconds(2);

  /**
   * What an exchange is between.
   *
   * @param holder name of this process, as leases go by it
   * @param shares what is shared
   * @param budgetsAlone what holds of budgets while the control plane is gone
   * @param acknowledgedFor how long ago the control plane knew all that had ended until then
   * @param prices takes what models cost, each time it changes
   */
  public record Parts(
      String holder,
      NodeShares shares,
      Limit.Alone budgetsAlone,
      Supplier<Duration> acknowledgedFor,
      Consumer<PriceOverrides> prices) {}

  private final ControlPlaneClient client;
  private final ControlPlaneClient.Backoff backoff;
  private final Parts parts;
  private final MeterRegistry meters;
  private final Thread thread;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private boolean scopeKnown;
  private @Nullable Set<String> tenants;
  private long pricesRevision;
  private long heardAt = System.nanoTime();
  private volatile boolean alone;
  private volatile @Nullable String problem;

  private ShareExchange(ControlPlaneClient client, Parts parts, MeterRegistry meters) {
    this.client = client;
    this.backoff = client.backoff();
    this.parts = parts;
    this.meters = meters;
    this.thread = new Thread(this::run, "llmtrace-shares");
    this.thread.setDaemon(true);
    Gauge.builder("llmtrace_plugin_shares_alone", this, each -> each.alone ? 1 : 0)
        .description("1 while the control plane is gone for so long that no lease is left")
        .register(meters);
    Gauge.builder("llmtrace_plugin_shares_nodes", parts.shares(), NodeShares::nodes)
        .description("Processes that share limits with this one, itself included")
        .register(meters);
    Gauge.builder("llmtrace_plugin_shares_budgets", parts.shares(), NodeShares::budgets)
        .description("Budgets of the control plane that are known here")
        .register(meters);
  }

  /** Starts asking; without a key there is nobody to ask. */
  public static ShareExchange start(ControlPlaneClient client, Parts parts, MeterRegistry meters) {
    ShareExchange exchange = new ShareExchange(client, parts, meters);
    if (client.hasKey()) {
      exchange.thread.start();
    }
    return exchange;
  }

  /** What an operator should know; nothing where nothing is shared. */
  public List<String> problems() {
    String now = problem;
    return now == null || !parts.shares().isShared() ? List.of() : List.of(now);
  }

  private void run() {
    try {
      long pause = 0;
      while (!pause(pause)) {
        pause = step();
        boolean silent = System.nanoTime() - heardAt >= ALONE_AFTER.toNanos();
        if (silent != alone) {
          alone = silent;
          log.atLevel(parts.shares().isShared() ? Level.WARN : Level.DEBUG)
              .log(
                  silent
                      ? "the control plane gives no shares: limits and budgets go by what is"
                          + " configured for that"
                      : "the control plane gives shares again");
        }
        parts.shares().alone(silent);
      }
      leave();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits; says whether it is over. What is urgent ends a pause, but not one after a failure. */
  private boolean pause(long millis) throws InterruptedException {
    long start = System.nanoTime();
    while (true) {
      long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      boolean urgent =
          !backoff.isFailing() && waited >= LEAST_PAUSE_MILLIS && parts.shares().isUrgent();
      if (urgent || waited >= millis) {
        return stopped.getCount() == 0;
      }
      if (stopped.await(Math.min(LOOK_MILLIS, millis - waited), TimeUnit.MILLISECONDS)) {
        return true;
      }
    }
  }

  /**
   * Asks once. The boundary of the thread: an answer that nobody expects must not end it.
   *
   * @return milliseconds until the next time
   */
  private long step() throws InterruptedException {
    try {
      NodeShares.Question question =
          parts.shares().question(scopeKnown ? tenants : Set.of(), parts.acknowledgedFor().get());
      byte[] body = body(question, false);
      if (!client.tryAcquire()) {
        return client.pacing().firstDelay().toMillis();
      }
      long asked = System.nanoTime();
      HttpResponse<String> response = post(body);
      return response.statusCode() == 200
          ? taken(question, response.body(), asked)
          : refused(response);
    } catch (IOException | RuntimeException e) {
      return failed("unreachable", "no shares: " + e);
    }
  }

  private byte[] body(NodeShares.Question question, boolean leaving)
      throws JsonProcessingException {
    LeaseRequest request =
        new LeaseRequest(
            parts.holder(),
            question.demands(),
            leaving,
            leaving ? List.of() : question.budgets(),
            pricesRevision);
    return WireJson.mapper().writeValueAsBytes(request);
  }

  private HttpResponse<String> post(byte[] body) throws IOException, InterruptedException {
    return client.post(PATH, body, ControlPlaneClient.Encoding.PLAIN);
  }

  private long taken(NodeShares.Question question, String body, long asked)
      throws JsonProcessingException {
    LeaseAnswer answer = WireJson.mapper().readValue(body, LeaseAnswer.class);
    boolean first = !scopeKnown;
    parts.shares().take(question, answer, parts.budgetsAlone());
    tenants = answer.tenants();
    scopeKnown = true;
    PriceOverrides prices = answer.prices();
    if (prices != null) {
      parts.prices().accept(prices);
      pricesRevision = prices.revision();
    }
    heardAt = asked;
    problem = null;
    backoff.succeeded();
    count("answered");
    double jitter = ThreadLocalRandom.current().nextDouble(0.8, 1.2);
    return first ? 0 : Math.round(PAUSE_MILLIS * jitter);
  }

  private long refused(HttpResponse<String> response) {
    int status = response.statusCode();
    return switch (status) {
      case 403 -> {
        // Its tenants may be others now: they are in the answer to a question without demands.
        boolean again = scopeKnown;
        scopeKnown = false;
        long delay = failed("refused", "no shares: the control plane answered 403");
        yield again ? delay : client.pacing().refusedDelay().toMillis();
      }
      case 401, 404 -> {
        failed("refused", "no shares: the control plane answered " + status);
        yield client.pacing().refusedDelay().toMillis();
      }
      default -> {
        long delay = failed("answer", "no shares: the control plane answered " + status);
        yield Math.max(delay, client.retryAfter(response));
      }
    };
  }

  private long failed(String result, String what) {
    count(result);
    problem = what;
    if (!backoff.isFailing()) {
      log.atLevel(parts.shares().isShared() ? Level.WARN : Level.DEBUG)
          .log("{}; what was given lasts until it ends", what);
    }
    return backoff.failed();
  }

  private void count(String result) {
    meters.counter("llmtrace_plugin_shares_asked", "result", result).increment();
  }

  /** Others may have at once what this process had; of budgets, when its last records are in. */
  private void leave() throws InterruptedException {
    if (!scopeKnown || alone) {
      return;
    }
    try {
      byte[] body = body(parts.shares().question(tenants, Duration.ZERO), true);
      if (!client.tryAcquire()) {
        return;
      }
      int status = post(body).statusCode();
      log.debug("shares were given back: {}", status);
    } catch (IOException | RuntimeException e) {
      log.info("shares end by themselves, they could not be given back: {}", e.toString());
    }
  }

  /** Gives shares back if that takes no longer than two seconds. */
  @Override
  public void close() {
    stopped.countDown();
    if (!thread.isAlive()) {
      return;
    }
    try {
      thread.join(LEAVING.toMillis());
      thread.interrupt();
      thread.join(LEAVING.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
