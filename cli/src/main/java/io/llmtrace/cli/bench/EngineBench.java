package io.llmtrace.cli.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.ThreadMXBean;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.wire.WireJson;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Times an engine on one thread, on texts it has not seen, beside an engine without stages in the
 * same run: on a busy machine the ratio still says something.
 */
final class EngineBench {
  private static final long WARM_UP_NANOS = 4_000_000_000L;
  private static final int MOST_ROUNDS = 4_000;
  private static final long MEASURE_NANOS = 6_000_000_000L;

  private EngineBench() {}

  /**
   * Times of one kind of inspection.
   *
   * @param micros sorted, one an inspection
   * @param bytes allocated by an inspection, on average
   */
  record Times(String name, List<Double> micros, double bytes) {
    double percentile(double share) {
      return micros.get(Math.min(micros.size() - 1, (int) Math.floor(share * micros.size())));
    }

    double perSecond() {
      return 1e6 / micros.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }

    ObjectNode json() {
      ObjectNode node = WireJson.mapper().createObjectNode();
      node.put("name", name);
      node.put("inspections", micros.size());
      node.put("per_second", Math.round(perSecond()));
      for (double share : new double[] {0.5, 0.9, 0.99, 0.999}) {
        node.put(
            "p" + String.format(Locale.ROOT, "%s", share * 100).replaceAll("\\.0$", ""),
            Math.round(percentile(share) * 10) / 10.0);
      }
      node.put("allocated_bytes", Math.round(bytes));
      return node;
    }

    String line() {
      return String.format(
          Locale.ROOT,
          "%-34s %9.1f %9.1f %9.1f %9.1f %12.0f %12.0f",
          name,
          percentile(0.5),
          percentile(0.9),
          percentile(0.99),
          percentile(0.999),
          perSecond(),
          bytes);
    }
  }

  static String head() {
    return String.format(
        "%-34s %9s %9s %9s %9s %12s %12s",
        "", "p50 µs", "p90 µs", "p99 µs", "p99.9 µs", "a second", "bytes each");
  }

  /**
   * Times inspections of texts of one length.
   *
   * @param again whether the engine has read the text before, so that its cache answers
   */
  static Times time(String name, DetectionEngine engine, int length, boolean again) {
    SampleText texts = new SampleText(17);
    long end = System.nanoTime() + WARM_UP_NANOS;
    for (int i = 0; i < MOST_ROUNDS && System.nanoTime() - end < 0; i++) {
      DetectionBench.inspect(engine, exchange(texts.next(length)));
    }
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long me = Thread.currentThread().getId();
    List<Double> micros = new ArrayList<>();
    long allocated = 0;
    end = System.nanoTime() + MEASURE_NANOS;
    for (int i = 0; i < MOST_ROUNDS && System.nanoTime() - end < 0; i++) {
      Exchange exchange = exchange(texts.next(length));
      if (again) {
        DetectionBench.inspect(engine, exchange);
      }
      long before = threads.getThreadAllocatedBytes(me);
      long start = System.nanoTime();
      DetectionBench.inspect(engine, exchange);
      long nanos = System.nanoTime() - start;
      allocated += threads.getThreadAllocatedBytes(me) - before;
      micros.add(nanos / 1e3);
    }
    micros.sort(null);
    return new Times(name, micros, (double) allocated / micros.size());
  }

  private static Exchange exchange(String text) {
    return DetectionBench.exchange(Zone.USER, text);
  }
}
