/**
 * Exchanges for OpenTelemetry. Committed exchanges come in; spans and histograms go out by OTLP, to
 * a guarded address, from a queue of its own, so that neither ingest nor a database transaction
 * ever waits for a collector.
 */
@NullMarked
package io.llmtrace.controlplane.telemetry;

import org.jspecify.annotations.NullMarked;
