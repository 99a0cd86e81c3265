package io.llmtrace.controlplane.statistics;

import java.util.Locale;

/** What sums are kept by, always within a tenant. */
public enum Dimension {
  /** By nothing else. */
  TENANT,
  ROUTE,
  CONSUMER,
  AGENT,
  /** By provider and model. */
  MODEL,
  /** By type and severity; counts findings only. */
  FINDING;

  private final String label = name().toLowerCase(Locale.ROOT);

  public String label() {
    return label;
  }
}
