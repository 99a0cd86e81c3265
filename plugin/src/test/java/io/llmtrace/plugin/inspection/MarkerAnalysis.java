package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.policies.PolicyTable;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.evaluate.PolicyProgram;
import io.llmtrace.policies.evaluate.Question;
import io.llmtrace.policies.evaluate.Verdict;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.policy.RedactRule;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The body's text is the model, "attack" in it blocks, "secret" is redacted where the route wants
 * that, "doubt" is for a model, and a hook may sleep or throw. A model finds what it reads an
 * attack.
 */
public class MarkerAnalysis implements Analysis {
  /** The stage that reads what is in doubt; the hook hears of it with this before the text. */
  static final String MODEL = "model:";

  private final Consumer<String> hook;

  public MarkerAnalysis(Consumer<String> hook) {
    this.hook = hook;
  }

  @Override
  public Dialect detect(RequestContent content) {
    return Dialect.TEXT;
  }

  @Override
  public Exchange read(
      RequestContent content, Api forced, InspectionBudget budget, BodyMemory memory)
      throws UnreadableBodyException {
    String text = content.body().utf8();
    Segment segment = new Segment(Zone.USER, "user", "", text);
    return new Exchange(Dialect.TEXT, "unknown", text, false, List.of(segment), List.of(), 0);
  }

  @Override
  public Run prepare(
      Exchange exchange, String tenant, @Nullable Profile profile, InspectionBudget budget) {
    List<Finding> findings = new CopyOnWriteArrayList<>();
    return new Run() {
      private volatile boolean done;
      private volatile List<String> missing = List.of();

      @Override
      public boolean readSegments() {
        String text = exchange.model();
        if (text.contains("attack")) {
          attack("m-1");
        }
        int secret = text.indexOf("secret");
        if (secret >= 0) {
          findings.add(
              new Finding(
                  FindingType.SECRET_LEAKAGE,
                  Severity.HIGH,
                  1,
                  Zone.USER,
                  "",
                  secret,
                  secret + 6,
                  "marker",
                  "m-2",
                  ""));
        }
        hook.accept(text);
        done = !text.contains("doubt");
        return done;
      }

      @Override
      public void askModels() {
        if (budget.spent()) {
          leaveModelsOut();
          return;
        }
        hook.accept(MODEL + exchange.model());
        attack(MODEL);
        done = true;
      }

      @Override
      public void leaveModelsOut() {
        missing = List.of(MODEL);
      }

      private void attack(String rule) {
        findings.add(
            new Finding(
                FindingType.PROMPT_INJECTION,
                Severity.HIGH,
                1,
                Zone.USER,
                "",
                0,
                6,
                "marker",
                rule,
                exchange.model()));
      }

      @Override
      public Seen seen() {
        return new Seen(
            findings, done ? 1 : 0, done ? List.of() : List.of(0), Map.of(), missing, false);
      }
    };
  }

  @Override
  public PolicyTable.InForce policies(String tenant, @Nullable String policy) {
    return PolicyTable.BUILT_IN.resolve(tenant, policy);
  }

  @Override
  public Verdict decide(PolicyProgram program, Question question) {
    List<Finding> findings = question.findings();
    RedactRule redact = question.routeRedact();
    Decision decision = decide(findings, program.mode(question.routeMode()), redact);
    List<Finding> redacted =
        decision.action() == Action.REDACT
            ? findings.stream().filter(redact::covers).toList()
            : List.of();
    return new Verdict(decision, redacted, null, null, 0);
  }

  private static Decision decide(List<Finding> findings, Mode mode, RedactRule redact) {
    boolean redacts = !findings.isEmpty() && findings.stream().allMatch(redact::covers);
    Action would = findings.isEmpty() ? Action.ALLOW : redacts ? Action.REDACT : Action.BLOCK;
    Action action = would != Action.ALLOW && mode == Mode.OBSERVE ? Action.FLAG : would;
    return new Decision(
        action,
        would,
        mode,
        "default",
        "default/marker",
        0,
        findings.isEmpty() ? null : findings.get(0).type().label());
  }

  @Override
  public Answer.Stop block(
      Caller caller, BlockStyle style, String decisionId, String category, @Nullable String text) {
    return new Answer.Stop(
        style == BlockStyle.FORBIDDEN ? 403 : 400,
        Map.of("content-type", "text/plain"),
        caller.model().getBytes(StandardCharsets.UTF_8));
  }
}
