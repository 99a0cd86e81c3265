/**
 * Months of made-up use, with incidents of known size put into them, and what {@link
 * io.llmtrace.controlplane.anomalies.SeriesWatch} says about them. In: a seed. Out: precision,
 * recall by kind and size, delay, false alarms. Nothing of it runs in the service.
 */
@NullMarked
package io.llmtrace.cli.bench.anomalies;

import org.jspecify.annotations.NullMarked;
