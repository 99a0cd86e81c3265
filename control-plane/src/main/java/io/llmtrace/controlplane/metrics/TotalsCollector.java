package io.llmtrace.controlplane.metrics;

import io.llmtrace.controlplane.nodes.Nodes;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Shows totals and node gauges to a Prometheus registry. Thread-safe. */
public final class TotalsCollector implements MultiCollector {
  private final Totals totals;
  private final Nodes nodes;

  public TotalsCollector(Totals totals, Nodes nodes) {
    this.totals = totals;
    this.nodes = nodes;
  }

  @Override
  public MetricSnapshots collect() {
    Map<Series, Double> values = totals.snapshot();
    Zeros.into(values);
    List<MetricSnapshot> out = new ArrayList<>();
    Names.COUNTERS.forEach((name, keys) -> out.add(counter(name, keys, values)));
    out.add(histogram(Names.DURATION, Names.keys(Names.DURATION), Names.REQUEST_BUCKETS, values));
    out.add(
        histogram(Names.FIRST_TOKEN, Names.keys(Names.FIRST_TOKEN), Names.REQUEST_BUCKETS, values));
    out.add(
        histogram(
            Names.TOKEN_RATE, Names.keys(Names.TOKEN_RATE), Names.TOKEN_RATE_BUCKETS, values));
    out.add(
        histogram(
            Names.INSPECTION_DURATION,
            Names.keys(Names.INSPECTION_DURATION),
            Names.INSPECTION_BUCKETS,
            values));
    gauges(out);
    return new MetricSnapshots(out);
  }

  private static CounterSnapshot counter(
      String name, List<String> keys, Map<Series, Double> values) {
    CounterSnapshot.Builder built =
        CounterSnapshot.builder().name(name.substring(0, name.length() - "_total".length()));
    values.forEach(
        (series, value) -> {
          if (series.metric().equals(name)) {
            built.dataPoint(
                CounterSnapshot.CounterDataPointSnapshot.builder()
                    .labels(Labels.of(keys, series.labels()))
                    .value(value)
                    .build());
          }
        });
    return built.build();
  }

  private static HistogramSnapshot histogram(
      String name, List<String> keys, double[] bounds, Map<Series, Double> values) {
    Map<List<String>, Map<String, Double>> buckets = new HashMap<>();
    Set<List<String>> seen = new HashSet<>();
    values.forEach(
        (series, value) -> {
          if (series.metric().equals(name + "_bucket")) {
            List<String> labels = series.labels().subList(0, keys.size());
            seen.add(labels);
            buckets
                .computeIfAbsent(labels, key -> new HashMap<>())
                .put(series.labels().get(keys.size()), value);
          }
        });
    HistogramSnapshot.Builder built = HistogramSnapshot.builder().name(name);
    for (List<String> labels : seen) {
      Map<String, Double> counts = buckets.getOrDefault(labels, Map.of());
      ClassicHistogramBuckets.Builder classic = ClassicHistogramBuckets.builder();
      for (double bound : bounds) {
        classic.bucket(bound, counts.getOrDefault(Double.toString(bound), 0.0).longValue());
      }
      classic.bucket(Double.POSITIVE_INFINITY, counts.getOrDefault("+Inf", 0.0).longValue());
      built.dataPoint(
          HistogramSnapshot.HistogramDataPointSnapshot.builder()
              .labels(Labels.of(keys, labels))
              .classicHistogramBuckets(classic.build())
              .sum(values.getOrDefault(new Series(name + "_sum", labels), 0.0))
              .build());
    }
    return built.build();
  }

  private void gauges(List<MetricSnapshot> out) {
    GaugeSnapshot.Builder breakers = GaugeSnapshot.builder().name("llmtrace_circuit_breaker_state");
    GaugeSnapshot.Builder active = GaugeSnapshot.builder().name("llmtrace_active_connections");
    GaugeSnapshot.Builder silent = GaugeSnapshot.builder().name("llmtrace_node_silent");
    for (Nodes.Node node : nodes.all()) {
      String name = node.snapshot().node();
      silent.dataPoint(point(Labels.of("node", name), node.silent() ? 1 : 0));
      if (!node.silent()) {
        active.dataPoint(
            point(Labels.of("node", name), (double) node.snapshot().activeConnections()));
        node.snapshot()
            .breakers()
            .forEach(
                (breaker, state) ->
                    breakers.dataPoint(
                        point(
                            Labels.of("breaker", breaker, "node", name),
                            state.equals("open") ? 2 : state.equals("half_open") ? 1 : 0)));
      }
    }
    GaugeSnapshot.Builder accounting =
        GaugeSnapshot.builder()
            .name("llmtrace_accounting_difference")
            .help("Records, and exchanges, of which nobody knows where they are");
    for (Nodes.Difference difference : nodes.differences()) {
      accounting.dataPoint(
          point(
              Labels.of("book", "records", "node", difference.node()),
              (double) difference.records()));
      accounting.dataPoint(
          point(
              Labels.of("book", "exchanges", "node", difference.node()),
              (double) difference.exchanges()));
    }
    out.add(accounting.build());
    out.add(breakers.build());
    out.add(active.build());
    out.add(silent.build());
  }

  private static GaugeSnapshot.GaugeDataPointSnapshot point(Labels labels, double value) {
    return GaugeSnapshot.GaugeDataPointSnapshot.builder().labels(labels).value(value).build();
  }
}
