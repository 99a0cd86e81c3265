package io.llmtrace.controlplane.metrics;

import java.util.List;

/**
 * One counted series.
 *
 * @param metric name; of a histogram with {@code _bucket}, {@code _sum} or {@code _count}
 * @param labels values in the order of the metric's label keys, of a bucket the bound last
 */
public record Series(String metric, List<String> labels) {
  public Series {
    labels = List.copyOf(labels);
  }
}
