package io.llmtrace.controlplane.audit;

import org.jspecify.annotations.Nullable;

/**
 * Something that somebody did.
 *
 * @param action noun and verb, such as {@code key.revoke}
 * @param tenant whose it is; {@code null} for what belongs to none or to several, which only
 *     callers of all tenants see
 * @param target kind and id, such as {@code key:01J…}
 * @param before written as JSON; {@code null} for what is new. No secret stands in it
 * @param after written as JSON; {@code null} for what is gone
 */
public record Change(
    String action,
    @Nullable String tenant,
    String target,
    @Nullable Object before,
    @Nullable Object after) {}
