package io.llmtrace.cli.grafana;

/** What was found, and what was done about it. */
final class SecurityDashboard {
  private SecurityDashboard() {}

  static Dashboard make() {
    return new Dashboard(
            "llmtrace-security",
            "LLMTrace / Security",
            "Findings by type, severity and action, what was stopped, and who was refused.",
            Variable.JOB,
            Variable.MODEL)
        .row(
            "Findings",
            Panel.lines(
                    "Findings by type",
                    "Findings a minute. The rule finding_spike fires above 10 a minute.")
                .unit("cpm")
                .query(perMinute("type"), "{{type}}")
                .link("Findings", "findings")
                .seriesLink(
                    "Findings of this type", "findings?type=${__field.labels.type:percentencode}"),
            Panel.lines("Findings by severity", "Findings a minute.")
                .unit("cpm")
                .stacked()
                .query(perMinute("severity"), "{{severity}}")
                .seriesLink(
                    "Findings of this severity and worse",
                    "findings?severity=${__field.labels.severity:percentencode}"),
            Panel.lines(
                    "Findings by action", "Findings a minute, by what was done to the exchange.")
                .unit("cpm")
                .stacked()
                .query(perMinute("action"), "{{action}}")
                .seriesLink(
                    "Exchanges with this action",
                    "exchanges?action=${__field.labels.action:percentencode}"),
            Panel.bars("Most frequent types", "Findings in the time that is shown.")
                .now(
                    "topk(10, sum by (type)"
                        + " (increase(llmtrace_security_findings_total{@job}[$__range])))",
                    "{{type}}")
                .seriesLink(
                    "Findings of this type", "findings?type=${__field.labels.type:percentencode}"))
        .row(
            "Severe",
            Panel.number("Critical and high", "Findings in the time that is shown.")
                .size(6, 4)
                .redFrom(1)
                .now(
                    "sum by (severity) (increase(llmtrace_security_findings_total{@job,"
                        + "severity=~\"critical|high\"}[$__range]))",
                    "{{severity}}")
                .link("High and worse", "findings?severity=high"),
            Panel.number(
                    "Severe and not stopped",
                    "Critical and high findings whose exchange was let through, answers that nobody"
                        + " held among them.")
                .size(6, 4)
                .redFrom(1)
                .now(
                    "sum(increase(llmtrace_security_findings_total{@job,severity=~\"critical|high\","
                        + "action=~\"allow|flag\"}[$__range]))",
                    "passed")
                .link("High and worse", "findings?severity=high"),
            Panel.number("Share that was blocked", "Of all exchanges in the time that is shown.")
                .unit("percentunit")
                .size(6, 4)
                .now(
                    "sum(increase(llmtrace_inspections_total{@job,outcome=\"block\"}[$__range])) /"
                        + " sum(increase(llmtrace_inspections_total{@job}[$__range]))",
                    "blocked")
                .link("Blocked exchanges", "exchanges?outcome=block"),
            Panel.number(
                    "Refusals of models and providers",
                    "Answers that refuse: the provider says so, or the text begins as a refusal"
                        + " does.")
                .size(6, 4)
                .now("sum by (by) (increase(llmtrace_refusals_total{@model}[$__range]))", "{{by}}"))
        .row(
            "What became of exchanges",
            Panel.lines(
                    "Outcomes",
                    "Exchanges a second: block, limit and redact first, then what was not looked"
                        + " at, then the decision.")
                .unit("cps")
                .stacked()
                .query(
                    "sum by (outcome) (rate(llmtrace_inspections_total{@job}[$__rate_interval]))",
                    "{{outcome}}")
                .seriesLink(
                    "Exchanges with this outcome",
                    "exchanges?outcome=${__field.labels.outcome:percentencode}"),
            Panel.lines("Refusals", "Answers a minute that refuse, by who refuses and which model.")
                .unit("cpm")
                .query(
                    "60 * sum by (by, model)"
                        + " (rate(llmtrace_refusals_total{@model}[$__rate_interval]))",
                    "{{by}} {{model}}"))
        .row(
            "The control plane's own doors",
            Panel.lines(
                    "Refused callers",
                    "Requests to the API a minute with a token that is not valid, or that was not"
                        + " looked at after too many of them.")
                .unit("cpm")
                .size(8, 8)
                .query(
                    "60 * sum by (reason)"
                        + " (rate(llmtrace_authentication_failures_total{@job}[$__rate_interval]))",
                    "{{reason}}")
                .query(
                    "60 * sum(rate(llmtrace_api_rate_limited_total{@job}[$__rate_interval]))",
                    "too many"),
            Panel.lines(
                    "Captured content",
                    "Parts of exchanges a minute whose content was stored, or came and was"
                        + " refused.")
                .unit("cpm")
                .size(8, 8)
                .query(
                    "60 * sum by (part)"
                        + " (rate(llmtrace_content_captured_total{@job}[$__rate_interval]))",
                    "stored {{part}}")
                .query(
                    "60 * sum by (reason)"
                        + " (rate(llmtrace_content_refused_total{@job}[$__rate_interval]))",
                    "refused {{reason}}"),
            Panel.lines(
                    "Records of other tenants",
                    "Records a minute that an instance's key may not send; they are set aside.")
                .unit("cpm")
                .size(8, 8)
                .query(
                    "60 * sum by (reason)"
                        + " (rate(llmtrace_rejected_records_total{@job}[$__rate_interval]))",
                    "{{reason}}"));
  }

  private static String perMinute(String by) {
    return "60 * sum by ("
        + by
        + ") (rate(llmtrace_security_findings_total{@job}[$__rate_interval]))";
  }
}
