package io.llmtrace.plugin.enforcement;

import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.gateway.HeldAnswer;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.policies.AnswerPolicy;
import io.llmtrace.plugin.policies.PolicyTable;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.AnswerInspection;
import io.llmtrace.policies.evaluate.Question;
import io.llmtrace.policies.evaluate.RateGate;
import io.llmtrace.policies.exchange.Answer;
import io.llmtrace.policies.exchange.BlockAnswer;
import io.llmtrace.policies.language.MessageKind;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockAnswers;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.redact.Numbering;
import io.llmtrace.policies.redact.Redaction;
import io.llmtrace.policies.redact.Redactor;
import io.llmtrace.policies.redact.Restorer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Turns what was seen in a held answer into what the client gets. Pure; thread-safe. */
public final class AnswerVerdicts {
  private final Supplier<PolicyTable> policies;
  private final DecisionIds ids;

  /** What is done, and what is recorded of it. */
  record Verdict(AnswerInspection inspection, Action action, HeldAnswer.Decision decision) {}

  /**
   * @param policies those in force, for answers whose question is not known
   */
  public AnswerVerdicts(Supplier<PolicyTable> policies, DecisionIds ids) {
    this.policies = policies;
    this.ids = ids;
  }

  /**
   * The verdict on an answer whose inspection has ended; takes as long as a redaction does.
   *
   * @param body without its content encoding
   */
  Verdict inspected(HeldInspection held, byte[] body) {
    AnswerInspection seen = seen(held, held.answer == null ? "off" : "budget");
    AnswerPolicy policy = held.policy(policies.get());
    io.llmtrace.policies.evaluate.Verdict said = decide(held, policy, seen);
    Decision decision = said.decision();
    Answer answer = held.answer;
    Redaction redaction =
        decision.action() == Action.REDACT && answer != null
            ? redact(held, body, answer, said.redact())
            : null;
    decision = strict(held, policy, seen, Passing.feasible(decision, redaction));
    if (decision.action().compareTo(Action.LIMIT) >= 0) {
      return blocked(held, policy, seen, decision, said);
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
    AnswerPolicy policy = held.policy(policies.get());
    io.llmtrace.policies.evaluate.Verdict said = decide(held, policy, seen);
    Decision decision = strict(held, policy, seen, Passing.feasible(said.decision(), null));
    return decision.action().compareTo(Action.LIMIT) >= 0
        ? blocked(held, policy, seen, decision, said)
        : new Verdict(seen, decision.action(), held.held.pass(headers(decision)));
  }

  private static AnswerInspection seen(HeldInspection held, String reason) {
    Answer answer = held.answer;
    return answer == null
        ? AnswerInspection.uninspected(reason, held.body.length())
        : AnswerInspection.of(answer, held.body.length(), held.progress.snapshot(), reason);
  }

  private static io.llmtrace.policies.evaluate.Verdict decide(
      HeldInspection held, AnswerPolicy policy, AnswerInspection seen) {
    RouteConf conf = held.conf();
    // What limits requests has counted the question already.
    return policy
        .program()
        .decide(
            new Question(
                policy.facts(),
                seen.findings(),
                conf.mode(),
                conf.redact().rule(),
                policy.revision(),
                RateGate.OPEN));
  }

  private static Redaction redact(
      HeldInspection held, byte[] body, Answer answer, List<Finding> findings) {
    // A placeholder of the question stands for something else, and would be restored.
    return Redactor.redact(
        body,
        answer.segments(),
        findings,
        Numbering.fresh(held.placeholders().keySet()),
        RequestRedaction.MOST_BYTES,
        InspectionBudget.until(held.deadlineNanos()));
  }

  /** As for requests: a route that wants nothing unread to pass says so. */
  private static Decision strict(
      HeldInspection held, AnswerPolicy policy, AnswerInspection seen, Decision decision) {
    RouteConf conf = held.conf();
    Coverage coverage = seen.receipt().coverage();
    String reason = seen.receipt().reason();
    boolean unread =
        (coverage == Coverage.UNINSPECTED && !List.of("off", "no_body").contains(reason))
            || (coverage == Coverage.PARTIAL && List.of("budget", "error").contains(reason));
    if (!unread
        || decision.action() == Action.BLOCK
        || !Strictness.blocksUnread(conf, policy.program())) {
      return decision;
    }
    return new Decision(
        Action.BLOCK,
        Action.BLOCK,
        Mode.ENFORCE,
        decision.policy(),
        Strictness.RULE,
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

  private Verdict blocked(
      HeldInspection held,
      AnswerPolicy policy,
      AnswerInspection seen,
      Decision decision,
      io.llmtrace.policies.evaluate.Verdict said) {
    @Nullable String category = decision.category();
    boolean unread = decision.rule().equals(Strictness.RULE);
    BlockStyle style =
        unread
            ? BlockStyle.FORBIDDEN
            : Strictness.style(said.blockStyle(), held.conf(), policy.program());
    String text = unread ? policy.program().message(MessageKind.UNINSPECTABLE) : said.message();
    BlockAnswer block =
        BlockAnswers.answer(
            held.caller(),
            style,
            held.decisionId,
            Optional.ofNullable(category).orElse("policy"),
            text);
    List<Map.Entry<String, String>> headers = new ArrayList<>(block.headers().entrySet());
    headers.add(Map.entry(DecisionIds.HEADER, ids.header(held.decisionId)));
    return new Verdict(
        seen, Action.BLOCK, new HeldAnswer.Decision(block.status(), headers, block.body()));
  }
}
