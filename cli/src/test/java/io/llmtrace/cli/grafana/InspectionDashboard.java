package io.llmtrace.cli.grafana;

/** How much of the traffic is looked at, how long it takes, and what is lost on the way. */
final class InspectionDashboard {
  private static final String STAGES = "llmtrace_inspection_duration_seconds";

  private InspectionDashboard() {}

  static Dashboard make() {
    return new Dashboard(
            "llmtrace-inspection",
            "LLMTrace / Inspection",
            "Coverage, stages, cache, breakers, and records on their way from plugin to storage.",
            Variable.JOB,
            Variable.NODE,
            Variable.PLUGIN)
        .row(
            "Coverage",
            Panel.lines(
                    "Share that was not looked at",
                    "Uninspected exchanges among all. The rule inspection_coverage fires above 5"
                        + " %.")
                .unit("percentunit")
                .size(8, 8)
                .redFrom(0.05)
                .query(
                    "sum(rate(llmtrace_inspections_total{@job,outcome=\"uninspected\"}[$__rate_interval]))"
                        + " / sum(rate(llmtrace_inspections_total{@job}[$__rate_interval]))",
                    "uninspected")
                .link("Uninspected exchanges", "exchanges?outcome=uninspected"),
            Panel.lines(
                    "Why not, or not whole",
                    "Exchanges a second by reason; budget: the latency budget ended first and the"
                        + " rest was not read.")
                .unit("cps")
                .size(8, 8)
                .query(
                    "sum by (outcome, reason) (rate(llmtrace_inspections_total{@job,"
                        + "outcome=~\"uninspected|partial\"}[$__rate_interval]))",
                    "{{outcome}} {{reason}}")
                .seriesLink(
                    "Such exchanges", "exchanges?outcome=${__field.labels.outcome:percentencode}"),
            Panel.lines("Answers", "Answers a second by how much of them was looked at.")
                .unit("cps")
                .size(8, 8)
                .stacked()
                .query(
                    "sum by (coverage, reason)"
                        + " (rate(llmtrace_answers_total{@job}[$__rate_interval]))",
                    "{{coverage}} {{reason}}"))
        .row(
            "Stages",
            Panel.lines(
                    "An inspection as a whole",
                    "Percentiles of the time that the request path waits for.")
                .unit("s")
                .size(8, 8)
                .query(total("0.5"), "p50")
                .query(total("0.95"), "p95")
                .query(total("0.99"), "p99"),
            Panel.lines("95th percentile by stage", "Of exchanges in which the stage ran.")
                .unit("s")
                .size(8, 8)
                .query(
                    "histogram_quantile(0.95, sum by (le, stage) (rate("
                        + STAGES
                        + "_bucket{@job,stage!=\"total\"}[$__rate_interval])))",
                    "{{stage}}"),
            Panel.lines(
                    "Time by stage",
                    "Seconds of inspection spent in a second: what the processors do.")
                .unit("s")
                .size(8, 8)
                .stacked()
                .query(
                    "sum by (stage) (rate("
                        + STAGES
                        + "_sum{@job,stage!=\"total\"}[$__rate_interval]))",
                    "{{stage}}"))
        .row(
            "Cache and breakers",
            Panel.lines(
                    "Answered from the cache",
                    "Share of exchanges in which verdicts of texts that were read before were"
                        + " used.")
                .unit("percentunit")
                .query(
                    "sum(rate("
                        + STAGES
                        + "_count{@job,stage=\"cache\"}[$__rate_interval])) / sum(rate("
                        + STAGES
                        + "_count{@job,stage=\"total\"}[$__rate_interval]))",
                    "from the cache"),
            Guide.breaker(
                    Panel.states(
                        "Breakers",
                        "analysis: open means that traffic passes without being looked at."
                            + " control_plane: open means that the plugin works with the last"
                            + " policies and keeps its records on disk."))
                .query("llmtrace_circuit_breaker_state{@node}", "{{node}} {{breaker}}")
                .linkNow("Instances", "instances"))
        .row(
            "Records on their way",
            Panel.lines(
                    "Records lost",
                    "Records a minute that were dropped; the rule events_lost fires on the first.")
                .unit("cpm")
                .size(8, 8)
                .redFrom(1)
                .query(
                    "60 * sum by (reason)"
                        + " (rate(llmtrace_events_lost_total{@job}[$__rate_interval]))",
                    "{{reason}}"),
            Panel.lines(
                    "Batches set aside",
                    "Batches a minute that could not be stored and wait to be replayed.")
                .unit("cpm")
                .size(8, 8)
                .query(
                    "60 * sum by (reason)"
                        + " (rate(llmtrace_batches_set_aside_total{@job}[$__rate_interval]))",
                    "{{reason}}"),
            Panel.lines(
                    "Waiting in spools",
                    "Bytes that plugins have not sent yet. Grows while the control plane is away.")
                .unit("bytes")
                .size(8, 8)
                .query("llmtrace_plugin_spool_bytes{@plugin}", "{{instance}}"))
        .row(
            "Plugins under load",
            Panel.lines(
                    "Workers",
                    "Exchanges that wait for a worker, workers that inspect, and workers whose"
                        + " exchange was answered without them.")
                .size(8, 8)
                .query("llmtrace_plugin_queue{@plugin}", "{{instance}} waiting")
                .query("llmtrace_plugin_workers_busy{@plugin}", "{{instance}} busy")
                .query("llmtrace_plugin_workers_overdue{@plugin}", "{{instance}} overdue"),
            Panel.lines("Bodies in memory", "Bytes of request bodies that plugins hold.")
                .unit("bytes")
                .size(8, 8)
                .query("llmtrace_plugin_body_bytes{@plugin}", "{{instance}}"),
            Panel.lines(
                    "Open exchanges",
                    "Exchanges whose end is awaited, and questions whose answer has not come.")
                .size(8, 8)
                .query("llmtrace_plugin_open_exchanges{@plugin}", "{{instance}} exchanges")
                .query("llmtrace_plugin_questions{@plugin}", "{{instance}} questions"));
  }

  private static String total(String quantile) {
    return "histogram_quantile("
        + quantile
        + ", sum by (le) (rate("
        + STAGES
        + "_bucket{@job,stage=\"total\"}[$__rate_interval])))";
  }
}
