package io.llmtrace.controlplane.policies;

import org.jspecify.annotations.Nullable;

/**
 * A version of a policy; it never changes. Times are epoch milliseconds.
 *
 * @param version counted from 1
 * @param author who wrote it
 * @param message why
 * @param approvedBy who else said yes; absent where nobody did
 * @param source as it was written; absent in lists
 */
record VersionView(
    int version,
    String author,
    String message,
    long createdAt,
    @Nullable String approvedBy,
    @Nullable Long approvedAt,
    @Nullable String source) {}
