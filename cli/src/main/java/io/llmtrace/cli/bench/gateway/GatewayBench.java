package io.llmtrace.cli.bench.gateway;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.measure.Rounded;
import io.llmtrace.cli.measure.Rounds;
import io.llmtrace.policies.detect.classify.GuardModel;
import io.llmtrace.policies.wire.WireJson;
import io.llmtrace.runtime.terminal.Terminal;
import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures the plugin in front of traffic. Each figure comes from rounds in which the contenders
 * take turns, so that whatever else the machine does meets all of them.
 */
final class GatewayBench implements AutoCloseable {
  private static final String CONF = "{\"mode\":\"enforce\",\"tap\":false}";
  private static final List<Integer> SIZES = List.of(1 << 10, 8 << 10);
  private static final List<Integer> CONNECTIONS = List.of(16, 64);
  private static final double NEW_SHARE = 0.2;
  private static final String NO_ONNX = "detection: {built_in_model: false}\n";
  private static final String ONNX_STAGE = "stage=\"" + GuardModel.NAME + "\"";
  private static final double SETTLING_SECONDS = 3;
  private static final int MOST_SETTLING_ROUNDS = 40;
  private static final double SETTLED_SHARE = 0.04;
  private static final List<String> HEAP = List.of("-Xmx512m");

  private final BenchPlan plan;
  private final PrintWriter out;
  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final Upstream upstream = new Upstream();
  private final List<Contender> contenders = new ArrayList<>();
  private final ObjectNode json = WireJson.mapper().createObjectNode();
  private final List<Judgement> judged = new ArrayList<>();
  private long seed = 11;
  private long errorsSeen;

  /**
   * A figure and what it is held against.
   *
   * @param bar what it should be, in words
   */
  record Judgement(String figure, double value, String bar, boolean meets) {}

  /** A process, a gateway in front of it, and clients in front of that. */
  private record Contender(Subject subject, TestGateway gateway, HttpLoad load) {
    String name() {
      return subject.name();
    }
  }

  GatewayBench(BenchPlan plan, PrintWriter out) {
    this.plan = plan;
    this.out = out;
    running.push(upstream);
  }

  /** Runs all of it; the figures as JSON. */
  ObjectNode run() throws IOException, InterruptedException {
    if (!plan.parts().equals(Set.of(BenchPlan.Part.BODIES))) {
      besideNoop();
    }
    if (plan.has(BenchPlan.Part.BODIES)) {
      BigBodies.measure(plan.directory(), upstream.port(), CONF, this::note);
    }
    errors();
    return figures();
  }

  private void besideNoop() throws IOException, InterruptedException {
    Contender noop = contender(ours("noop", "noop", ""), CONF);
    Contender inspect = contender(ours("inspect", "inspect", ""), CONF);
    contenders.add(noop);
    contenders.add(inspect);
    @Nullable Contender stock = null;
    if (plan.stockRunner() != null && plan.has(BenchPlan.Part.THROUGHPUT)) {
      Subject runner = Subject.stock(plan.stockRunner(), plan.directory());
      running.push(runner);
      stock = contender(runner, null);
      contenders.add(stock);
    }
    for (Contender each : contenders) {
      warmUp(each, conversation(8 << 10));
    }
    if (plan.has(BenchPlan.Part.THROUGHPUT)) {
      double asked = onnx(inspect);
      double exchanges = exchanges(inspect);
      throughput(noop, inspect, stock);
      json.put(
          "onnx_share",
          Rounded.thousandths((onnx(inspect) - asked) / (exchanges(inspect) - exchanges)));
    }
    if (plan.has(BenchPlan.Part.SOCKET)) {
      socket(noop, inspect);
      allocation(inspect);
    }
    if (plan.has(BenchPlan.Part.LATENCY)) {
      latency(noop, inspect);
    }
    if (plan.has(BenchPlan.Part.OVERLOAD)) {
      overload(noop);
    }
  }

  private void overload(Contender noop) throws IOException, InterruptedException {
    Contender cheap = contender(ours("no-onnx", "inspect", NO_ONNX), CONF);
    warmUp(cheap, new Conversation(8 << 10, 1, seed++)::next);
    cold(noop, cheap);
    Overload.measure(
        cheap.subject(), cheap.load(), () -> new Conversation(8 << 10, 1, seed++), this::note);
  }

  /** A steady load for minutes instead of all that; the figures as JSON. */
  ObjectNode soak(Soak.Plan soak) throws IOException, InterruptedException {
    Soak.measure(soak, plan.directory(), upstream.port(), this::note);
    return figures();
  }

  private ObjectNode figures() {
    ArrayNode bars = json.putArray("bars");
    judged.forEach(
        each ->
            bars.addObject()
                .put("figure", each.figure())
                .put("value", each.value())
                .put("bar", each.bar())
                .put("meets", each.meets()));
    return json;
  }

  private void warmUp(Contender contender, Supplier<byte[]> bodies) throws InterruptedException {
    contender
        .load()
        .untilFlat(bodies, 16, rate -> say("warming up %s: %.0f a second", contender.name(), rate));
  }

  private static double onnx(Contender contender) throws IOException, InterruptedException {
    return Page.sum(
        contender.subject().localPort(), "llmtrace_plugin_inspection_seconds_count", ONNX_STAGE);
  }

  private static double exchanges(Contender contender) throws IOException, InterruptedException {
    return Page.sum(contender.subject().localPort(), "llmtrace_plugin_exchanges_total", "");
  }

  boolean meetsAll() {
    return judged.stream().allMatch(Judgement::meets);
  }

  private void errors() {
    json.put("errors", errorsSeen);
    judge("errors", (double) errorsSeen, "0", errorsSeen == 0);
  }

  private Subject ours(String name, String kind, String settings) throws IOException {
    Subject subject = Subject.ours(name, kind, plan.directory(), upstream.port(), settings, HEAP);
    running.push(subject);
    return subject;
  }

  /** Puts a gateway before a process; without a route's configuration it is the stock runner's. */
  private Contender contender(Subject subject, @Nullable String conf) {
    String entry =
        conf == null
            ? "{name: reads-the-body, value: ''}"
            : "{name: llmtrace, value: '" + conf + "'}";
    GatewayConfig routes =
        GatewayConfig.parse(
            """
            routes:
              - id: bench
                uri: /v1/*
                plugins:
                  ext-plugin-post-req:
                    allow_degradation: false
                    conf: [%s]
                upstream:
                  type: roundrobin
                  nodes: {"127.0.0.1:%d": 1}
            #END
            """
                .formatted(entry, upstream.port()));
    TestGateway gateway = TestGateway.start(routes, Options.of(subject.socket()));
    running.push(gateway);
    HttpLoad load = new HttpLoad(gateway.port());
    running.push(load);
    return new Contender(subject, gateway, load);
  }

  private Supplier<byte[]> conversation(int bytes) {
    return new Conversation(bytes, NEW_SHARE, seed++)::next;
  }

  private void throughput(Contender noop, Contender inspect, @Nullable Contender stock)
      throws InterruptedException {
    ArrayNode all = json.putArray("throughput");
    double worstNoop = Double.POSITIVE_INFINITY;
    double worstStock = Double.POSITIVE_INFINITY;
    for (int size : SIZES) {
      for (int connections : CONNECTIONS) {
        Map<String, List<Double>> rates = new LinkedHashMap<>();
        Map<String, Supplier<byte[]>> bodies = new LinkedHashMap<>();
        for (Contender each : contenders) {
          rates.put(each.name(), new ArrayList<>());
          bodies.put(each.name(), conversation(size));
        }
        for (int round = 0; round < plan.rounds(); round++) {
          say("throughput, %d bytes, %d connections, round %d", size, connections, round + 1);
          for (Contender each : Rounds.turned(contenders, round)) {
            Outcome seen =
                each.load().closed(bodiesOf(bodies, each.name()), connections, plan.seconds());
            errorsSeen += seen.errors(200);
            rates.computeIfAbsent(each.name(), n -> new ArrayList<>()).add(seen.perSecond());
          }
        }
        List<Double> ours = rates.getOrDefault(inspect.name(), List.of());
        double toNoop = Rounds.medianRatio(ours, rates.getOrDefault(noop.name(), List.of()));
        ObjectNode node = all.addObject().put("bytes", size).put("connections", connections);
        rates.forEach(
            (name, list) -> {
              node.put(name + "_per_second", rounded(Rounds.median(list)));
              ArrayNode rounds = node.putArray(name + "_rounds");
              list.forEach(value -> rounds.add(rounded(value)));
            });
        node.put("ratio_to_noop", Rounded.thousandths(toNoop));
        worstNoop = Math.min(worstNoop, toNoop);
        String figure = size + " bytes, " + connections + " connections: ";
        judge(figure + "throughput to noop", toNoop, "≥ 0.85", toNoop >= 0.85);
        if (stock != null) {
          double toStock = Rounds.medianRatio(ours, rates.getOrDefault(stock.name(), List.of()));
          node.put("ratio_to_stock", Rounded.thousandths(toStock));
          worstStock = Math.min(worstStock, toStock);
          judge(figure + "throughput to stock runner", toStock, "≥ 1", toStock >= 1);
        }
      }
    }
    json.put("ratio_to_noop", Rounded.thousandths(worstNoop));
    if (stock == null) {
      json.putNull("ratio_to_stock");
    } else {
      json.put("ratio_to_stock", Rounded.thousandths(worstStock));
    }
  }

  private static Supplier<byte[]> bodiesOf(Map<String, Supplier<byte[]>> bodies, String name) {
    Supplier<byte[]> found = bodies.get(name);
    if (found == null) {
      throw new IllegalStateException("no bodies for " + name);
    }
    return found;
  }

  private void socket(Contender noop, Contender inspect) throws InterruptedException, IOException {
    List<Double> idle = new ArrayList<>();
    List<Double> ours = new ArrayList<>();
    List<Double> cpu = new ArrayList<>();
    List<Double> idleCpu = new ArrayList<>();
    SocketLoad toNoop = new SocketLoad(noop.subject().socket(), CONF);
    SocketLoad toOurs = new SocketLoad(inspect.subject().socket(), CONF);
    Supplier<byte[]> bodies = conversation(8 << 10);
    settle(noop.subject(), toNoop, bodies);
    settle(inspect.subject(), toOurs, bodies);
    List<Double> compilers = new ArrayList<>();
    for (int round = 0; round < plan.rounds(); round++) {
      say("straight on the socket, round %d", round + 1);
      long before = noop.subject().stats().cpuNanos();
      Outcome seen = toNoop.closed(bodies, 16, plan.seconds());
      idleCpu.add((noop.subject().stats().cpuNanos() - before) / 1e3 / seen.nanos().length);
      idle.add(seen.perSecond());
      SubjectMain.Stats start = inspect.subject().stats();
      seen = toOurs.closed(bodies, 16, plan.seconds());
      SubjectMain.Stats end = inspect.subject().stats();
      cpu.add((end.cpuNanos() - start.cpuNanos()) / 1e3 / seen.nanos().length);
      compilers.add((end.compilerNanos() - start.compilerNanos()) / 1e3 / seen.nanos().length);
      ours.add(seen.perSecond());
      errorsSeen += seen.errors(200);
    }
    json.put("socket_ratio_to_noop", Rounded.thousandths(Rounds.medianRatio(ours, idle)));
    json.put("cpu_us_per_call", Rounded.tenths(Rounds.median(cpu)));
    json.put("noop_cpu_us_per_call", Rounded.tenths(Rounds.median(idleCpu)));
    json.put("compiler_us_per_call", Rounded.tenths(Rounds.median(compilers)));
    note(
        new Judgement(
            "8 KB straight on the socket: µs of processor time a call (noop "
                + Rounded.tenths(Rounds.median(idleCpu))
                + ", compilers "
                + Rounded.tenths(Rounds.median(compilers))
                + " of it)",
            Rounds.median(cpu),
            "–",
            true),
        null);
  }

  /**
   * Runs until compilers take next to nothing of a process: a large program is compiled for a
   * minute and more under load, which is no cost of a request.
   */
  private void settle(Subject subject, SocketLoad load, Supplier<byte[]> bodies)
      throws InterruptedException, IOException {
    for (int round = 0; round < MOST_SETTLING_ROUNDS; round++) {
      SubjectMain.Stats before = subject.stats();
      load.closed(bodies, 16, SETTLING_SECONDS);
      SubjectMain.Stats after = subject.stats();
      double share =
          (double) (after.compilerNanos() - before.compilerNanos())
              / (after.cpuNanos() - before.cpuNanos());
      say("settling: compilers take %.1f %% of the processor time", 100 * share);
      if (share < SETTLED_SHARE) {
        return;
      }
    }
  }

  private void allocation(Contender inspect) throws InterruptedException, IOException {
    SocketLoad load = new SocketLoad(inspect.subject().socket(), CONF);
    // Nothing new in it: what a request costs that was seen before.
    byte[] warm = new Conversation(8 << 10, NEW_SHARE, seed++).next();
    load.closed(() -> warm, 4, 1);
    long before = inspect.subject().stats().allocatedBytes();
    Outcome seen = load.closed(() -> warm, 4, plan.seconds());
    double each =
        (double) (inspect.subject().stats().allocatedBytes() - before) / seen.nanos().length;
    json.put("allocated_bytes_per_warm_call", rounded(each));
    judge("8 KB warm: bytes allocated a request", each, "< 60,000", each < 60_000);
    Supplier<byte[]> fresh = conversation(8 << 10);
    before = inspect.subject().stats().allocatedBytes();
    seen = load.closed(fresh, 4, plan.seconds());
    each = (double) (inspect.subject().stats().allocatedBytes() - before) / seen.nanos().length;
    json.put("allocated_bytes_per_call_20_percent_new", rounded(each));
  }

  private void latency(Contender noop, Contender inspect) throws InterruptedException {
    ArrayNode all = json.putArray("latency");
    double worstP50 = 0;
    double worstP99 = 0;
    for (int size : SIZES) {
      Supplier<byte[]> bodies = conversation(size);
      double capacity = inspect.load().closed(bodies, 64, plan.seconds()).perSecond();
      Pairs pairs = pairs(noop, inspect, bodies, size + " bytes", capacity / 2);
      all.add(pairs.json().put("bytes", size).put("per_second", rounded(capacity / 2)));
      worstP50 = Math.max(worstP50, pairs.p50());
      worstP99 = Math.max(worstP99, pairs.p99());
    }
    json.put("added_p50_ms", Rounded.thousandths(worstP50));
    json.put("added_p99_ms", Rounded.thousandths(worstP99));
    judge("added latency at half load, p50, ms", worstP50, "≤ 0.5", worstP50 <= 0.5);
    judge("added latency at half load, p99, ms", worstP99, "≤ 5", worstP99 <= 5);
  }

  private void cold(Contender noop, Contender cheap) throws InterruptedException {
    Supplier<byte[]> bodies = new Conversation(8 << 10, 1, seed++)::next;
    cheap.load().closed(bodies, 16, Math.max(3, plan.seconds()));
    double capacity = cheap.load().closed(bodies, 64, plan.seconds()).perSecond();
    Pairs pairs = pairs(noop, cheap, bodies, "8 KB all new, no ONNX", capacity / 2);
    json.set("cold", pairs.json().put("bytes", 8 << 10).put("per_second", rounded(capacity / 2)));
    double p99 = pairs.ownP99();
    judge("8 KB all new, no ONNX, at half load: p99, ms", p99, "≤ 10", p99 <= 10);
  }

  /** What latency at a fixed rate is with and without inspection. */
  private record Pairs(ObjectNode json, double p50, double p99, double ownP99) {}

  private Pairs pairs(
      Contender noop, Contender inspect, Supplier<byte[]> bodies, String what, double perSecond)
      throws InterruptedException {
    ObjectNode node = WireJson.mapper().createObjectNode();
    Map<String, List<Double>> p50 = new LinkedHashMap<>();
    Map<String, List<Double>> p99 = new LinkedHashMap<>();
    for (int pair = 0; pair < plan.pairs(); pair++) {
      say("latency, %s, %.0f a second, pair %d", what, perSecond, pair + 1);
      for (Contender each : Rounds.turned(List.of(noop, inspect), pair)) {
        Outcome seen = each.load().open(bodies, 64, plan.seconds(), perSecond);
        errorsSeen += seen.errors(200);
        p50.computeIfAbsent(each.name(), n -> new ArrayList<>()).add(seen.percentile(0.5));
        p99.computeIfAbsent(each.name(), n -> new ArrayList<>()).add(seen.percentile(0.99));
      }
    }
    for (Contender each : List.of(noop, inspect)) {
      list(node, each.name() + "_p50_ms", p50.getOrDefault(each.name(), List.of()));
      list(node, each.name() + "_p99_ms", p99.getOrDefault(each.name(), List.of()));
    }
    double added50 =
        Rounds.medianDifference(
            p50.getOrDefault(inspect.name(), List.of()), p50.getOrDefault(noop.name(), List.of()));
    double added99 =
        Rounds.medianDifference(
            p99.getOrDefault(inspect.name(), List.of()), p99.getOrDefault(noop.name(), List.of()));
    double own = Rounds.median(p99.getOrDefault(inspect.name(), List.of()));
    node.put("added_p50_ms", Rounded.thousandths(added50))
        .put("added_p99_ms", Rounded.thousandths(added99));
    return new Pairs(node, added50, added99, own);
  }

  private static void list(ObjectNode node, String name, List<Double> values) {
    ArrayNode array = node.putArray(name);
    values.forEach(value -> array.add(Rounded.thousandths(value)));
  }

  private void judge(String figure, double value, String bar, boolean meets) {
    note(new Judgement(figure, value, bar, meets), null);
  }

  /** Takes a figure with what else belongs to it in the JSON. */
  private void note(Judgement judgement, @Nullable ObjectNode detail) {
    judged.add(judgement);
    if (detail != null) {
      json.setAll(detail);
    }
    out.printf(
        Locale.ROOT,
        "%-70s %12.3f   %-14s %s%n",
        judgement.figure(),
        judgement.value(),
        judgement.bar(),
        judgement.bar().equals("–") ? "" : judgement.meets() ? "met" : "MISSED");
    out.flush();
  }

  private void say(String format, Object... values) {
    if (Terminal.attached()) {
      out.printf(Locale.ROOT, "  " + format + "%n", values);
      out.flush();
    }
  }

  private static long rounded(double value) {
    return Math.round(value);
  }

  @Override
  public void close() throws IOException {
    while (!running.isEmpty()) {
      try {
        running.pop().close();
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IOException("a part of the bench did not stop", e);
      }
    }
  }
}
