package io.llmtrace.policies.language;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Mode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A policy as somebody wrote it, read and checked: its expressions are compiled, its names are
 * known. What it leaves open is null or empty, and has the value of the layer below (built-in,
 * tenant, route). Immutable; as JSON it is what bundles carry.
 *
 * @param name of the policy, unique in its tenant
 * @param metadata what people want to know of it
 * @param mode whether it is carried out
 * @param match exchanges it is for; others are decided by the layer below
 * @param defaults whether what its rules leave is decided by the built-in rules
 * @param profile how careful the detectors are
 * @param thresholds the confidence below which findings of a type do not count
 * @param onUninspectable what becomes of requests that could not be read
 * @param blockStyle how a block is answered
 * @param messages what callers read, by the kind of answer
 * @param models models that may be asked
 * @param tools tools that may be offered
 * @param patterns texts to look for beside the detectors
 * @param sensitive what is done with kinds of secrets and personal data, such as {@code email}
 * @param rules in the order in which they are read
 * @param budgets what may be spent
 * @param exceptions what is let pass, by whom and until when
 */
public record Policy(
    String name,
    Metadata metadata,
    @Nullable Mode mode,
    Match match,
    @Nullable Defaults defaults,
    @Nullable Profile profile,
    Map<FindingType, Double> thresholds,
    @Nullable UninspectableAction onUninspectable,
    @Nullable BlockStyle blockStyle,
    Map<MessageKind, String> messages,
    @Nullable NameList models,
    @Nullable NameList tools,
    List<TextPattern> patterns,
    Map<String, Action> sensitive,
    List<Rule> rules,
    List<BudgetRule> budgets,
    List<ExceptionRule> exceptions) {

  public Policy {
    thresholds = Copies.map(thresholds);
    messages = Copies.map(messages);
    patterns = Copies.list(patterns);
    sensitive = Copies.map(sensitive);
    rules = Copies.list(rules);
    budgets = Copies.list(budgets);
    exceptions = Copies.list(exceptions);
  }

  /** The same in another mode. */
  public Policy with(Mode other) {
    return new Policy(
        name,
        metadata,
        other,
        match,
        defaults,
        profile,
        thresholds,
        onUninspectable,
        blockStyle,
        messages,
        models,
        tools,
        patterns,
        sensitive,
        rules,
        budgets,
        exceptions);
  }

  /**
   * What people want to know.
   *
   * @param description in a sentence or more; empty where there is none
   * @param owner who answers for it; empty where nobody is named
   * @param labels of one's own
   */
  public record Metadata(String description, String owner, Map<String, String> labels) {
    public static final Metadata NONE = new Metadata("", "", Map.of());

    public Metadata {
      labels = Copies.map(labels);
    }
  }
}
