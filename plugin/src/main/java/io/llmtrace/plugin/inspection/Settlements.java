package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.inspection.Analysis.Seen;
import io.llmtrace.plugin.limits.Limits;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.limit.Refusal;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.wire.Coverage;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.Receipt;
import io.llmtrace.runtime.config.OnUninspectable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Turns what was seen into a record and an answer. Pure: no I/O, no waiting. Thread-safe. */
final class Settlements {
  private static final String FLAG_HEADER = "x-llmtrace-flag";

  private final Analysis analysis;
  private final DecisionIds ids;

  Settlements(Analysis analysis, DecisionIds ids) {
    this.analysis = analysis;
    this.ids = ids;
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
    Dialect dialect = dialect(request, exchange);
    Caller caller = exchange == null ? Caller.of(dialect) : Caller.of(exchange);
    Decision decision =
        Limits.decide(inspection.admission, analysis.decide(seen.findings(), conf.effectiveMode()));
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
            dialect,
            exchange == null ? provider(request, dialect) : exchange.provider(),
            caller.model(),
            caller.stream(),
            decision,
            seen.findings(),
            receipt,
            stages,
            conf.tap(),
            inspection.identity.agent(),
            0);
    Answer answer =
        decision.action().compareTo(Action.LIMIT) >= 0
            ? stop(inspection, decision, caller, style)
            : goOn(inspection, decision);
    return new Inspection.Settlement(inspected, answer);
  }

  /*
   * A route that said "block" wants nothing unread to pass, so padding that ends a budget does not
   * help either. Only an explicit "observe" on the route is stronger: it promises never to block.
   */
  private static boolean strict(RouteConf conf, Coverage coverage, String reason) {
    return conf.onUninspectable() == OnUninspectable.BLOCK
        && conf.mode() != Mode.OBSERVE
        && (coverage == Coverage.UNINSPECTED
            || (coverage == Coverage.PARTIAL && List.of("budget", "error").contains(reason)));
  }

  private Dialect dialect(GatewayRequest request, @Nullable Exchange exchange) {
    if (exchange != null) {
      return exchange.dialect();
    }
    Dialect forced = request.conf().dialect();
    return forced != null ? forced : analysis.detect(content(request));
  }

  private static String provider(GatewayRequest request, Dialect dialect) {
    return Dialects.provider(dialect, request.method(), request.path(), request.headers());
  }

  private Answer goOn(Inspection inspection, Decision decision) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put(DecisionIds.HEADER, ids.header(inspection.decisionId));
    if (!inspection.trace.honoured()) {
      headers.put(TraceParent.HEADER, inspection.trace.header());
    }
    Set<String> removed = Set.of();
    String category = decision.category();
    if (decision.action() == Action.FLAG && category != null) {
      headers.put(FLAG_HEADER, category);
    } else if (inspection.request.headers().containsKey(FLAG_HEADER)) {
      // A client must not be able to say this about itself.
      removed = Set.of(FLAG_HEADER);
    }
    return new Answer.Rewrite(headers, removed, Map.of(), null);
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
