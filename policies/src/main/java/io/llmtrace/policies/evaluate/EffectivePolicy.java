package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.language.Defaults;
import io.llmtrace.policies.language.ExceptionRule;
import io.llmtrace.policies.language.MessageKind;
import io.llmtrace.policies.language.NameList;
import io.llmtrace.policies.language.Rule;
import io.llmtrace.policies.language.TextPattern;
import io.llmtrace.policies.language.UninspectableAction;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Mode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What several layers come to where all of them apply. Immutable; made by {@link Layers}.
 *
 * @param name of the nearest layer
 * @param mode whether it is carried out; null without any layer, where the route alone says
 * @param profile null: as the node is configured
 * @param thresholds by finding type, for each layer with what it changes; the last are in force
 * @param onUninspectable null: as the route or the node says
 * @param blockStyle null: as the route says
 * @param messages by kind
 * @param models models that may be asked, of each layer that says so
 * @param tools tools that may be offered, of each layer that says so
 * @param patterns texts to look for
 * @param rules in the order in which they are read
 * @param sensitive by kind
 * @param exceptions of all layers
 * @param defaults whether the built-in rules come last
 */
public record EffectivePolicy(
    String name,
    @Nullable Mode mode,
    @Nullable Profile profile,
    List<Map<FindingType, Double>> thresholds,
    @Nullable UninspectableAction onUninspectable,
    @Nullable BlockStyle blockStyle,
    Map<MessageKind, String> messages,
    List<Of<NameList>> models,
    List<Of<NameList>> tools,
    List<Of<TextPattern>> patterns,
    List<Of<Rule>> rules,
    Map<String, Of<Action>> sensitive,
    List<Of<ExceptionRule>> exceptions,
    Defaults defaults) {

  /** Nothing but the built-in rules. */
  public static final EffectivePolicy BUILT_IN = Layers.of(List.of()).effective();

  /**
   * Something that a policy says.
   *
   * @param layer of the policy, counted from 0, the farthest
   * @param policy name of the policy
   */
  public record Of<T>(int layer, String policy, T what) {}
}
