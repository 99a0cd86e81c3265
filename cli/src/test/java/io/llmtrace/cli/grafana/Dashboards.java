package io.llmtrace.cli.grafana;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.UncheckedIOException;
import java.util.List;

/** All dashboards that are shipped. */
final class Dashboards {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Dashboards() {}

  static List<Dashboard> all() {
    return List.of(
        overview(),
        SecurityDashboard.make(),
        CostDashboard.make(),
        InspectionDashboard.make(),
        DeliveryDashboard.make(),
        InstancesDashboard.make());
  }

  /** The text of its file. */
  static String text(Dashboard dashboard) {
    DefaultIndenter indent = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter(
            Separators.createDefaultInstance()
                .withObjectFieldValueSpacing(Separators.Spacing.AFTER));
    printer.indentArraysWith(indent);
    printer.indentObjectsWith(indent);
    try {
      return JSON.writer(printer).writeValueAsString(dashboard.json()) + "\n";
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Dashboard overview() {
    return new Dashboard(
            "llmtrace-overview",
            "LLMTrace / Overview",
            "Traffic, latency, errors, findings and the breaker at a glance.",
            Variable.JOB,
            Variable.TENANT,
            Variable.ROUTE,
            Variable.MODEL)
        .row("The monitoring guide's panels", Guide.panels())
        .row(
            "The same over everything",
            Panel.lines(
                    "Requests by status",
                    "Completed requests a second. Status 000: nobody told how they ended.")
                .unit("reqps")
                .size(8, 8)
                .stacked()
                .query(
                    "sum by (status) (rate(llmtrace_requests_total{@requests}[$__rate_interval]))",
                    "{{status}}")
                .link("Failed", "exchanges?status=5xx")
                .link("Refused", "exchanges?status=4xx")
                .link("Unobserved", "exchanges?state=unobserved"),
            Panel.lines(
                    "Latency",
                    "Percentiles of the time to the last byte over all requests of the chosen"
                        + " routes.")
                .unit("s")
                .size(8, 8)
                .query(quantile("0.5"), "p50")
                .query(quantile("0.95"), "p95")
                .query(quantile("0.99"), "p99")
                .link("Slow exchanges", "exchanges?min_latency_ms=5000"),
            Panel.lines(
                    "Share of errors",
                    "Requests that ended with a status of 500 or more among all. The rule"
                        + " high_error_rate fires above 5 %.")
                .unit("percentunit")
                .size(8, 8)
                .redFrom(0.05)
                .query(
                    "sum(rate(llmtrace_requests_total{@requests,status=~\"5..\"}[$__rate_interval]))"
                        + " / sum(rate(llmtrace_requests_total{@requests}[$__rate_interval]))",
                    "errors")
                .link("Failed exchanges", "exchanges?status=5xx"))
        .row(
            "In the time that is shown",
            Panel.number("Requests", "Completed requests.")
                .now("sum(increase(llmtrace_requests_total{@requests}[$__range]))", "requests")
                .link("Exchanges", "exchanges"),
            Panel.number("Blocked", "Requests that were stopped.")
                .now(
                    "sum(increase(llmtrace_inspections_total{@job,outcome=\"block\"}[$__range]))",
                    "blocked")
                .link("Blocked exchanges", "exchanges?outcome=block"),
            Panel.number("Findings", "Of every severity, in requests and answers.")
                .now("sum(increase(llmtrace_security_findings_total{@job}[$__range]))", "findings")
                .link("Findings", "findings"),
            Panel.number("Cost", "Of requests whose price is known.")
                .unit("currencyUSD")
                .now("sum(increase(llmtrace_cost_usd_total{@spender}[$__range]))", "cost"),
            Panel.number("Silent instances", "Plugins that have not reported for 60 s.")
                .redFrom(1)
                .now("sum(llmtrace_node_silent{@job})", "silent")
                .linkNow("Instances", "instances"),
            Panel.number(
                    "Records lost", "Telemetry that was dropped; it is missing in every count.")
                .redFrom(1)
                .now("sum(increase(llmtrace_events_lost_total{@job}[$__range]))", "lost"))
        .row(
            "Providers",
            Panel.lines("Requests by route", "Completed requests a second.")
                .unit("reqps")
                .query(
                    "sum by (route) (rate(llmtrace_requests_total{@requests}[$__rate_interval]))",
                    "{{route}}")
                .seriesLink(
                    "Exchanges of this route",
                    "exchanges?route=${__field.labels.route:percentencode}"),
            Panel.lines(
                    "Errors of providers",
                    "By reason: connect and timeout are the gateway's, the others the provider's"
                        + " answers.")
                .unit("cps")
                .query(
                    "sum by (provider, reason)"
                        + " (rate(llmtrace_upstream_errors_total{@job}[$__rate_interval]))",
                    "{{provider}} {{reason}}")
                .link("Failed exchanges", "exchanges?status=5xx"));
  }

  private static String quantile(String of) {
    return "histogram_quantile("
        + of
        + ", sum by (le)"
        + " (rate(llmtrace_request_duration_seconds_bucket{@route}[$__rate_interval])))";
  }
}
