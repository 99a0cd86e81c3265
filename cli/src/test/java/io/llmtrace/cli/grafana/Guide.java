package io.llmtrace.cli.grafana;

import java.util.List;

/** The monitoring guide's five panels, their expressions as it writes them. */
final class Guide {
  static final String REQUEST_RATE = "rate(llmtrace_requests_total[5m])";
  static final String P95_LATENCY =
      "histogram_quantile(0.95, rate(llmtrace_request_duration_seconds_bucket[5m]))";
  static final String ERROR_RATE =
      "rate(llmtrace_requests_total{status=~\"5..\"}[5m]) / rate(llmtrace_requests_total[5m])";
  static final String FINDINGS_RATE = "rate(llmtrace_security_findings_total[5m])";
  static final String BREAKER_STATE = "llmtrace_circuit_breaker_state";

  static final List<String> ALL =
      List.of(REQUEST_RATE, P95_LATENCY, ERROR_RATE, FINDINGS_RATE, BREAKER_STATE);

  private Guide() {}

  static Panel breaker(Panel panel) {
    return panel.text(0, "closed", "green").text(1, "half-open", "orange").text(2, "open", "red");
  }

  /** The five in one row. */
  static Panel[] panels() {
    return new Panel[] {
      Panel.lines(
              "Request Rate",
              "Completed requests a second, a line for each status, provider, model, route and"
                  + " tenant.")
          .unit("reqps")
          .size(5, 7)
          .query(REQUEST_RATE, "{{status}} {{route}} {{model}}")
          .link("Exchanges", "exchanges")
          .seriesLink(
              "Exchanges of this route", "exchanges?route=${__field.labels.route:percentencode}"),
      Panel.lines(
              "P95 Latency",
              "95th percentile of the time to the last byte, for each provider and route.")
          .unit("s")
          .size(5, 7)
          .query(P95_LATENCY, "{{provider}} {{route}}")
          .link("Slow exchanges", "exchanges?min_latency_ms=5000"),
      Panel.lines(
              "Error Rate",
              "As the guide writes it, each series of errors divided by itself: 1 wherever there"
                  + " are errors. The share of errors among all requests is in the row below.")
          .unit("percentunit")
          .size(5, 7)
          .query(ERROR_RATE, "{{status}} {{route}} {{model}}")
          .link("Failed exchanges", "exchanges?status=5xx"),
      Panel.lines(
              "Security Findings Rate",
              "Findings a second, a line for each type, severity and action.")
          .unit("cps")
          .size(5, 7)
          .query(FINDINGS_RATE, "{{type}} {{severity}} {{action}}")
          .link("Findings", "findings")
          .seriesLink(
              "Findings of this type", "findings?type=${__field.labels.type:percentencode}"),
      breaker(
              Panel.states(
                  "Circuit Breaker State",
                  "0 closed, 1 half-open, 2 open. While the analysis breaker is open, traffic"
                      + " passes without being looked at."))
          .size(4, 7)
          .query(BREAKER_STATE, "{{node}} {{breaker}}")
    };
  }
}
