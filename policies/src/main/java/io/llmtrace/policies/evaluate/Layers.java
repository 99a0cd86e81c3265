package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.evaluate.EffectivePolicy.Of;
import io.llmtrace.policies.language.Defaults;
import io.llmtrace.policies.language.ExceptionRule;
import io.llmtrace.policies.language.MessageKind;
import io.llmtrace.policies.language.NameList;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.language.Rule;
import io.llmtrace.policies.language.TextPattern;
import io.llmtrace.policies.language.UninspectableAction;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.DecisionEngine;
import io.llmtrace.policies.policy.Mode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lays policies over each other, the farthest first: of settings the nearest holds, rules of nearer
 * layers are read before those of farther ones, except that locked ones come first and stay.
 * Whatever a layer changes of another is told.
 *
 * @param effective what they come to
 * @param conflicts what a layer changes of another, for people
 */
public record Layers(EffectivePolicy effective, List<String> conflicts) {
  public Layers {
    conflicts = List.copyOf(conflicts);
  }

  /** Layers where all of them apply. Without any, the built-in rules do as the route says. */
  public static Layers of(List<Policy> farthestFirst) {
    Merge merge = new Merge();
    farthestFirst.forEach(merge::lay);
    return new Layers(merge.effective(), merge.conflicts);
  }

  /** One value with the policy that set it. */
  private static final class Setting<T> {
    private final String key;
    private @Nullable Of<T> set;

    Setting(String key) {
      this.key = key;
    }

    void lay(String policy, @Nullable T value, List<String> conflicts) {
      if (value == null) {
        return;
      }
      Of<T> before = set;
      if (before != null && !before.what().equals(value)) {
        conflicts.add(
            policy
                + " sets "
                + key
                + " to "
                + shown(value)
                + "; "
                + before.policy()
                + " has "
                + shown(before.what()));
      }
      set = new Of<>(0, policy, value);
    }

    @Nullable T value() {
      return set == null ? null : set.what();
    }

    private static String shown(Object value) {
      return value instanceof Enum<?> label
          ? label.name().toLowerCase(java.util.Locale.ROOT)
          : value.toString();
    }
  }

  private static final class Merge {
    private final List<String> conflicts = new ArrayList<>();
    private final Setting<Mode> mode = new Setting<>("mode");
    private final Setting<Profile> profile = new Setting<>("profile");
    private final Setting<UninspectableAction> onUninspectable = new Setting<>("on_uninspectable");
    private final Setting<BlockStyle> blockStyle = new Setting<>("block_style");
    private final Setting<Defaults> defaults = new Setting<>("defaults");
    private final Map<FindingType, Setting<Double>> thresholds = new LinkedHashMap<>();
    private final Map<MessageKind, Setting<String>> messages = new LinkedHashMap<>();
    private final Map<String, Of<Action>> sensitive = new LinkedHashMap<>();
    private final List<Of<NameList>> models = new ArrayList<>();
    private final List<Of<NameList>> tools = new ArrayList<>();
    private final List<Of<TextPattern>> patterns = new ArrayList<>();
    private final List<Of<Rule>> locked = new ArrayList<>();
    private final List<Of<Rule>> rules = new ArrayList<>();
    private final List<Of<ExceptionRule>> exceptions = new ArrayList<>();
    private final List<Map<FindingType, Double>> thresholdsSoFar = new ArrayList<>();
    private String name = DecisionEngine.BUILT_IN;
    private int layer = -1;

    void lay(Policy policy) {
      layer++;
      name = policy.name();
      mode.lay(name, policy.mode(), conflicts);
      profile.lay(name, policy.profile(), conflicts);
      onUninspectable.lay(name, policy.onUninspectable(), conflicts);
      blockStyle.lay(name, policy.blockStyle(), conflicts);
      defaults.lay(name, policy.defaults(), conflicts);
      policy
          .thresholds()
          .forEach(
              (type, value) ->
                  thresholds
                      .computeIfAbsent(type, each -> new Setting<>("thresholds." + each.label()))
                      .lay(name, value, conflicts));
      policy
          .messages()
          .forEach(
              (kind, text) ->
                  messages
                      .computeIfAbsent(kind, each -> new Setting<>("messages." + each.label()))
                      .lay(name, text, conflicts));
      Map<FindingType, Double> least = new LinkedHashMap<>();
      thresholds.forEach((type, setting) -> put(least, type, setting));
      thresholdsSoFar.add(Map.copyOf(least));
      policy.sensitive().forEach(this::laySensitive);
      layNames("models", policy.models(), models);
      layNames("tools", policy.tools(), tools);
      layPatterns(policy.patterns());
      layRules(policy.rules());
      layExceptions(policy.exceptions());
    }

    private void laySensitive(String kind, Action action) {
      Of<Action> before = sensitive.put(kind, new Of<>(layer, name, action));
      if (before != null && before.what() != action) {
        conflicts.add(
            name
                + " sets sensitive."
                + kind
                + " to "
                + action.label()
                + "; "
                + before.policy()
                + " has "
                + before.what().label());
      }
    }

    /** Each layer's list must be kept: what one allows does not make up for what another denies. */
    private void layNames(String key, @Nullable NameList list, List<Of<NameList>> lists) {
      if (list == null) {
        return;
      }
      for (Of<NameList> before : lists) {
        conflicts.add(
            name + " has a list of " + key + ", as " + before.policy() + " has: both must allow");
      }
      lists.add(new Of<>(layer, name, list));
    }

    /** Both are looked for: a rule of a farther layer may stand on its pattern. */
    private void layPatterns(List<TextPattern> nearer) {
      for (TextPattern pattern : nearer) {
        for (Of<TextPattern> before : patterns) {
          if (before.layer() < layer && before.what().name().equals(pattern.name())) {
            conflicts.add(
                name
                    + " has a pattern "
                    + pattern.name()
                    + ", as "
                    + before.policy()
                    + " has: both are looked for");
          }
        }
        patterns.add(new Of<>(layer, name, pattern));
      }
    }

    private void layRules(List<Rule> nearer) {
      int at = 0;
      for (Rule rule : nearer) {
        Of<Rule> kept = named(locked, rule.name());
        if (kept != null) {
          conflicts.add(
              name
                  + " has a rule "
                  + rule.name()
                  + ", which "
                  + kept.policy()
                  + " has locked: that one stays, this one is left out");
          continue;
        }
        Of<Rule> before = named(rules, rule.name());
        if (before != null && before.layer() < layer) {
          conflicts.add(name + " replaces rule " + rule.name() + " of " + before.policy());
          rules.remove(before);
        }
        if (rule.locked()) {
          locked.add(new Of<>(layer, name, rule));
        } else {
          rules.add(at++, new Of<>(layer, name, rule));
        }
      }
    }

    private static @Nullable Of<Rule> named(List<Of<Rule>> rules, String name) {
      return rules.stream()
          .filter(each -> each.what().name().equals(name))
          .findFirst()
          .orElse(null);
    }

    private void layExceptions(List<ExceptionRule> nearer) {
      nearer.forEach(each -> exceptions.add(new Of<>(layer, name, each)));
    }

    EffectivePolicy effective() {
      Map<MessageKind, String> texts = new LinkedHashMap<>();
      messages.forEach((kind, setting) -> put(texts, kind, setting));
      List<Of<Rule>> order = new ArrayList<>(locked);
      order.addAll(rules);
      Mode inForce = mode.value();
      Defaults last = defaults.value();
      return new EffectivePolicy(
          name,
          // Without any policy the route alone says; a policy that does not say observes.
          inForce == null && layer >= 0 ? Mode.OBSERVE : inForce,
          profile.value(),
          List.copyOf(thresholdsSoFar),
          onUninspectable.value(),
          blockStyle.value(),
          Map.copyOf(texts),
          List.copyOf(models),
          List.copyOf(tools),
          List.copyOf(patterns),
          List.copyOf(order),
          java.util.Collections.unmodifiableMap(new LinkedHashMap<>(sensitive)),
          List.copyOf(exceptions),
          last == null ? Defaults.ON : last);
    }

    private static <K, V> void put(Map<K, V> values, K key, Setting<V> setting) {
      V value = setting.value();
      if (value != null) {
        values.put(key, value);
      }
    }
  }
}
