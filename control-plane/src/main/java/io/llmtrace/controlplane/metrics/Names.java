package io.llmtrace.controlplane.metrics;

import java.util.List;
import java.util.Map;

/** Names and label keys that dashboards rely on. */
final class Names {
  static final String REQUESTS = "llmtrace_requests_total";
  static final String DURATION = "llmtrace_request_duration_seconds";
  static final String TOKENS = "llmtrace_tokens_total";
  static final String FINDINGS = "llmtrace_security_findings_total";
  static final String UPSTREAM_ERRORS = "llmtrace_upstream_errors_total";
  static final String INSPECTIONS = "llmtrace_inspections_total";
  static final String INSPECTION_DURATION = "llmtrace_inspection_duration_seconds";
  static final String ANSWERS = "llmtrace_answers_total";
  static final String REFUSALS = "llmtrace_refusals_total";
  static final String LOST = "llmtrace_events_lost_total";
  static final String COST = "llmtrace_cost_usd_total";

  static final double[] REQUEST_BUCKETS = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  static final double[] INSPECTION_BUCKETS = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1
  };

  static final Map<String, List<String>> COUNTERS =
      Map.of(
          REQUESTS,
          List.of("status", "provider", "model", "route", "tenant"),
          TOKENS,
          List.of("type", "provider", "model", "tenant"),
          FINDINGS,
          List.of("type", "severity", "action"),
          UPSTREAM_ERRORS,
          List.of("provider", "reason"),
          INSPECTIONS,
          List.of("outcome", "reason"),
          ANSWERS,
          List.of("coverage", "reason"),
          REFUSALS,
          List.of("by", "provider", "model"),
          LOST,
          List.of("reason"),
          COST,
          List.of("provider", "model", "tenant"));
  static final Map<String, List<String>> HISTOGRAMS =
      Map.of(DURATION, List.of("provider", "route"), INSPECTION_DURATION, List.of("stage"));

  private Names() {}

  /** Label keys of a stored metric, the bound of a bucket left out. */
  static List<String> keys(String metric) {
    String base = metric.replaceFirst("_(bucket|sum|count)$", "");
    return COUNTERS.getOrDefault(metric, HISTOGRAMS.getOrDefault(base, List.of()));
  }
}
