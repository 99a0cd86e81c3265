package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.sensitive.SensitiveDetector;
import io.llmtrace.policies.evaluate.EffectivePolicy.Of;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.expression.Program;
import io.llmtrace.policies.language.Defaults;
import io.llmtrace.policies.language.MessageKind;
import io.llmtrace.policies.language.NameList;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.DecisionEngine;
import io.llmtrace.policies.policy.Mode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One reading of a policy for one exchange, from the top to the bottom. Used once, by one thread.
 *
 * <p>Each finding is acted on once, by the first rule that selects it; what is done with the
 * exchange is the strictest of all that is asked for.
 */
final class Walk {
  /** Category of what a rule without findings decides. */
  private static final String POLICY = "policy";

  private final PolicyProgram program;
  private final Question question;
  private final Facts facts;
  private final List<Finding> findings;
  private final @Nullable Trace trace;
  private @Nullable BitSet taken;
  private @Nullable List<Finding> redact;
  private Counted[] counted = new Counted[0];

  private Action would = Action.ALLOW;
  private @Nullable String decidedBy;
  private String rule = DecisionEngine.ALLOW;
  private @Nullable String category;
  private @Nullable CompiledRule decisive;
  private long retryAfterNanos;
  private boolean ended;

  Walk(PolicyProgram program, Question question, @Nullable Trace trace) {
    this.program = program;
    this.question = question;
    this.facts = question.facts();
    this.findings = question.findings();
    this.trace = trace;
  }

  Verdict verdict() {
    names("models", program.policy.models(), "model_not_allowed");
    names("tools", program.policy.tools(), FindingType.TOOL_NOT_ALLOWED.label());
    CompiledRule[] rules = program.rules;
    for (int i = 0; i < rules.length && !ended; i++) {
      read(rules[i]);
    }
    if (!ended && !findings.isEmpty()) {
      rest();
    }
    return made();
  }

  private Verdict made() {
    Mode mode = program.mode(question.routeMode());
    Action action = mode == Mode.OBSERVE && would != Action.ALLOW ? Action.FLAG : would;
    String policy = decidedBy == null ? program.policy.name() : decidedBy;
    List<Finding> replaced = redact;
    CompiledRule by = decisive;
    String message = by == null ? null : by.rule.message();
    return new Verdict(
        new Decision(action, would, mode, policy, rule, question.revision(), category),
        action == Action.REDACT && replaced != null ? List.copyOf(replaced) : List.of(),
        message == null ? program.policy.messages().get(kind()) : message,
        by == null ? null : by.rule.blockStyle(),
        retryAfterNanos);
  }

  private MessageKind kind() {
    return would == Action.LIMIT ? MessageKind.LIMIT : MessageKind.BLOCK;
  }

  /** What one layer allows does not make up for what another denies. */
  private void names(String key, List<Of<NameList>> lists, String reason) {
    for (int i = 0; i < lists.size(); i++) {
      Of<NameList> each = lists.get(i);
      String other = other(key, each.what());
      if (other != null) {
        raise(each.what().action(), each.policy(), each.policy() + "/" + key, reason, null);
      }
      if (trace != null) {
        Trace.Rule step = new Trace.Rule(each.policy(), each.policy() + "/" + key);
        if (other == null) {
          trace.passes(step, each.what().action(), "all are allowed");
        } else {
          trace.acts(step, each.what().action(), other + " is not allowed");
        }
      }
    }
    if (key.equals("tools") && !lists.isEmpty()) {
      for (int i = 0; i < findings.size(); i++) {
        if (findings.get(i).detector().equals(TextPatterns.DETECTOR)
            && findings.get(i).type() == FindingType.TOOL_NOT_ALLOWED) {
          take(i);
        }
      }
    }
  }

  private @Nullable String other(String key, NameList list) {
    if (facts.coverage().equals("uninspected")) {
      // What becomes of a request that nobody read is another setting.
      return null;
    }
    if (!facts.certain()) {
      return "what cannot be read without doubt";
    }
    if (key.equals("models")) {
      String model = facts.model();
      return !facts.namesModel() || list.allows(model) ? null : model;
    }
    return program.firstNotAllowed(list, facts.tools());
  }

  private void read(CompiledRule each) {
    // Where the body is in doubt, what stops a request may be for it, and what lets it pass is not.
    boolean surely = each.action() == Action.ALLOW || facts.coverage().equals("uninspected");
    if (!(surely ? each.match.holds(facts) : each.match.mayHold(facts))) {
      if (trace != null) {
        trace.passes(each.step(), each.action(), each.match.missed(facts) + " does not match");
      }
      return;
    }
    Counted scope = counted(each.rule.locked() ? each.layer : program.lastLayer);
    int first = each.findings == null ? -1 : selected(each, scope, 0);
    if (each.findings != null && first < 0) {
      if (trace != null) {
        trace.passes(
            each.step(),
            each.action(),
            "no finding that it selects" + program.nearest(each, findings));
      }
      return;
    }
    Program when = each.when;
    if (when != null && !when.holds(scope.scope)) {
      if (trace != null) {
        trace.passes(
            each.step(),
            each.action(),
            "its condition does not hold: " + PolicyProgram.told(when, scope.scope));
      }
      return;
    }
    if (each.action() == Action.LIMIT && each.rule.rate() != null) {
      long wait = question.rates().take(each.policy, each.rule.name(), each.rule.rate(), facts);
      if (wait == 0) {
        if (trace != null) {
          trace.passes(each.step(), each.action(), "within its rate");
        }
        return;
      }
      if (would.compareTo(Action.LIMIT) < 0) {
        retryAfterNanos = wait;
      }
    }
    if (each.findings == null) {
      ofExchange(each, scope);
    } else {
      ofFindings(each, scope, first);
    }
  }

  private void ofExchange(CompiledRule each, Counted scope) {
    if (each.action() == Action.REDACT) {
      int replaced = 0;
      for (int i = 0; i < scope.size(); i++) {
        int place = scope.place(i);
        if (!isTaken(place) && findings.get(place).type().isSensitiveData()) {
          replace(place);
          replaced++;
        }
      }
      if (replaced == 0) {
        if (trace != null) {
          trace.passes(each.step(), each.action(), "there is nothing to redact");
        }
        return;
      }
    }
    acts(each, "holds");
    raise(each.action(), each.policy, each.name, category(each), each);
    ended = each.action() == Action.ALLOW || each.action() == Action.BLOCK;
  }

  private static String category(CompiledRule each) {
    return each.action() == Action.LIMIT ? "rate_limit" : POLICY;
  }

  private void ofFindings(CompiledRule each, Counted scope, int first) {
    Finding decided = findings.get(scope.place(first));
    int count = 0;
    for (int i = first; i >= 0; i = selected(each, scope, i + 1)) {
      int place = scope.place(i);
      if (each.action() == Action.REDACT) {
        replace(place);
      } else {
        take(place);
      }
      count++;
    }
    if (trace != null) {
      acts(
          each,
          (count == 1 ? "" : count + " findings, the first: ") + PolicyProgram.shown(decided));
    }
    String reason = each.action() == Action.LIMIT ? category(each) : decided.type().label();
    raise(each.action(), each.policy, each.name, reason, each);
    ended = each.action() == Action.BLOCK;
  }

  /** The next finding that a rule selects and no other took, or -1. */
  private int selected(CompiledRule each, Counted scope, int from) {
    for (int i = from; i < scope.size(); i++) {
      if (!isTaken(scope.place(i)) && program.selects(each, scope.finding(i))) {
        return i;
      }
    }
    return -1;
  }

  /** What no rule took: first by kind, then by the built-in rules. */
  private void rest() {
    Counted scope = counted(program.lastLayer);
    for (int i = 0; i < scope.size(); i++) {
      int place = scope.place(i);
      if (isTaken(place)) {
        continue;
      }
      Finding finding = findings.get(place);
      Of<Action> kind = ofKind(finding);
      if (kind != null) {
        String name = kind.policy() + "/sensitive." + finding.rule();
        act(place, finding, kind.what(), kind.policy(), name);
      } else {
        builtIn(place, finding);
      }
    }
  }

  private @Nullable Of<Action> ofKind(Finding finding) {
    Map<String, Of<Action>> sensitive = program.policy.sensitive();
    if (sensitive.isEmpty()) {
      return null;
    }
    if (finding.standsForMore() && finding.type().isSensitiveData()) {
      // It may stand for the kind with the strictest action.
      return sensitive.values().stream()
          .max(java.util.Comparator.comparing(Of::what))
          .filter(each -> each.what().compareTo(Action.REDACT) >= 0)
          .orElse(null);
    }
    return finding.detector().equals(SensitiveDetector.NAME) ? sensitive.get(finding.rule()) : null;
  }

  private void builtIn(int place, Finding finding) {
    Action action =
        program.policy.defaults() == Defaults.ON
            ? DecisionEngine.action(finding, question.routeRedact())
            : question.routeRedact().covers(finding) ? Action.REDACT : Action.ALLOW;
    if (action == Action.ALLOW) {
      if (trace != null) {
        trace.passes(
            new Trace.Rule(DecisionEngine.BUILT_IN, DecisionEngine.ALLOW),
            action,
            PolicyProgram.shown(finding) + " is let pass");
      }
      return;
    }
    act(place, finding, action, DecisionEngine.BUILT_IN, DecisionEngine.rule(finding, action));
  }

  private void act(int place, Finding finding, Action action, String policy, String name) {
    if (action == Action.REDACT) {
      replace(place);
    } else {
      take(place);
    }
    if (trace != null) {
      trace.acts(new Trace.Rule(policy, name), action, PolicyProgram.shown(finding));
    }
    raise(action, policy, name, finding.type().label(), null);
  }

  private void raise(
      Action action, String policy, String name, String reason, @Nullable CompiledRule by) {
    if (action.compareTo(would) > 0) {
      would = action;
      decidedBy = policy;
      rule = name;
      category = reason;
      decisive = by;
    } else if (decidedBy == null && action == Action.ALLOW) {
      // So that the record of what passes says who let it.
      decidedBy = policy;
      rule = name;
    }
  }

  private void replace(int place) {
    take(place);
    if (redact == null) {
      redact = new ArrayList<>();
    }
    redact.add(findings.get(place));
  }

  private void take(int place) {
    if (taken == null) {
      taken = new BitSet(findings.size());
    }
    taken.set(place);
  }

  private boolean isTaken(int place) {
    return taken != null && taken.get(place);
  }

  private Counted counted(int layer) {
    if (counted.length == 0) {
      counted = new Counted[program.lastLayer + 1];
    }
    if (counted[layer] == null) {
      counted[layer] =
          program.counted(facts, findings, layer, layer == program.lastLayer ? trace : null);
    }
    return counted[layer];
  }

  private void acts(CompiledRule each, String how) {
    if (trace != null) {
      trace.acts(each.step(), each.action(), how);
    }
  }
}
