/**
 * Telemetry on its way in. Batches and snapshots come in, rows and counted totals go out. Every
 * record is stored and counted once.
 */
@NullMarked
package io.llmtrace.controlplane.ingest;

import org.jspecify.annotations.NullMarked;
