package io.llmtrace.controlplane.query;

/** In which order a list goes through time. */
public enum Order {
  NEWEST,
  OLDEST;

  /** As SQL orders by a column. */
  public String sql() {
    return this == NEWEST ? "DESC" : "ASC";
  }

  /** What is behind a place in this order. */
  public String behind() {
    return this == NEWEST ? "<" : ">";
  }

  /** Marks cursors, so that none goes on in the other direction. */
  String mark() {
    return this == NEWEST ? "n" : "o";
  }
}
