/**
 * {@code bench ingest}: how many rows a second the control plane takes, beside PostgreSQL taking
 * the very same rows by COPY. In: a number of senders and rounds. Out: figures as text and JSON.
 */
@NullMarked
package io.llmtrace.cli.bench.ingest;

import org.jspecify.annotations.NullMarked;
