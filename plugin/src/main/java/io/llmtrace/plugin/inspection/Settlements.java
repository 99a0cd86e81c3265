package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.enforcement.Passing;
import io.llmtrace.plugin.enforcement.RequestRedaction;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.inspection.Analysis.Seen;
import io.llmtrace.plugin.limits.Limits;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.FindingBounds;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Conversations;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.limit.Refusal;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.redact.Redaction;
import io.llmtrace.policies.wire.Coverage;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.Receipt;
import io.llmtrace.runtime.config.OnUninspectable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns what was seen into a record and an answer. Pure: no I/O, no waiting. Thread-safe. */
final class Settlements {
  private final Analysis analysis;
  private final DecisionIds ids;
  private final Conversations conversations;
  private final RequestRedaction redactions;

  Settlements(Analysis analysis, DecisionIds ids, RequestRedaction redactions) {
    this.analysis = analysis;
    this.ids = ids;
    this.conversations = new Conversations(ids.keyFor("conversations"));
    this.redactions = redactions;
  }

  /** Redacts what was found, if that is what will be decided; on a worker, before it settles. */
  void redact(Inspection inspection, Seen seen) {
    GatewayRequest request = inspection.request;
    Exchange exchange = inspection.exchange;
    if (exchange != null
        && !request.conf().redact().rule().isNone()
        && decide(request.conf(), seen).action() == Action.REDACT) {
      inspection.redaction =
          redactions.redact(
              request,
              inspection.identity.tenant(),
              content(request),
              exchange,
              seen.findings(),
              InspectionBudget.until(inspection.deadlineNanos()));
    }
  }

  private Decision decide(RouteConf conf, Seen seen) {
    return analysis.decide(seen.findings(), conf.effectiveMode(), conf.redact().rule());
  }

  RequestContent content(GatewayRequest request) {
    return new RequestContent(request.method(), request.path(), request.headers(), request.body());
  }

  /** Every stage read every segment; parts without text may be left. */
  Inspection.Settlement inspected(Inspection inspection, Seen seen) {
    Exchange exchange = inspection.exchange;
    boolean whole = exchange == null || exchange.uninspectedParts() == 0;
    return settlement(
        inspection,
        seen,
        whole ? Coverage.INSPECTED : Coverage.PARTIAL,
        whole ? "" : "parts_without_text");
  }

  /** Not everything was read, for this reason; what was found counts nevertheless. */
  Inspection.Settlement uninspected(Inspection inspection, String reason, Seen seen) {
    boolean something = seen.segmentsInspected() > 0 || !seen.findings().isEmpty();
    return settlement(
        inspection, seen, something ? Coverage.PARTIAL : Coverage.UNINSPECTED, reason);
  }

  private Inspection.Settlement settlement(
      Inspection inspection, Seen seen, Coverage coverage, String reason) {
    GatewayRequest request = inspection.request;
    RouteConf conf = request.conf();
    Exchange exchange = inspection.exchange;
    Api api = api(request, exchange);
    Caller caller = exchange == null ? Caller.of(api) : Caller.of(exchange);
    Redaction redaction = inspection.redaction;
    Decision decision =
        Limits.decide(inspection.admission, Passing.feasible(decide(conf, seen), redaction));
    BlockStyle style = conf.blockStyle();
    if (strict(conf, coverage, reason) && decision.action().compareTo(Action.LIMIT) < 0) {
      decision =
          new Decision(
              Action.BLOCK,
              Action.BLOCK,
              Mode.ENFORCE,
              decision.policy(),
              "route/on_uninspectable",
              decision.revision(),
              "uninspectable");
      style = BlockStyle.FORBIDDEN;
    }
    Receipt receipt =
        new Receipt(
            coverage,
            reason,
            exchange == null ? 0 : exchange.segments().size(),
            seen.segmentsInspected(),
            request.bodyBytes(),
            seen.missingStages());
    Map<String, Long> stages = new LinkedHashMap<>(seen.stagesMicros());
    if (inspection.parseMicros >= 0) {
      stages.put("parse", inspection.parseMicros);
    }
    stages.put("total", (System.nanoTime() - request.completeNanos()) / 1_000);
    InspectionRecord inspected =
        new InspectionRecord(
            inspection.decisionId,
            inspection.atMillis,
            inspection.trace.traceId(),
            inspection.identity.tenant(),
            request.route(),
            request.consumer(),
            request.method(),
            request.path(),
            api.dialect(),
            exchange == null ? provider(request, api) : exchange.provider(),
            caller.model(),
            caller.stream(),
            decision,
            FindingBounds.told(seen.findings()),
            receipt,
            stages,
            conf.tap(),
            inspection.identity.agent(),
            decision.action() == Action.REDACT && redaction instanceof Redaction.Redacted done
                ? done.count()
                : 0,
            exchange == null ? "" : conversation(request, inspection.identity.tenant(), exchange));
    Answer answer =
        decision.action().compareTo(Action.LIMIT) >= 0
            ? stop(inspection, decision, caller, style)
            : goOn(inspection, decision, redaction);
    return new Inspection.Settlement(
        inspected,
        answer,
        answer instanceof Answer.Stop ? null : expected(conf, caller, decision, redaction));
  }

  private String conversation(GatewayRequest request, String tenant, Exchange exchange) {
    String header = request.conf().redact().conversationHeader();
    String named = request.headers().getOrDefault(header, "");
    return Conversations.tells(named, exchange)
        ? conversations.of(tenant, request.consumer(), named, exchange)
        : "";
  }

  /** What the provider's answer will be held against, or null where nobody holds it. */
  private static OpenQuestions.@Nullable Expected expected(
      RouteConf conf, Caller caller, Decision decision, @Nullable Redaction redaction) {
    boolean restores = conf.redact().reversible() && decision.action() == Action.REDACT;
    Map<String, String> placeholders =
        restores && redaction instanceof Redaction.Redacted done ? done.values() : Map.of();
    return conf.enforceAnswers() || !placeholders.isEmpty()
        ? new OpenQuestions.Expected(caller, placeholders)
        : null;
  }

  /*
   * A route that said "block" wants nothing unread to pass, so neither padding that ends a
   * budget helps nor a flood that keeps the models busy. Only an explicit "observe" on the route is
   * stronger: it promises never to block.
   */
  private static boolean strict(RouteConf conf, Coverage coverage, String reason) {
    return conf.onUninspectable() == OnUninspectable.BLOCK
        && conf.mode() != Mode.OBSERVE
        && (coverage == Coverage.UNINSPECTED
            || (coverage == Coverage.PARTIAL
                && List.of("budget", "error", "overload").contains(reason)));
  }

  private Api api(GatewayRequest request, @Nullable Exchange exchange) {
    if (exchange != null) {
      return exchange.api();
    }
    Api forced = request.conf().dialect();
    return forced != null ? forced : analysis.detect(content(request));
  }

  private static String provider(GatewayRequest request, Api api) {
    return Dialects.provider(api, request.method(), request.path(), request.headers());
  }

  private Answer goOn(Inspection inspection, Decision decision, @Nullable Redaction redaction) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put(DecisionIds.HEADER, ids.header(inspection.decisionId));
    if (!inspection.trace.honoured()) {
      headers.put(TraceParent.HEADER, inspection.trace.header());
    }
    return Passing.goOn(inspection.request, decision, redaction, headers);
  }

  private Answer stop(Inspection inspection, Decision decision, Caller caller, BlockStyle style) {
    String category = decision.category();
    Refusal refusal = inspection.admission.refusal();
    Answer.Stop stop =
        decision.action() == Action.LIMIT && refusal != null
            ? Limits.stop(caller, inspection.decisionId, refusal)
            : analysis.block(
                caller, style, inspection.decisionId, category == null ? "policy" : category);
    Map<String, String> headers = new LinkedHashMap<>(stop.headers());
    headers.put(DecisionIds.HEADER, ids.header(inspection.decisionId));
    return new Answer.Stop(stop.status(), headers, stop.body());
  }
}
