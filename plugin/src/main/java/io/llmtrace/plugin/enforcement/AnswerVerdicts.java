package io.llmtrace.plugin.enforcement;

import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.gateway.HeldAnswer;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.AnswerInspection;
import io.llmtrace.policies.exchange.Answer;
import io.llmtrace.policies.exchange.BlockAnswer;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockAnswers;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.DecisionEngine;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.redact.Numbering;
import io.llmtrace.policies.redact.Redaction;
import io.llmtrace.policies.redact.Redactor;
import io.llmtrace.policies.redact.Restorer;
import io.llmtrace.policies.wire.Coverage;
import io.llmtrace.runtime.config.OnUninspectable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns what was seen in a held answer into what the client gets. Pure; thread-safe. */
public final class AnswerVerdicts {
  private final DecisionEngine decisions;
  private final DecisionIds ids;

  /** What is done, and what is recorded of it. */
  record Verdict(AnswerInspection inspection, Action action, HeldAnswer.Decision decision) {}

  public AnswerVerdicts(DecisionEngine decisions, DecisionIds ids) {
    this.decisions = decisions;
    this.ids = ids;
  }

  /**
   * The verdict on an answer whose inspection has ended; takes as long as a redaction does.
   *
   * @param body without its content encoding
   */
  Verdict inspected(HeldInspection held, byte[] body) {
    AnswerInspection seen = seen(held, held.answer == null ? "off" : "budget");
    RouteConf conf = held.conf();
    Decision decision = decide(conf, seen);
    Answer answer = held.answer;
    Redaction redaction =
        decision.action() == Action.REDACT && answer != null
            ? redact(held, body, answer, seen.findings())
            : null;
    decision = strict(conf, seen, Passing.feasible(decision, redaction));
    if (decision.action() == Action.BLOCK) {
      return blocked(held, seen, decision);
    }
    byte[] redacted = redaction instanceof Redaction.Redacted done ? done.body() : body;
    byte[] restored =
        Restorer.restore(redacted, held.placeholders())
            .filter(bytes -> bytes.length <= RequestRedaction.MOST_BYTES)
            .orElse(redacted);
    Map<String, String> headers = headers(decision);
    HeldAnswer.Decision passes =
        restored == body ? held.held.pass(headers) : held.held.changed(restored, headers);
    return new Verdict(seen, decision.action(), passes);
  }

  /** The verdict on an answer that was not, or not all, inspected; costs next to nothing. */
  Verdict uninspected(HeldInspection held, String reason) {
    AnswerInspection seen = seen(held, reason);
    Decision decision =
        strict(held.conf(), seen, Passing.feasible(decide(held.conf(), seen), null));
    return decision.action() == Action.BLOCK
        ? blocked(held, seen, decision)
        : new Verdict(seen, decision.action(), held.held.pass(headers(decision)));
  }

  private static AnswerInspection seen(HeldInspection held, String reason) {
    Answer answer = held.answer;
    return answer == null
        ? AnswerInspection.uninspected(reason, held.body.length())
        : AnswerInspection.of(answer, held.body.length(), held.progress.snapshot(), reason);
  }

  private Decision decide(RouteConf conf, AnswerInspection seen) {
    return decisions.decide(seen.findings(), conf.effectiveMode(), conf.redact().rule());
  }

  private static Redaction redact(
      HeldInspection held, byte[] body, Answer answer, List<Finding> findings) {
    // A placeholder of the question stands for something else, and would be restored.
    return Redactor.redact(
        body,
        answer.segments(),
        findings.stream().filter(held.conf().redact().rule()::covers).toList(),
        Numbering.fresh(held.placeholders().keySet()),
        RequestRedaction.MOST_BYTES,
        InspectionBudget.until(held.deadlineNanos()));
  }

  /** As for requests: a route that wants nothing unread to pass says so. */
  private static Decision strict(RouteConf conf, AnswerInspection seen, Decision decision) {
    Coverage coverage = seen.receipt().coverage();
    String reason = seen.receipt().reason();
    boolean unread =
        (coverage == Coverage.UNINSPECTED && !List.of("off", "no_body").contains(reason))
            || (coverage == Coverage.PARTIAL && List.of("budget", "error").contains(reason));
    if (!unread
        || decision.action() == Action.BLOCK
        || conf.onUninspectable() != OnUninspectable.BLOCK
        || conf.mode() == Mode.OBSERVE) {
      return decision;
    }
    return new Decision(
        Action.BLOCK,
        Action.BLOCK,
        Mode.ENFORCE,
        decision.policy(),
        "route/on_uninspectable",
        decision.revision(),
        "uninspectable");
  }

  private static Map<String, String> headers(Decision decision) {
    Map<String, String> headers = new LinkedHashMap<>();
    String category = decision.category();
    if (decision.action().compareTo(Action.FLAG) >= 0 && category != null) {
      headers.put(Passing.FLAG_HEADER, category);
    }
    if (decision.action() == Action.REDACT) {
      headers.put(Passing.ACTION_HEADER, Action.REDACT.label());
    }
    return headers;
  }

  private Verdict blocked(HeldInspection held, AnswerInspection seen, Decision decision) {
    @Nullable String category = decision.category();
    BlockStyle style =
        decision.rule().equals("route/on_uninspectable")
            ? BlockStyle.FORBIDDEN
            : held.conf().blockStyle();
    BlockAnswer block =
        BlockAnswers.answer(
            held.caller(), style, held.decisionId, Optional.ofNullable(category).orElse("policy"));
    List<Map.Entry<String, String>> headers = new ArrayList<>(block.headers().entrySet());
    headers.add(Map.entry(DecisionIds.HEADER, ids.header(held.decisionId)));
    return new Verdict(
        seen, Action.BLOCK, new HeldAnswer.Decision(block.status(), headers, block.body()));
  }
}
