package io.llmtrace.policies.exchange;

import org.jspecify.annotations.Nullable;

/**
 * What a provider's answer says of itself.
 *
 * @param model the model that answered, or null
 * @param usage tokens, or null where none were reported
 * @param finishReason as the provider wrote it, or null
 * @param errorReason {@code http_5xx}, {@code http_4xx}, {@code rate_limited}, {@code
 *     provider_error}, or {@code broken_stream}; null where there was no error
 * @param truncated whether the text ends before the answer does
 */
public record ResponseSummary(
    @Nullable String model,
    @Nullable Usage usage,
    @Nullable String finishReason,
    @Nullable String errorReason,
    boolean truncated) {}
