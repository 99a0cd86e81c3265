/**
 * {@code bench ingest}: how many rows a second the control plane takes, beside PostgreSQL taking
 * the very same rows by COPY; and {@code bench statistics}: how long questions about a month take
 * as exchanges grow. In: numbers of senders, rounds and exchanges. Out: figures as text and JSON.
 */
@NullMarked
package io.llmtrace.cli.bench.controlplane;

import org.jspecify.annotations.NullMarked;
