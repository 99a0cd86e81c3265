package io.llmtrace.cli.grafana;

/** Plugins and the control plane themselves. */
final class InstancesDashboard {
  private static final String POOL = "io_dropwizard_db_ManagedPooledDataSource_llmtrace_";

  private InstancesDashboard() {}

  static Dashboard make() {
    return new Dashboard(
            "llmtrace-instances",
            "LLMTrace / Instances",
            "Which plugins report, which policies they run, and how the control plane is doing.",
            Variable.JOB,
            Variable.NODE,
            Variable.PLUGIN)
        .row(
            "Plugins as the control plane sees them",
            Panel.states(
                    "Reporting", "Silent after 60 s without a report; gone from here after a day.")
                .size(8, 8)
                .text(0, "reports", "green")
                .text(1, "silent", "red")
                .query("llmtrace_node_silent{@node}", "{{node}}")
                .linkNow("Instances", "instances"),
            Guide.breaker(Panel.states("Breakers", "By instance and breaker."))
                .size(8, 8)
                .query("llmtrace_circuit_breaker_state{@node}", "{{node}} {{breaker}}"),
            Panel.lines("Active exchanges", "Inspected and not completed.")
                .size(8, 8)
                .query("llmtrace_active_connections{@node}", "{{node}}")
                .link("Open exchanges", "exchanges?state=open"))
        .row(
            "Policies",
            Panel.lines(
                    "Requests for bundles",
                    "A second, by answer; refused: an instance did not take a bundle.")
                .unit("reqps")
                .size(8, 8)
                .query(
                    "sum by (result) (rate(llmtrace_policy_bundles_total{@job}[$__rate_interval]))",
                    "{{result}}"),
            Panel.number("Instances that wait for a change", "Each holds one long poll.")
                .size(4, 8)
                .now("sum(llmtrace_policy_bundle_waits{@job})", "waiting"),
            Panel.number("Plugins that refuse a bundle", "They go on with the version before.")
                .size(4, 8)
                .redFrom(1)
                .now("sum(llmtrace_plugin_policy_refused{@plugin})", "refuse")
                .linkNow("Instances", "instances"),
            Panel.number(
                    "Versions of policies in force",
                    "More than one for longer than a rollout means that an instance lags.")
                .size(4, 8)
                .redFrom(2)
                .now(
                    "count(count_values(\"revision\", llmtrace_plugin_policy_revision{@plugin}))",
                    "versions"),
            Panel.number(
                    "Plugins without leases",
                    "The control plane is gone for so long that they share limits with nobody.")
                .size(4, 8)
                .redFrom(1)
                .now("sum(llmtrace_plugin_shares_alone{@plugin})", "alone"))
        .row(
            "Plugins as Prometheus sees them",
            Panel.lines("Exchanges", "A second, by what became of them.")
                .unit("cps")
                .size(8, 8)
                .query(
                    "sum by (instance, outcome)"
                        + " (rate(llmtrace_plugin_exchanges_total{@plugin}[$__rate_interval]))",
                    "{{instance}} {{outcome}}"),
            Panel.lines(
                    "Connections from gateways", "Open connections of the plugin runner protocol.")
                .size(8, 8)
                .query("llmtrace_plugin_gateway_connections{@plugin}", "{{instance}}"),
            Panel.lines("Batches", "Batches of records a second that were sent.")
                .unit("cps")
                .size(8, 8)
                .query(
                    "sum by (instance)"
                        + " (rate(llmtrace_plugin_batches_sent_total{@plugin}[$__rate_interval]))",
                    "{{instance}}"))
        .row(
            "Control plane",
            Panel.lines("Memory", "Heap in use, and its bound.")
                .unit("bytes")
                .size(6, 8)
                .query(
                    "sum by (instance) (jvm_memory_used_bytes{@job,area=\"heap\"})",
                    "{{instance}} used")
                .query(
                    "sum by (instance) (jvm_memory_max_bytes{@job,area=\"heap\"})",
                    "{{instance}} most"),
            Panel.lines("Processor", "Share of all processors of its machine.")
                .unit("percentunit")
                .size(6, 8)
                .query("process_cpu_usage{@job}", "{{instance}}"),
            Panel.lines("Database connections", "In use, and requests that wait for one.")
                .size(6, 8)
                .query(POOL + "active{@job}", "{{instance}} in use")
                .query(POOL + "waiting{@job}", "{{instance}} waiting"),
            Panel.lines("Threads", "Of the JVM.")
                .size(6, 8)
                .query("jvm_threads_live_threads{@job}", "{{instance}}"));
  }
}
