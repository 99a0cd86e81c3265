package io.llmtrace.controlplane.alerts.delivery;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A row that a worker has, until its lease ends.
 *
 * @param id of the row
 * @param log of this attempt's row in the delivery log
 * @param attempt from 1
 * @param createdAt when it was added, by the database
 * @param firstAt when it was tried first, by the database
 * @param notice as it is kept
 * @param reference of its incident's talk in this channel, or null
 * @param nanos when it was claimed, by {@link System#nanoTime()}
 */
record Claimed(
    long id,
    long log,
    int attempt,
    Instant createdAt,
    Instant firstAt,
    String notice,
    @Nullable String reference,
    long nanos) {}
