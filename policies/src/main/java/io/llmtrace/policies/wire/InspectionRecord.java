package io.llmtrace.policies.wire;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The first of the two records of an exchange: what was asked, seen and decided.
 *
 * @param decisionId ULID of the exchange
 * @param at when the body was complete, epoch milliseconds
 * @param traceId 32 lower-case hex digits of the W3C trace
 * @param tenant the tenant; {@code default} where the route names none
 * @param route the gateway's route id
 * @param consumer the gateway's consumer, empty where there is none
 * @param method HTTP method
 * @param path request path without query
 * @param dialect the API shape
 * @param provider {@code provider} label
 * @param model model as the client named it
 * @param stream whether a streamed answer was asked for
 * @param decision what was decided
 * @param findings what was seen, masked
 * @param receipt what was looked at
 * @param stagesMicros microseconds spent by stage ({@code parse}, {@code signatures}, {@code
 *     total}, …)
 * @param tap whether a completion is to be expected
 * @param agent the agent that asked, empty where it is not known
 * @param redacted pieces of the request that were replaced by placeholders
 * @param conversation 32 lower-case hex digits that the requests of one conversation share and that
 *     tell nothing else; empty where it is not known
 * @param shadow what a candidate policy would have decided; null where none was evaluated
 * @param parentSpan 16 lower-case hex digits of the span that the request came from, which is the
 *     gateway's where it traces; empty where the request named none
 */
public record InspectionRecord(
    String decisionId,
    long at,
    String traceId,
    String tenant,
    String route,
    String consumer,
    String method,
    String path,
    Dialect dialect,
    String provider,
    String model,
    boolean stream,
    Decision decision,
    List<Finding> findings,
    Receipt receipt,
    Map<String, Long> stagesMicros,
    boolean tap,
    String agent,
    int redacted,
    String conversation,
    @Nullable ShadowDecision shadow,
    String parentSpan)
    implements TelemetryRecord {

  public InspectionRecord {
    findings = List.copyOf(findings);
    stagesMicros = Map.copyOf(stagesMicros);
    // Earlier versions did not write them.
    agent = agent == null ? "" : agent;
    conversation = conversation == null ? "" : conversation;
    parentSpan = parentSpan == null ? "" : parentSpan;
  }

  /** A record of no known agent and conversation, of a request that went on as it was. */
  public InspectionRecord(
      String decisionId,
      long at,
      String traceId,
      String tenant,
      String route,
      String consumer,
      String method,
      String path,
      Dialect dialect,
      String provider,
      String model,
      boolean stream,
      Decision decision,
      List<Finding> findings,
      Receipt receipt,
      Map<String, Long> stagesMicros,
      boolean tap) {
    this(
        decisionId,
        at,
        traceId,
        tenant,
        route,
        consumer,
        method,
        path,
        dialect,
        provider,
        model,
        stream,
        decision,
        findings,
        receipt,
        stagesMicros,
        tap,
        "",
        0,
        "",
        null,
        "");
  }

  /** A record without a candidate's decision. */
  public InspectionRecord(
      String decisionId,
      long at,
      String traceId,
      String tenant,
      String route,
      String consumer,
      String method,
      String path,
      Dialect dialect,
      String provider,
      String model,
      boolean stream,
      Decision decision,
      List<Finding> findings,
      Receipt receipt,
      Map<String, Long> stagesMicros,
      boolean tap,
      String agent,
      int redacted,
      String conversation) {
    this(
        decisionId,
        at,
        traceId,
        tenant,
        route,
        consumer,
        method,
        path,
        dialect,
        provider,
        model,
        stream,
        decision,
        findings,
        receipt,
        stagesMicros,
        tap,
        agent,
        redacted,
        conversation,
        null,
        "");
  }

  /** A record of a request that named no span that it came from. */
  public InspectionRecord(
      String decisionId,
      long at,
      String traceId,
      String tenant,
      String route,
      String consumer,
      String method,
      String path,
      Dialect dialect,
      String provider,
      String model,
      boolean stream,
      Decision decision,
      List<Finding> findings,
      Receipt receipt,
      Map<String, Long> stagesMicros,
      boolean tap,
      String agent,
      int redacted,
      String conversation,
      @Nullable ShadowDecision shadow) {
    this(
        decisionId,
        at,
        traceId,
        tenant,
        route,
        consumer,
        method,
        path,
        dialect,
        provider,
        model,
        stream,
        decision,
        findings,
        receipt,
        stagesMicros,
        tap,
        agent,
        redacted,
        conversation,
        shadow,
        "");
  }

  /**
   * Value of the {@code outcome} label: an action that stopped or changed traffic is named first,
   * then what was not looked at, then the action.
   */
  @JsonIgnore
  public String outcome() {
    if (decision.action().compareTo(Action.REDACT) >= 0) {
      return decision.action().label();
    }
    return switch (receipt.coverage()) {
      case UNINSPECTED -> "uninspected";
      case PARTIAL -> "partial";
      case INSPECTED -> decision.action().label();
    };
  }
}
