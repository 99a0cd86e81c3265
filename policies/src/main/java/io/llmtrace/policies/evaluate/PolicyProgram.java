package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.evaluate.EffectivePolicy.Of;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.expression.Operand;
import io.llmtrace.policies.expression.Program;
import io.llmtrace.policies.expression.Scope;
import io.llmtrace.policies.language.ExceptionRule;
import io.llmtrace.policies.language.FindingSelector;
import io.llmtrace.policies.language.MessageKind;
import io.llmtrace.policies.language.NameList;
import io.llmtrace.policies.language.Rule;
import io.llmtrace.policies.language.UninspectableAction;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Mode;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An effective policy, ready to be evaluated. Thread-safe; evaluating it takes no lock, and no
 * memory beyond what it says.
 */
public final class PolicyProgram {
  /** Detector of what a policy itself looks for. */
  public static final String DETECTOR = TextPatterns.DETECTOR;

  private static final int MOST_TOOL_FINDINGS = 20;
  private static final int LONGEST_NAME = 120;

  final EffectivePolicy policy;
  final CompiledRule[] rules;
  final int lastLayer;
  private final List<Compiled> exceptions;
  private final TextPatterns patterns;
  private final boolean mayRedact;

  private record Compiled(
      int layer,
      String name,
      long expiresAt,
      MatchTest match,
      @Nullable FindingSelector findings,
      @Nullable Program when) {
    static Compiled of(Of<ExceptionRule> of) {
      ExceptionRule what = of.what();
      Rule.Condition condition = what.when();
      return new Compiled(
          of.layer(),
          of.policy() + "/" + what.name(),
          LocalDate.parse(what.expires()).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli(),
          new MatchTest(what.match()),
          what.findings(),
          condition == null ? null : Program.link(condition.expression()));
    }
  }

  private PolicyProgram(EffectivePolicy policy) {
    this.policy = policy;
    this.rules = policy.rules().stream().map(CompiledRule::new).toArray(CompiledRule[]::new);
    this.lastLayer = Math.max(0, policy.thresholds().size() - 1);
    this.exceptions = policy.exceptions().stream().map(Compiled::of).toList();
    this.patterns = new TextPatterns(policy.patterns().stream().map(Of::what).toList());
    // Every request asks, before anything else is known of it.
    this.mayRedact =
        policy.sensitive().values().stream().anyMatch(each -> each.what() == Action.REDACT)
            || policy.rules().stream().anyMatch(each -> each.what().action() == Action.REDACT);
  }

  /** Makes a policy ready. */
  public static PolicyProgram link(EffectivePolicy policy) {
    return new PolicyProgram(policy);
  }

  /** Name of the nearest layer. */
  public String name() {
    return policy.name();
  }

  /**
   * The mode in force.
   *
   * @param route what the route asks for, or null: to observe on either is to observe
   */
  public Mode mode(@Nullable Mode route) {
    Mode own = policy.mode();
    if (own == null) {
      return route == null ? Mode.OBSERVE : route;
    }
    return own == Mode.OBSERVE || route == Mode.OBSERVE ? Mode.OBSERVE : Mode.ENFORCE;
  }

  /** More where less passes; for a choice between two of which nobody knows which is right. */
  int strictness() {
    boolean enforces = mode(Mode.ENFORCE) == Mode.ENFORCE;
    return (enforces ? 1 : 0)
        + (enforces && policy.onUninspectable() == UninspectableAction.BLOCK ? 2 : 0);
  }

  /** How careful the detectors are to be; null: as they are configured. */
  public @Nullable Profile profile() {
    return policy.profile();
  }

  /** What becomes of requests that could not be read; null: as the route says. */
  public @Nullable UninspectableAction onUninspectable() {
    return policy.onUninspectable();
  }

  /** How blocks are answered; null: as the route says. */
  public @Nullable BlockStyle blockStyle() {
    return policy.blockStyle();
  }

  /** What callers read, or null. */
  public @Nullable String message(MessageKind kind) {
    return policy.messages().get(kind);
  }

  /** Whether some finding may be replaced, so that time should be left for that. */
  public boolean mayRedact() {
    return mayRedact;
  }

  /** Whether {@link #find} looks for anything. */
  public boolean finds() {
    return !patterns.isEmpty() || !policy.tools().isEmpty();
  }

  /**
   * Looks for what the policy itself names: its patterns, and tools that it does not allow.
   *
   * @param segments texts of the exchange
   * @param found what is found is added here
   * @return whether everything was looked through before the budget ended
   */
  public boolean find(
      Facts facts, List<Segment> segments, InspectionBudget budget, List<Finding> found) {
    for (Of<NameList> each : policy.tools()) {
      notAllowed(each.what(), facts.tools(), found);
    }
    return patterns.isEmpty() || patterns.find(facts.tenant(), segments, budget, found);
  }

  private static void notAllowed(NameList list, List<String> tools, List<Finding> found) {
    int count = 0;
    for (String tool : tools) {
      if (count == MOST_TOOL_FINDINGS) {
        return;
      }
      if (!isAllowed(list, tool)) {
        count++;
        found.add(
            new Finding(
                FindingType.TOOL_NOT_ALLOWED,
                Severity.HIGH,
                1,
                Zone.METADATA,
                "",
                0,
                0,
                TextPatterns.DETECTOR,
                "tools",
                tool.length() <= LONGEST_NAME ? tool : tool.substring(0, LONGEST_NAME)));
      }
    }
  }

  /** Decides. */
  public Verdict decide(Question question) {
    return new Walk(this, question, null).verdict();
  }

  /** Decides, and says how it comes about. */
  public Explanation explain(Question question) {
    Explanation.Listener listener = new Explanation.Listener();
    Verdict verdict = new Walk(this, question, listener).verdict();
    return listener.explanation(verdict);
  }

  /** What has no name, or was not even counted, is on no list. */
  private static boolean isAllowed(NameList list, String tool) {
    return !tool.equals(Exchange.UNNAMED_TOOL)
        && !tool.equals(Exchange.MORE_TOOLS)
        && list.allows(tool);
  }

  @Nullable String firstNotAllowed(NameList list, List<String> tools) {
    for (int i = 0; i < tools.size(); i++) {
      if (!isAllowed(list, tools.get(i))) {
        return tools.get(i);
      }
    }
    return null;
  }

  /**
   * Whether a rule acts on a finding. What stands for more than could be kept may stand for some of
   * what a strict rule wants.
   */
  boolean selects(CompiledRule each, Finding finding) {
    FindingSelector selector = each.findings;
    return selector != null
        && (selector.selects(finding)
            || (finding.standsForMore()
                && each.action().compareTo(Action.REDACT) >= 0
                && mayStandForSome(selector, finding.type())));
  }

  private static boolean mayStandForSome(FindingSelector selector, FindingType type) {
    if (selector.types().isEmpty() && selector.groups().isEmpty()) {
      return true;
    }
    // Of too many secrets and personal data some may be of the other type.
    boolean sensitive =
        type.isSensitiveData() && selector.types().stream().anyMatch(FindingType::isSensitiveData);
    return sensitive || selector.types().contains(type) || selector.groups().contains(type.group());
  }

  /** The findings that count for a layer: its own and farther layers say which do not. */
  Counted counted(Facts facts, List<Finding> findings, int layer, @Nullable Trace trace) {
    Map<FindingType, Double> least =
        policy.thresholds().isEmpty() ? Map.of() : policy.thresholds().get(layer);
    if (findings.isEmpty() || (least.isEmpty() && exceptions.isEmpty())) {
      return new Counted(facts, findings);
    }
    int[] places = new int[findings.size()];
    int count = 0;
    Counted all = new Counted(facts, findings);
    for (int i = 0; i < findings.size(); i++) {
      Finding finding = findings.get(i);
      double threshold = least.isEmpty() ? 0 : least.getOrDefault(finding.type(), 0.0);
      String excepted = finding.confidence() < threshold ? null : exception(all, finding, layer);
      if (finding.confidence() >= threshold && excepted == null) {
        places[count++] = i;
      } else if (trace != null) {
        trace.ignored(
            finding,
            excepted == null
                ? "under the threshold of " + threshold
                : "let pass by the exception " + excepted);
      }
    }
    return count == places.length ? all : new Counted(facts, findings, places, count);
  }

  private @Nullable String exception(Counted all, Finding finding, int layer) {
    for (int i = 0; i < exceptions.size(); i++) {
      Compiled each = exceptions.get(i);
      FindingSelector selector = each.findings();
      Program when = each.when();
      if (each.layer() <= layer
          && all.scope.facts().at() < each.expiresAt()
          && !finding.standsForMore()
          && (selector == null || selector.selects(finding))
          && each.match().holds(all.scope.facts())
          && (when == null || when.holds(all.scope))) {
        return each.name();
      }
    }
    return null;
  }

  /** The finding that a rule came closest to, for people; empty where none is of its types. */
  String nearest(CompiledRule each, List<Finding> findings) {
    FindingSelector selector = each.findings;
    if (selector == null) {
      return "";
    }
    List<String> close = new ArrayList<>();
    for (Finding finding : findings) {
      boolean type =
          selector.types().contains(finding.type())
              || selector.groups().contains(finding.type().group())
              || (selector.types().isEmpty() && selector.groups().isEmpty());
      if (type && close.isEmpty()) {
        List<String> why = new ArrayList<>();
        if (finding.confidence() < selector.confidence()) {
          why.add("confidence " + finding.confidence() + " is under " + selector.confidence());
        }
        if (!finding.severity().atLeast(selector.severity())) {
          why.add(
              "severity "
                  + finding.severity().label()
                  + " is under "
                  + selector.severity().label());
        }
        if (!selector.zones().isEmpty() && !selector.zones().contains(finding.zone())) {
          why.add("zone is " + finding.zone().label());
        }
        close.add(
            "; nearest is "
                + shown(finding)
                + (why.isEmpty()
                    ? ", which another rule took, or which does not count"
                    : ", but " + String.join(", ", why)));
      }
    }
    return String.join("", close);
  }

  /** What a condition looked at, and what it made of it. */
  static String told(Program when, Scope scope) {
    return when.operands(scope).stream().map(PolicyProgram::told).collect(Collectors.joining("; "));
  }

  private static String told(Operand part) {
    String values =
        part.values().stream()
            .map(value -> value.name() + " = " + value.value())
            .collect(Collectors.joining(", "));
    String inside =
        part.parts().stream().map(PolicyProgram::told).collect(Collectors.joining("; "));
    return part.text()
        + switch (part.outcome()) {
          case HOLDS -> " holds";
          case HOLDS_NOT -> " does not hold";
          case ERROR -> " cannot be evaluated: " + part.error();
        }
        + (values.isEmpty() ? "" : " (" + values + ")")
        + (inside.isEmpty() ? "" : " [" + inside + "]");
  }

  /** A finding in a few words, without its evidence. */
  static String shown(Finding finding) {
    return String.format(
        Locale.ROOT,
        "%s (%s, confidence %.2f, %s) by %s/%s",
        finding.type().label(),
        finding.severity().label(),
        finding.confidence(),
        finding.zone().label(),
        finding.detector(),
        finding.rule());
  }
}
