package io.llmtrace.plugin.exchangelog;

import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.runtime.logging.Bodies;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/** Writes the lines of one exchange; costs a look at the level where nothing is to be written. */
public final class ExchangeLog {
  private static final Logger log = LoggerFactory.getLogger(ExchangeLog.class);

  /** Of one exchange; the record has all of them. */
  private static final int MOST_FINDINGS = 20;

  private ExchangeLog() {}

  /** A request was decided, and answered. */
  public static void decided(GatewayRequest request, InspectionRecord record) {
    Decision decision = record.decision();
    findings(record.findings(), record.decisionId(), record.traceId(), decision.action().label());
    if (log.isDebugEnabled()) {
      Receipt receipt = record.receipt();
      log.atDebug()
          .addKeyValue("trace_id", record.traceId())
          .addKeyValue("decision_id", record.decisionId())
          .addKeyValue("route", record.route())
          .addKeyValue("tenant", record.tenant())
          .addKeyValue("method", record.method())
          .addKeyValue("path", record.path())
          .addKeyValue("provider", record.provider())
          .addKeyValue("model", record.model())
          .addKeyValue("stream", record.stream())
          // Names alone: values are credentials.
          .addKeyValue("headers", String.join(",", new TreeMap<>(request.headers()).keySet()))
          .addKeyValue("bytes", receipt.bytes())
          .addKeyValue("coverage", receipt.coverage().label())
          .addKeyValue("reason", receipt.reason())
          .addKeyValue("segments", receipt.segments())
          .addKeyValue("segments_inspected", receipt.segmentsInspected())
          .addKeyValue("action", decision.action().label())
          .addKeyValue("would", decision.would().label())
          .addKeyValue("mode", decision.mode().label())
          .addKeyValue("policy", decision.policy())
          .addKeyValue("rule", decision.rule())
          .addKeyValue("revision", decision.revision())
          .addKeyValue("findings", record.findings().size())
          .addKeyValue("redacted", record.redacted())
          .log("request decided");
      weighed(record);
    }
    if (log.isTraceEnabled()) {
      LoggingEventBuilder inference =
          log.atTrace()
              .addKeyValue("trace_id", record.traceId())
              .addKeyValue("decision_id", record.decisionId());
      for (Map.Entry<String, Long> stage : new TreeMap<>(record.stagesMicros()).entrySet()) {
        inference = inference.addKeyValue(stage.getKey() + "_us", stage.getValue());
      }
      inference
          .addKeyValue("missing_stages", String.join(",", record.receipt().missingStages()))
          .log("inference");
      log.atTrace()
          .addKeyValue("trace_id", record.traceId())
          .addKeyValue("decision_id", record.decisionId())
          .addKeyValue("body", Bodies.of(request.body().utf8()))
          .log("request body");
    }
  }

  /** Why a finding decided or did not: the policy goes by the worst of them. */
  private static void weighed(InspectionRecord record) {
    String category = record.decision().category();
    Severity worst = Severity.INFO;
    for (Finding finding : record.findings()) {
      if (finding.type().label().equals(category) && finding.severity().compareTo(worst) > 0) {
        worst = finding.severity();
      }
    }
    for (Finding finding : first(record.findings())) {
      log.atDebug()
          .addKeyValue("trace_id", record.traceId())
          .addKeyValue("decision_id", record.decisionId())
          .addKeyValue("type", finding.type().label())
          .addKeyValue("severity", finding.severity().label())
          .addKeyValue("confidence", finding.confidence())
          .addKeyValue("detector", finding.detector())
          .addKeyValue("detector_rule", finding.rule())
          .addKeyValue("pointer", finding.pointer())
          .addKeyValue(
              "decides", finding.type().label().equals(category) && finding.severity() == worst)
          .log("finding weighed");
    }
  }

  /** An exchange is complete, as the gateway's log has it. */
  public static void completed(CompletionRecord record, String traceId, String body) {
    findings(
        record.findings(),
        record.decisionId(),
        traceId,
        record.answerAction() == null ? "flag" : record.answerAction().label());
    log.atInfo()
        .addKeyValue("trace_id", traceId)
        .addKeyValue("status", record.status())
        .addKeyValue("latency_ms", Math.round(record.latencyMs()))
        .addKeyValue("decision_id", record.decisionId())
        .log("request completed");
    if (log.isDebugEnabled()) {
      Usage usage = record.usage();
      Receipt receipt = record.receipt();
      log.atDebug()
          .addKeyValue("trace_id", traceId)
          .addKeyValue("decision_id", record.decisionId())
          .addKeyValue("status", record.status())
          .addKeyValue("upstream_latency_ms", record.upstreamLatencyMs())
          .addKeyValue("first_token_ms", record.firstTokenMs())
          .addKeyValue("model", record.model())
          .addKeyValue("usage", usage == null ? null : usage.toString())
          .addKeyValue("cost_usd", record.costUsd())
          .addKeyValue("finish_reason", record.finishReason())
          .addKeyValue("upstream_error", record.upstreamError())
          .addKeyValue("truncated", record.truncated())
          .addKeyValue("coverage", receipt == null ? null : receipt.coverage().label())
          .addKeyValue("reason", receipt == null ? null : receipt.reason())
          .addKeyValue("findings", record.findings().size())
          .log("answer read");
    }
    if (log.isTraceEnabled()) {
      log.atTrace()
          .addKeyValue("trace_id", traceId)
          .addKeyValue("decision_id", record.decisionId())
          .addKeyValue("body", Bodies.of(body))
          .log("answer body");
    }
  }

  private static void findings(
      List<Finding> findings, String decisionId, String traceId, String action) {
    if (findings.isEmpty() || !log.isInfoEnabled()) {
      return;
    }
    for (Finding finding : first(findings)) {
      log.atInfo()
          .addKeyValue("trace_id", traceId)
          .addKeyValue("decision_id", decisionId)
          .addKeyValue("type", finding.type().label())
          .addKeyValue("severity", finding.severity().label())
          .addKeyValue("confidence", finding.confidence())
          .addKeyValue("zone", finding.zone().label())
          .addKeyValue("action", action)
          .log("security finding");
    }
    @Nullable Integer more =
        findings.size() > MOST_FINDINGS ? findings.size() - MOST_FINDINGS : null;
    if (more != null) {
      log.atInfo()
          .addKeyValue("trace_id", traceId)
          .addKeyValue("decision_id", decisionId)
          .addKeyValue("more", more)
          .log("security findings left out of the log");
    }
  }

  private static List<Finding> first(List<Finding> findings) {
    return findings.subList(0, Math.min(MOST_FINDINGS, findings.size()));
  }
}
