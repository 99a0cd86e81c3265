package io.llmtrace.cli.chaos;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.chaos.ChaosStack.Part;
import io.llmtrace.cli.chaos.Sent.Kind;
import io.llmtrace.cli.measure.Growth;
import io.llmtrace.cli.measure.Growth.Allowance;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A stack that is up under a steady load: what it holds must stay, answers must not get later, and
 * the books must balance. For one thread.
 */
final class Soak {
  private static final double MEBIBYTE = 1 << 20;

  /** Samples of one phase; each collects garbage, and so few do not change the percentiles. */
  private static final int SAMPLES = 60;

  /** The 99th percentile of the last of these parts against that of the second. */
  private static final int PARTS = 6;

  /** What an overload has left in the spool takes a while. */
  private static final Duration SETTLED = Duration.ofMinutes(5);

  /** How old the records may be that are stored while an overload has just ended. */
  private static final Duration BEHIND = Duration.ofMinutes(1);

  /** Clients that an overload has. */
  private static final int CLIENTS = 256;

  private static final double DRIFT = 1.10;

  /** A 99th percentile of few milliseconds trembles by some. */
  private static final double TREMBLE_MILLIS = 5;

  private static final Allowance HEAP = new Allowance(0.05, 8 * MEBIBYTE);
  private static final Allowance DIRECT = new Allowance(0.05, 8 * MEBIBYTE);
  private static final Allowance HANDLES = new Allowance(0.05, 8);
  private static final Allowance THREADS = new Allowance(0.05, 4);

  /** What waits for the next batch goes up and down. */
  private static final Allowance SPOOL = new Allowance(0.05, MEBIBYTE);

  /** The table of exchanges grows by what is stored, and not by more. */
  private static final Allowance BYTES_AN_EXCHANGE = new Allowance(0.05, 64);

  private final ChaosStack stack;
  private final ChaosRun run;
  private final Consumer<String> say;
  private final Map<String, List<Growth.Sample>> samples = new TreeMap<>();
  private final List<String> problems = new ArrayList<>();
  private final ObjectNode json = WireJson.mapper().createObjectNode();

  Soak(ChaosStack stack, ChaosRun run, Consumer<String> say) {
    this.stack = stack;
    this.run = run;
    this.say = say;
  }

  /** What was not as it should be; empty when all was. */
  List<String> problems() {
    return List.copyOf(problems);
  }

  /** All figures. */
  ObjectNode json() {
    json.put("ok", problems.isEmpty());
    var list = json.putArray("problems");
    problems.forEach(list::add);
    return json;
  }

  /**
   * A load that the stack can carry, for so long.
   *
   * @param perSecond requests
   */
  void steady(Duration time, int perSecond) throws IOException, InterruptedException, SQLException {
    samples.clear();
    ObjectNode node = json.putObject("steady").put("per_second", perSecond);
    Phase phase = phase(time, perSecond, Integer.MAX_VALUE, true);
    node.put("requests", phase.sent().size());
    judge("steady", Expectation.unnoticed(), phase, node);
    latency(phase, node);
    ObjectNode growth = node.putObject("growth");
    samples.forEach(
        (name, series) -> {
          Growth grown = new Growth(series, allowance(name));
          growth.set(name, grown.json());
          say.accept(
              String.format(
                  Locale.ROOT,
                  "  %-28s %,14.0f → %,14.0f, second half %+,.0f (at most %,.0f)%s",
                  name,
                  grown.first(),
                  grown.last(),
                  grown.inSecondHalf(),
                  grown.allowed(),
                  grown.ok() ? "" : "  NOT OK"));
          if (!grown.ok()) {
            problems.add(
                String.format(
                    Locale.ROOT,
                    "steady: %s grew by %,.0f in the second half, expected at most %,.0f",
                    name,
                    grown.inSecondHalf(),
                    grown.allowed()));
          }
        });
  }

  private static Allowance allowance(String series) {
    String kind = series.substring(series.lastIndexOf(' ') + 1);
    return switch (kind) {
      case "heap_bytes" -> HEAP;
      case "direct_bytes" -> DIRECT;
      case "handles" -> HANDLES;
      case "threads" -> THREADS;
      case "spool_bytes" -> SPOOL;
      case "bytes_an_exchange" -> BYTES_AN_EXCHANGE;
      default -> throw new IllegalArgumentException("no allowance for " + series);
    };
  }

  /** More than it can carry: it sheds, loses nothing, and is itself again afterwards. */
  void overload(Duration time, int perSecond)
      throws IOException, InterruptedException, SQLException {
    samples.clear();
    ObjectNode node = json.putObject("overload").put("per_second", perSecond);
    Phase phase = phase(time, perSecond, CLIENTS, false);
    node.put("requests", phase.sent().size());
    node.put("clients", CLIENTS);
    node.put("held_back", phase.heldBack());
    say.accept(
        String.format(
            Locale.ROOT,
            "  overload: %,d a second for %d clients, who waited instead %,d times",
            perSecond,
            CLIENTS,
            phase.heldBack()));
    judge(
        "overload",
        Expectation.unnoticed().reasons("overload", "budget").recovers(BEHIND),
        phase,
        node);
    samples.forEach(
        (name, series) -> node.put(name, Math.round(series.get(series.size() - 1).value())));
  }

  /** What a phase was: everything sent, and its books. */
  private record Phase(List<Sent> sent, int heldBack, Measured measured) {}

  private Phase phase(Duration time, int perSecond, int clients, boolean collect)
      throws IOException, InterruptedException, SQLException {
    run.joined(SETTLED);
    Accounts.Standing before = run.accounts().standing();
    List<Sent> sent;
    long recovery;
    int heldBack;
    try (JvmProbe plugin = JvmProbe.of(stack.process(Part.PLUGIN).pid());
        JvmProbe controlPlane = JvmProbe.of(stack.process(Part.CONTROL_PLANE).pid());
        Traffic traffic = run.traffic(perSecond, clients)) {
      long begin = System.nanoTime();
      double pause = time.toMillis() / 1e3 / SAMPLES;
      for (int i = 1; i <= SAMPLES; i++) {
        TimeUnit.NANOSECONDS.sleep(begin + (long) (i * pause * 1e9) - System.nanoTime());
        double now = (System.nanoTime() - begin) / 1e9;
        sample("plugin", now, collect ? plugin.collected() : plugin.now());
        sample("control_plane", now, collect ? controlPlane.collected() : controlPlane.now());
        if (collect) {
          add("plugin spool_bytes", now, stack.pluginHealth().path("spool_bytes").asDouble());
          add("database bytes_an_exchange", now, bytesAnExchange());
        }
      }
      long end = System.nanoTime();
      sent = new ArrayList<>(traffic.stop());
      heldBack = traffic.heldBack();
      try (Traffic after = run.traffic(1)) {
        recovery = run.recovered(after, end);
        sent.addAll(after.stop());
      }
    }
    run.settle(before, sent, 0, SETTLED);
    return new Phase(
        sent, heldBack, run.accounts().of(before, sent, new Accounts.Latency(0, 0), recovery));
  }

  private void sample(String process, double seconds, JvmProbe.Vitals vitals) {
    add(process + " heap_bytes", seconds, (double) vitals.heapBytes());
    add(process + " direct_bytes", seconds, (double) vitals.directBytes());
    add(process + " handles", seconds, (double) vitals.handles());
    add(process + " threads", seconds, vitals.threads());
  }

  private void add(String series, double seconds, double value) {
    samples
        .computeIfAbsent(series, name -> new ArrayList<>())
        .add(new Growth.Sample(seconds, value));
  }

  private double bytesAnExchange() throws SQLException {
    return Double.parseDouble(
        stack
            .database()
            .column(
                "SELECT pg_database_size(current_database())::float8"
                    + " / greatest(1, (SELECT count(*) FROM exchanges))")
            .get(0));
  }

  private void judge(String phase, Expectation expected, Phase seen, ObjectNode node) {
    Measured measured = seen.measured();
    ObjectNode errors = node.putObject("client_errors");
    measured.errors().forEach((kind, count) -> errors.put(kind.label(), count));
    node.put("inspected", measured.exchanges().inspected());
    node.put("partial", measured.exchanges().partial());
    node.put("uninspected", measured.exchanges().uninspected());
    ObjectNode reasons = node.putObject("reasons");
    measured.exchanges().reasons().forEach(reasons::put);
    node.put("records_expected", measured.records().expected());
    node.put("records_stored", measured.records().stored());
    node.put("records_lost", measured.records().lostInAll());
    node.put("records_doubled", measured.records().doubled());
    node.put("recovery_ms", measured.recoveryMillis());
    say.accept(
        String.format(
            Locale.ROOT,
            "  %s: %,d requests, client errors %s, %,d inspected, not inspected %s, %,d of %,d"
                + " records, %d lost, %d doubled, back after %d ms",
            phase,
            measured.sent(),
            measured.errors(),
            measured.exchanges().inspected(),
            measured.exchanges().reasons(),
            measured.records().stored(),
            measured.records().expected(),
            measured.records().lostInAll(),
            measured.records().doubled(),
            measured.recoveryMillis()));
    Judge.problems(expected, measured).forEach(problem -> problems.add(phase + ": " + problem));
  }

  /** The first part warms up; the last must be as the second. */
  private void latency(Phase phase, ObjectNode node) {
    List<Sent> good =
        phase.sent().stream()
            .filter(one -> one.kind() == Kind.JSON && one.error() == null)
            .toList();
    Map<Integer, List<Double>> parts = new TreeMap<>();
    long first = good.get(0).at();
    double whole = (double) good.get(good.size() - 1).at() - first;
    for (Sent one : good) {
      int part = (int) Math.min(PARTS - 1L, (long) ((one.at() - first) / whole * PARTS));
      parts.computeIfAbsent(part, n -> new ArrayList<>()).add(one.millis());
    }
    var list = node.putArray("p99_ms");
    List<Double> p99 = new ArrayList<>();
    parts.values().forEach(millis -> p99.add(ChaosRun.percentile(millis, 0.99)));
    p99.forEach(value -> list.add(Math.round(value * 10) / 10.0));
    say.accept("  p99 in ms, by sixths of the time: " + list);
    double allowed = Math.max(p99.get(1) * DRIFT, p99.get(1) + TREMBLE_MILLIS);
    if (p99.get(PARTS - 1) > allowed) {
      problems.add(
          String.format(
              Locale.ROOT,
              "steady: p99 was %.1f ms in the second part and %.1f ms in the last, expected at most"
                  + " %.1f",
              p99.get(1),
              p99.get(PARTS - 1),
              allowed));
    }
  }
}
