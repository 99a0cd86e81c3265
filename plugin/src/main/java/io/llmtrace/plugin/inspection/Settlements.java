package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.enforcement.Passing;
import io.llmtrace.plugin.enforcement.RequestRedaction;
import io.llmtrace.plugin.enforcement.Strictness;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.inspection.Analysis.Seen;
import io.llmtrace.plugin.limits.Limits;
import io.llmtrace.plugin.limits.PolicyBudgets;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.detect.engine.FindingBounds;
import io.llmtrace.policies.evaluate.PolicyProgram;
import io.llmtrace.policies.evaluate.Verdict;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Conversations;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.language.MessageKind;
import io.llmtrace.policies.limit.Refusal;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.redact.Redaction;
import io.llmtrace.policies.wire.InspectionRecord;
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
    if (exchange != null && !seen.findings().isEmpty()) {
      Verdict verdict = inspection.policing.decide(seen.findings(), coverage(exchange));
      if (verdict.decision().action() != Action.REDACT) {
        return;
      }
      inspection.replaced = verdict.redact();
      inspection.redaction =
          redactions.redact(
              request,
              inspection.identity.tenant(),
              content(request),
              exchange,
              verdict.redact(),
              InspectionBudget.until(inspection.deadlineNanos()),
              inspection.memory());
    }
  }

  static RequestContent content(GatewayRequest request) {
    return new RequestContent(request.method(), request.path(), request.headers(), request.body());
  }

  /** Every stage read every segment; parts without text may be left. */
  Inspection.Settlement inspected(Inspection inspection, Seen seen) {
    Coverage coverage = coverage(inspection.exchange);
    return settlement(
        inspection, seen, coverage, coverage == Coverage.INSPECTED ? "" : "parts_without_text");
  }

  private static Coverage coverage(@Nullable Exchange exchange) {
    return exchange == null || exchange.uninspectedParts() == 0
        ? Coverage.INSPECTED
        : Coverage.PARTIAL;
  }

  /** What is answered when deciding itself failed: as for a request that nobody read. */
  Answer undecided(Inspection inspection) {
    return Strictness.blocksUnread(inspection.request.conf(), inspection.policing.program())
        ? new Answer.Stop(403, Map.of(), new byte[0])
        : new Answer.Rewrite(Map.of(), java.util.Set.of(), Map.of(), null);
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
    Redaction made = inspection.redaction;
    Policing policing = inspection.policing;
    Verdict verdict = policing.decide(seen.findings(), coverage);
    // What is asked for now may be more than what was replaced: that is no redaction then.
    Redaction redaction = inspection.replaced.containsAll(verdict.redact()) ? made : null;
    PolicyBudgets.Asked budgeted = policing.budgeted();
    Decision decision =
        Limits.decide(
            inspection.admission,
            PolicyBudgets.decide(budgeted, Passing.feasible(verdict.decision(), redaction)));
    BlockStyle style = Strictness.style(verdict.blockStyle(), conf, policing.program());
    String text =
        decision.action() == Action.LIMIT && verdict.decision().action() != Action.LIMIT
            ? policing.program().message(MessageKind.LIMIT)
            : verdict.message();
    if (strict(conf, policing.program(), coverage, reason)
        && decision.action().compareTo(Action.LIMIT) < 0) {
      decision =
          new Decision(
              Action.BLOCK,
              Action.BLOCK,
              Mode.ENFORCE,
              decision.policy(),
              Strictness.RULE,
              decision.revision(),
              "uninspectable");
      style = BlockStyle.FORBIDDEN;
      text = policing.program().message(MessageKind.UNINSPECTABLE);
    }
    Receipt receipt =
        new Receipt(
            coverage,
            reason,
            exchange == null ? 0 : exchange.segments().size(),
            seen.segmentsInspected(),
            request.bodyBytes(),
            seen.missingStages(),
            exchange == null || coverage != Coverage.PARTIAL
                ? List.of()
                : Receipt.pointers(exchange.segments(), seen.unread()));
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
            exchange == null ? "" : conversation(request, inspection.identity.tenant(), exchange),
            policing.shadow(seen.findings(), coverage),
            inspection.trace.parentSpan());
    Answer answer =
        decision.action().compareTo(Action.LIMIT) >= 0
            ? stop(inspection, decision, new Words(caller, style, text, verdict.retryAfterNanos()))
            : goOn(inspection, decision, redaction);
    return new Inspection.Settlement(
        inspected,
        answer,
        answer instanceof Answer.Stop
            ? null
            : expected(policing, conf, caller, decision, redaction));
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
      Policing policing,
      RouteConf conf,
      Caller caller,
      Decision decision,
      @Nullable Redaction redaction) {
    boolean restores = conf.redact().reversible() && decision.action() == Action.REDACT;
    Map<String, String> placeholders =
        restores && redaction instanceof Redaction.Redacted done ? done.values() : Map.of();
    return conf.enforceAnswers() || !placeholders.isEmpty()
        ? new OpenQuestions.Expected(caller, placeholders, policing.ofAnswer())
        : null;
  }

  /*
   * A route or a policy that said "block" wants nothing unread to pass, so neither padding that
   * ends a budget helps nor a flood that keeps the models busy.
   */
  private static boolean strict(
      RouteConf conf, PolicyProgram program, Coverage coverage, String reason) {
    return Strictness.blocksUnread(conf, program)
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

  static String provider(GatewayRequest request, Api api) {
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

  /** How a client that is stopped is told. */
  private record Words(
      Caller caller, BlockStyle style, @Nullable String text, long retryAfterNanos) {}

  /** Of a budget of a policy, or of a rule that limits. */
  private static Refusal refusal(Inspection inspection, Decision decision, Words words) {
    Refusal budget = inspection.policing.budgeted().refusal();
    return budget != null && PolicyBudgets.rule(budget.limit()).equals(decision.rule())
        ? new Refusal(decision.rule(), budget.kind(), budget.action(), budget.retryAfterSeconds())
        : Refusal.ofRule(decision.rule(), words.retryAfterNanos());
  }

  private Answer stop(Inspection inspection, Decision decision, Words words) {
    String category = decision.category();
    Answer.Stop stop;
    if (decision.action() == Action.LIMIT) {
      Refusal ofLimits =
          decision.policy().equals(Limits.POLICY) ? inspection.admission.refusal() : null;
      stop =
          ofLimits == null
              ? Limits.stop(
                  words.caller(),
                  inspection.decisionId,
                  refusal(inspection, decision, words),
                  words.text())
              : Limits.stop(words.caller(), inspection.decisionId, ofLimits, null);
    } else {
      stop =
          analysis.block(
              words.caller(),
              words.style(),
              inspection.decisionId,
              category == null ? "policy" : category,
              words.text());
    }
    Map<String, String> headers = new LinkedHashMap<>(stop.headers());
    headers.put(DecisionIds.HEADER, ids.header(inspection.decisionId));
    return new Answer.Stop(stop.status(), headers, stop.body());
  }
}
