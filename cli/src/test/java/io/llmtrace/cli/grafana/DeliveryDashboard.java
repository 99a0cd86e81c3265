package io.llmtrace.cli.grafana;

/** Whether people hear of what happens. */
final class DeliveryDashboard {
  private DeliveryDashboard() {}

  static Dashboard make() {
    return new Dashboard(
            "llmtrace-alerts",
            "LLMTrace / Alerts and delivery",
            "Messages of the control plane's alerts by channel, and the alerts that Prometheus"
                + " raises.",
            Variable.JOB,
            Variable.CHANNEL)
        .row(
            "Outbox",
            Panel.number("Waiting", "Messages that are still to be told.")
                .size(6, 4)
                .now("sum by (channel) (llmtrace_alert_outbox_waiting{@channel})", "{{channel}}")
                .linkNow("Deliveries", "alerts/deliveries"),
            Panel.number("Given up", "Messages that were given up; they can be tried again.")
                .size(6, 4)
                .redFrom(1)
                .now("sum by (channel) (llmtrace_alert_outbox_parked{@channel})", "{{channel}}")
                .linkNow("Deliveries", "alerts/deliveries?state=parked"),
            Panel.number("Delivered", "Attempts that a service took, in the time that is shown.")
                .size(6, 4)
                .now(
                    "sum by (channel) (increase(llmtrace_alert_deliveries_total{@channel,"
                        + "result=\"delivered\"}[$__range]))",
                    "{{channel}}"),
            Panel.number("Failed attempts", "In the time that is shown; most are tried again.")
                .size(6, 4)
                .redFrom(1)
                .now(
                    "sum by (channel) (increase(llmtrace_alert_deliveries_total{@channel,"
                        + "result!=\"delivered\"}[$__range]))",
                    "{{channel}}")
                .linkNow("Deliveries", "alerts/deliveries"))
        .row(
            "Delivery",
            Panel.lines("Attempts", "Attempts a minute by channel and what came of them.")
                .unit("cpm")
                .size(8, 8)
                .query(
                    "60 * sum by (channel, result)"
                        + " (rate(llmtrace_alert_deliveries_total{@channel}[$__rate_interval]))",
                    "{{channel}} {{result}}"),
            Panel.lines("From outbox to delivery", "95th percentile, waits and retries included.")
                .unit("s")
                .size(8, 8)
                .query(
                    "histogram_quantile(0.95, sum by (le, channel)"
                        + " (rate(llmtrace_alert_delivery_seconds_bucket{@channel}[$__rate_interval])))",
                    "{{channel}}"),
            Panel.lines("Time of an attempt", "Mean by channel: how fast the service answers.")
                .unit("s")
                .size(8, 8)
                .query(
                    "sum by (channel)"
                        + " (rate(llmtrace_alert_attempt_seconds_sum{@channel}[$__rate_interval]))"
                        + " / sum by (channel)"
                        + " (rate(llmtrace_alert_attempt_seconds_count{@channel}[$__rate_interval]))",
                    "{{channel}}"))
        .row(
            "Alerts of Prometheus",
            Panel.states(
                    "Alerts",
                    "Those of llmtrace-rules.yml, where Prometheus has loaded it: pending while"
                        + " their duration runs, then firing. The control plane's own incidents are"
                        + " in its API.")
                .size(24, 8)
                .text(1, "raised", "red")
                .query(
                    "max by (alertname, alertstate, severity) (ALERTS{alertname=~\"high_error_rate|"
                        + "high_latency|breaker_open|finding_spike|inspection_coverage|node_silent|"
                        + "events_lost|accounting\"})",
                    "{{alertname}} {{alertstate}}")
                .link("Incidents of the control plane", "alerts/incidents"));
  }
}
