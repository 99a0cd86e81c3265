package io.llmtrace.policies.wire;

import io.llmtrace.policies.exchange.Usage;
import org.jspecify.annotations.Nullable;

/**
 * The second record of an exchange: how it ended, from the gateway's own log.
 *
 * @param decisionId ULID of the exchange
 * @param at when the request started, epoch milliseconds, by the gateway's clock
 * @param status HTTP status that the client got
 * @param latencyMs the whole exchange, milliseconds
 * @param upstreamLatencyMs the provider's part, or null where no upstream was called
 * @param model the model that answered, or null where the answer names none
 * @param usage tokens, or null where the provider reported none
 * @param finishReason as the provider wrote it, or null
 * @param upstreamError reason label of a provider error ({@code http_5xx}, {@code rate_limited},
 *     {@code timeout}, {@code connect}, {@code broken_stream}, …), or null
 * @param truncated whether the log held only a part of the answer
 */
public record CompletionRecord(
    String decisionId,
    long at,
    int status,
    double latencyMs,
    @Nullable Double upstreamLatencyMs,
    @Nullable String model,
    @Nullable Usage usage,
    @Nullable String finishReason,
    @Nullable String upstreamError,
    boolean truncated)
    implements TelemetryRecord {}
