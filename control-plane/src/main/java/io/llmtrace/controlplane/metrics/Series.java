package io.llmtrace.controlplane.metrics;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One counted series. Equal by value; immutable. Not a record, because its hash is asked for
 * several times a stored record and is kept.
 */
public final class Series {
  private final String metric;
  private final List<String> labels;
  private final int hash;

  /**
   * A series of a metric.
   *
   * @param metric name; of a histogram with {@code _bucket}, {@code _sum} or {@code _count}
   * @param labels values in the order of the metric's label keys, of a bucket the bound last
   */
  public Series(String metric, List<String> labels) {
    this.metric = metric;
    this.labels = List.copyOf(labels);
    this.hash = 31 * metric.hashCode() + this.labels.hashCode();
  }

  public String metric() {
    return metric;
  }

  public List<String> labels() {
    return labels;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof Series that
            && hash == that.hash
            && metric.equals(that.metric)
            && labels.equals(that.labels));
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    return metric + labels;
  }
}
