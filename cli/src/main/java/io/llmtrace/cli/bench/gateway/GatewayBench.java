package io.llmtrace.cli.bench.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.measure.Rounded;
import io.llmtrace.policies.detect.classify.GuardModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures the plugin in front of traffic. Each figure comes from rounds in which the contenders
 * take turns, so that whatever else the machine does meets all of them.
 */
final class GatewayBench implements AutoCloseable {
  private static final String NO_ONNX = "detection: {built_in_model: false}\n";
  private static final String ONNX_STAGE = "stage=\"" + GuardModel.NAME + "\"";

  private final BenchPlan plan;
  private final Contenders contenders;
  private final Bodies texts = new Bodies();
  private final Figures figures;

  GatewayBench(BenchPlan plan, PrintWriter out) {
    this.plan = plan;
    this.contenders = new Contenders(plan.directory());
    this.figures = new Figures(out);
  }

  /** Runs all of it; the figures as JSON. */
  ObjectNode run() throws IOException, InterruptedException {
    if (!plan.parts().equals(Set.of(BenchPlan.Part.BODIES))) {
      besideNoop();
    }
    if (plan.has(BenchPlan.Part.BODIES)) {
      BigBodies.measure(plan.directory(), contenders.provider(), Contenders.CONF, figures);
    }
    figures.judgeErrors();
    return figures.withBars();
  }

  private void besideNoop() throws IOException, InterruptedException {
    Contender noop = contenders.ours("noop", "noop", "");
    Contender inspect = contenders.ours("inspect", "inspect", "");
    List<Contender> all = new ArrayList<>(List.of(noop, inspect));
    @Nullable Contender stock = null;
    if (plan.stockRunner() != null && plan.has(BenchPlan.Part.THROUGHPUT)) {
      stock = contenders.stock(plan.stockRunner());
      all.add(stock);
    }
    for (Contender each : all) {
      warmUp(each, texts.ongoing(8 << 10));
    }
    Latency latency = new Latency(plan, texts, figures);
    if (plan.has(BenchPlan.Part.THROUGHPUT)) {
      double asked = onnx(inspect);
      double exchanges = exchanges(inspect);
      new Throughput(plan, texts, figures).measure(noop, inspect, stock);
      figures
          .json()
          .put(
              "onnx_share",
              Rounded.thousandths((onnx(inspect) - asked) / (exchanges(inspect) - exchanges)));
    }
    if (plan.has(BenchPlan.Part.SOCKET)) {
      new SocketCost(plan, texts, figures).measure(noop, inspect);
    }
    if (plan.has(BenchPlan.Part.LATENCY)) {
      latency.measure(noop, inspect);
    }
    if (plan.has(BenchPlan.Part.OVERLOAD)) {
      Contender cheap = contenders.ours("no-onnx", "inspect", NO_ONNX);
      warmUp(cheap, texts.allNew(8 << 10)::next);
      latency.measureAllNew(noop, cheap);
      Overload.measure(cheap.subject(), cheap.load(), () -> texts.allNew(8 << 10), figures);
    }
  }

  /** A steady load for minutes instead of all that; the figures as JSON. */
  ObjectNode soak(Soak.Plan soak) throws IOException, InterruptedException {
    Soak.measure(soak, plan.directory(), contenders.provider(), figures);
    return figures.withBars();
  }

  private void warmUp(Contender contender, Supplier<byte[]> bodies) throws InterruptedException {
    contender
        .load()
        .untilFlat(
            bodies,
            16,
            rate -> figures.say("warming up %s: %.0f a second", contender.name(), rate));
  }

  private static double onnx(Contender contender) throws IOException, InterruptedException {
    return Page.sum(
        contender.subject().localPort(), "llmtrace_plugin_inspection_seconds_count", ONNX_STAGE);
  }

  private static double exchanges(Contender contender) throws IOException, InterruptedException {
    return Page.sum(contender.subject().localPort(), "llmtrace_plugin_exchanges_total", "");
  }

  boolean meetsAll() {
    return figures.meetsAll();
  }

  @Override
  public void close() throws IOException {
    contenders.close();
  }
}
