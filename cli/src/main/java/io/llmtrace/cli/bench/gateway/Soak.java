package io.llmtrace.cli.bench.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.measure.Growth;
import io.llmtrace.cli.measure.Growth.Allowance;
import io.llmtrace.cli.measure.Growth.Sample;
import io.llmtrace.cli.measure.Rounded;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * A steady load for minutes, half of what the node can carry: whole answers and streams, texts that
 * were seen before and new ones, and the gateway's log of the answers. Nothing may grow.
 */
final class Soak {
  /** With the tap, which remembers each exchange until its answer has come. */
  private static final String CONF = "{\"mode\":\"enforce\"}";

  private static final List<String> HEAP = List.of("-Xmx512m");
  private static final int CONNECTIONS = 64;

  /** The verdicts of so many texts are more than the 32 MiB that the engine keeps of them. */
  private static final int FILLING_TEXTS = 250_000;

  private static final int FILLING_CONNECTIONS = 4;
  private static final double FILLING_SECONDS = 2;
  private static final double CAPACITY_SECONDS = 5;
  private static final double LONGEST_PAUSE_SECONDS = 5;
  private static final double MEBIBYTE = 1 << 20;

  /** Samples of a soak that is too short for the longest pause; every sixth collects garbage. */
  private static final int LEAST_SAMPLES = 60;

  private static final int COLLECTED_EVERY = 6;

  /** What must not grow, and what it may grow by in the second half: leaks are larger. */
  private enum Series {
    HEAP_AFTER_GC_BYTES(0.05, 8 * MEBIBYTE),
    DIRECT_BYTES(0.05, 8 * MEBIBYTE),
    MAPPED_BYTES(0.05, MEBIBYTE),
    HANDLES(0.05, 8),
    THREADS(0.05, 2);

    private final double share;
    private final double amount;

    Series(double share, double amount) {
      this.share = share;
      this.amount = amount;
    }

    Allowance allowance() {
      return new Allowance(share, amount);
    }

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Plan plan;
  private final Subject subject;
  private final HttpLoad load;
  private final Notes notes;
  private final Map<Series, List<Sample>> samples = new EnumMap<>(Series.class);

  /**
   * What is run.
   *
   * @param minutes how long
   * @param perSecond requests, or 0 for half of what is measured first
   */
  record Plan(double minutes, double perSecond) {}

  private Soak(Plan plan, Subject subject, HttpLoad load, Notes notes) {
    this.plan = plan;
    this.subject = subject;
    this.load = load;
    this.notes = notes;
  }

  /** Runs it in a process of its own. */
  static void measure(Plan plan, Path directory, int upstream, Notes notes)
      throws IOException, InterruptedException {
    try (Subject subject = Subject.ours("soak", "inspect", directory, upstream, "", HEAP);
        TestGateway gateway =
            TestGateway.start(routes(upstream, subject.localPort()), Options.of(subject.socket()));
        HttpLoad load = new HttpLoad(gateway.port())) {
      new Soak(plan, subject, load, notes).run();
    }
  }

  private static GatewayConfig routes(int upstream, int tap) {
    return GatewayConfig.parse(
        """
        routes:
          - id: soak
            uri: /v1/*
            plugins:
              ext-plugin-post-req:
                allow_degradation: false
                conf: [{name: llmtrace, value: '%s'}]
              http-logger:
                uri: http://127.0.0.1:%d/tap
                auth_header: Bearer %s
                include_resp_body: true
                batch_max_size: 100
                inactive_timeout: 1
                max_retry_count: 60
                retry_delay: 1
            upstream:
              type: roundrobin
              nodes: {"127.0.0.1:%d": 1}
        #END
        """
            .formatted(CONF, tap, Subject.TAP_SECRET, upstream));
  }

  /**
   * By turns: a long history with a new end, and a short text that is all new; every other one
   * streamed.
   */
  private static Supplier<byte[]> mixture() {
    List<Conversation> kinds = new ArrayList<>();
    for (Conversation.Reply reply : Conversation.Reply.values()) {
      kinds.add(new Conversation(8 << 10, 0.2, 21 + kinds.size(), reply));
      kinds.add(new Conversation(1 << 10, 1, 21 + kinds.size(), reply));
    }
    AtomicInteger next = new AtomicInteger();
    return () -> kinds.get(Math.floorMod(next.getAndIncrement(), kinds.size())).next();
  }

  private void run() throws IOException, InterruptedException {
    Supplier<byte[]> bodies = mixture();
    load.untilFlat(bodies, 16, rate -> {});
    fill();
    double perSecond =
        plan.perSecond() > 0
            ? plan.perSecond()
            : load.closed(bodies, CONNECTIONS, CAPACITY_SECONDS).perSecond() / 2;
    double seconds = plan.minutes() * 60;
    double pause = Math.min(LONGEST_PAUSE_SECONDS, seconds / LEAST_SAMPLES);
    ExecutorService clients = Executors.newSingleThreadExecutor();
    try {
      Future<Outcome> outcome =
          clients.submit(() -> load.open(bodies, CONNECTIONS, seconds, perSecond));
      long begin = System.nanoTime();
      for (int i = 0; i * pause < seconds; i++) {
        long due = begin + (long) (i * pause * 1e9);
        TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
        double now = (System.nanoTime() - begin) / 1e9;
        if (i % COLLECTED_EVERY == 0) {
          sampleCollected(now);
        } else {
          sample(now, subject.stats());
        }
      }
      Outcome seen = outcome.get();
      sampleCollected((System.nanoTime() - begin) / 1e9);
      report(seen, perSecond);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the clients failed", e.getCause());
    } finally {
      clients.shutdownNow();
    }
  }

  /** What fills for longer than the soak lasts would look like a leak. */
  private void fill() throws InterruptedException {
    ManyTexts texts = new ManyTexts();
    while (texts.made() < FILLING_TEXTS) {
      Outcome seen = load.closed(texts::next, FILLING_CONNECTIONS, FILLING_SECONDS);
      if (seen.errors(200) > 0) {
        throw new IllegalStateException("the cache cannot be filled: " + seen.statuses());
      }
    }
  }

  private void sampleCollected(double seconds) throws IOException {
    SubjectMain.Stats stats = subject.collected();
    add(Series.HEAP_AFTER_GC_BYTES, seconds, stats.heapBytes());
    sample(seconds, stats);
  }

  private void sample(double seconds, SubjectMain.Stats stats) {
    add(Series.DIRECT_BYTES, seconds, stats.directBytes());
    add(Series.MAPPED_BYTES, seconds, stats.mappedBytes());
    add(Series.HANDLES, seconds, stats.handles());
    add(Series.THREADS, seconds, stats.threads());
  }

  private void add(Series series, double seconds, long value) {
    samples
        .computeIfAbsent(series, s -> new ArrayList<>())
        .add(new Sample(seconds, (double) value));
  }

  private void report(Outcome seen, double perSecond) throws IOException, InterruptedException {
    ObjectNode detail = WireJson.mapper().createObjectNode();
    double joined =
        Page.sum(subject.localPort(), "llmtrace_plugin_tap_entries_total", "result=\"joined\"");
    ObjectNode node =
        detail
            .putObject("soak")
            .put("minutes", plan.minutes())
            .put("per_second", Rounded.thousandths(perSecond))
            .put("requests", seen.nanos().length + seen.failed())
            .put("errors", seen.errors(200))
            .put("answers_in_the_log", Math.round(joined))
            .put("p50_ms", Rounded.thousandths(seen.percentile(0.5)))
            .put("p99_ms", Rounded.thousandths(seen.percentile(0.99)));
    notes.note(
        new Notes.Judgement(
            "soak: errors of " + (seen.nanos().length + seen.failed()) + " requests",
            (double) seen.errors(200),
            "0",
            seen.errors(200) == 0),
        detail);
    boolean ok = seen.errors(200) == 0;
    for (Map.Entry<Series, List<Sample>> each : samples.entrySet()) {
      Growth growth = new Growth(each.getValue(), each.getKey().allowance());
      ok &= growth.ok();
      node.set(each.getKey().label(), growth.json());
      notes.note(
          new Notes.Judgement(
              String.format(
                  Locale.ROOT,
                  "soak, second half: rise of %s (%,.0f to %,.0f)",
                  each.getKey().label(),
                  growth.first(),
                  growth.last()),
              growth.inSecondHalf(),
              String.format(Locale.ROOT, "≤ %,.0f", growth.allowed()),
              growth.ok()),
          null);
    }
    node.put("ok", ok);
  }
}
