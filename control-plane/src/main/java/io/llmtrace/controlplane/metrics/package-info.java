/**
 * What Prometheus reads. Deltas of the ingest transaction come in, text goes out. Totals are kept
 * in the database and survive a restart.
 */
@NullMarked
package io.llmtrace.controlplane.metrics;

import org.jspecify.annotations.NullMarked;
