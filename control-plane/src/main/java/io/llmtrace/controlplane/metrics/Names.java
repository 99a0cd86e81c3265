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
  static final String SET_ASIDE = "llmtrace_batches_set_aside_total";
  static final String REJECTED = "llmtrace_rejected_records_total";
  static final String CONTENT = "llmtrace_content_captured_total";
  static final String CONTENT_REFUSED = "llmtrace_content_refused_total";
  static final String COST = "llmtrace_cost_usd_total";
  static final String COST_UNKNOWN = "llmtrace_cost_unknown_total";
  static final String TOKEN_DETAILS = "llmtrace_token_details_total";
  static final String USAGE = "llmtrace_usage_total";
  static final String TRUNCATED = "llmtrace_answers_truncated_total";
  static final String FIRST_TOKEN = "llmtrace_time_to_first_token_seconds";

  static final String TOKEN_RATE = "llmtrace_output_tokens_per_second";

  static final double[] REQUEST_BUCKETS = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  static final double[] TOKEN_RATE_BUCKETS = {5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500};
  static final double[] INSPECTION_BUCKETS = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1
  };

  private static final List<String> SPENDER = List.of("provider", "model", "tenant");

  static final Map<String, List<String>> COUNTERS =
      Map.ofEntries(
          Map.entry(REQUESTS, List.of("status", "provider", "model", "route", "tenant")),
          Map.entry(TOKENS, List.of("type", "provider", "model", "tenant")),
          Map.entry(TOKEN_DETAILS, List.of("type", "provider", "model", "tenant")),
          Map.entry(FINDINGS, List.of("type", "severity", "action")),
          Map.entry(UPSTREAM_ERRORS, List.of("provider", "reason")),
          Map.entry(INSPECTIONS, List.of("outcome", "reason")),
          Map.entry(ANSWERS, List.of("coverage", "reason")),
          Map.entry(TRUNCATED, List.of("provider", "route")),
          Map.entry(REFUSALS, List.of("by", "provider", "model")),
          Map.entry(LOST, List.of("reason")),
          Map.entry(SET_ASIDE, List.of("reason")),
          Map.entry(REJECTED, List.of("reason")),
          Map.entry(CONTENT, List.of("part")),
          Map.entry(CONTENT_REFUSED, List.of("reason")),
          Map.entry(USAGE, List.of("source", "provider")),
          Map.entry(COST, SPENDER),
          Map.entry(COST_UNKNOWN, SPENDER));
  static final Map<String, List<String>> HISTOGRAMS =
      Map.of(
          DURATION,
          List.of("provider", "route"),
          FIRST_TOKEN,
          List.of("provider", "route"),
          TOKEN_RATE,
          List.of("provider", "model"),
          INSPECTION_DURATION,
          List.of("stage"));

  private Names() {}

  /** Label keys of a stored metric, the bound of a bucket left out. */
  static List<String> keys(String metric) {
    String base = metric.replaceFirst("_(bucket|sum|count)$", "");
    return COUNTERS.getOrDefault(metric, HISTOGRAMS.getOrDefault(base, List.of()));
  }
}
