package io.llmtrace.policies.wire;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.detect.RefusedBy;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.usage.PricedBy;
import io.llmtrace.policies.usage.UsageSource;
import java.math.BigDecimal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The second record of an exchange: how it ended, from the gateway's own log, and what was seen in
 * the answer. Earlier versions wrote fewer of the components: what a record lacks is null.
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
 * @param findings what was seen in the answer, masked
 * @param receipt what was looked at of the answer; its reasons are also {@code off}, {@code
 *     no_body}, {@code binary} and {@code truncated}. Null where no provider answered
 * @param refusal who refused to answer, or null where nobody did
 * @param usageSource where {@code usage} comes from, or null where there is none
 * @param firstTokenMs milliseconds until a streamed answer began, or null where that is not known
 * @param costUsd what the exchange cost, US dollars, or null where that is not known
 * @param answerAction what was done to the answer on its way, or null where nobody could do
 *     anything
 * @param price what {@code costUsd} was made with, or null where there is none
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
    boolean truncated,
    List<Finding> findings,
    @Nullable Receipt receipt,
    @Nullable RefusedBy refusal,
    @Nullable UsageSource usageSource,
    @Nullable Double firstTokenMs,
    @Nullable BigDecimal costUsd,
    @Nullable Action answerAction,
    @Nullable PricedBy price)
    implements TelemetryRecord {

  public CompletionRecord {
    findings = findings == null ? List.of() : List.copyOf(findings);
  }

  /** A record that does not say by which price its cost was made. */
  public CompletionRecord(
      String decisionId,
      long at,
      int status,
      double latencyMs,
      @Nullable Double upstreamLatencyMs,
      @Nullable String model,
      @Nullable Usage usage,
      @Nullable String finishReason,
      @Nullable String upstreamError,
      boolean truncated,
      List<Finding> findings,
      @Nullable Receipt receipt,
      @Nullable RefusedBy refusal,
      @Nullable UsageSource usageSource,
      @Nullable Double firstTokenMs,
      @Nullable BigDecimal costUsd,
      @Nullable Action answerAction) {
    this(
        decisionId,
        at,
        status,
        latencyMs,
        upstreamLatencyMs,
        model,
        usage,
        finishReason,
        upstreamError,
        truncated,
        findings,
        receipt,
        refusal,
        usageSource,
        firstTokenMs,
        costUsd,
        answerAction,
        null);
  }

  /** A record without tokens' source, cost, time to the first token, and action. */
  public CompletionRecord(
      String decisionId,
      long at,
      int status,
      double latencyMs,
      @Nullable Double upstreamLatencyMs,
      @Nullable String model,
      @Nullable Usage usage,
      @Nullable String finishReason,
      @Nullable String upstreamError,
      boolean truncated,
      List<Finding> findings,
      @Nullable Receipt receipt,
      @Nullable RefusedBy refusal) {
    this(
        decisionId,
        at,
        status,
        latencyMs,
        upstreamLatencyMs,
        model,
        usage,
        finishReason,
        upstreamError,
        truncated,
        findings,
        receipt,
        refusal,
        null,
        null,
        null,
        null);
  }
}
