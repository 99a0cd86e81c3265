/**
 * The Grafana dashboards as code, and what holds them and the Prometheus rules against a live
 * stack. In come {@code grafana/} and the pages of metrics of a demo, out go the JSON files of
 * {@code grafana/dashboards} when they are asked for.
 */
@NullMarked
package io.llmtrace.cli.grafana;

import org.jspecify.annotations.NullMarked;
