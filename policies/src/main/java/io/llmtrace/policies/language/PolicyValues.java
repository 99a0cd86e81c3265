package io.llmtrace.policies.language;

import static io.llmtrace.policies.yaml.Shape.Need.OPTIONAL;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.yaml.Shape;
import io.llmtrace.policies.yaml.Shape.Choice;
import io.llmtrace.policies.yaml.Shape.Items;
import io.llmtrace.policies.yaml.Shape.Text;
import java.time.DayOfWeek;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** The values that keys of a policy file take, in the words of its schema. Stateless. */
final class PolicyValues {
  static final Choice ACTION = choice("an action", Action.values(), Action::label);
  static final Choice ZONE = choice("a zone", Zone.values(), Zone::label);
  static final Choice TYPE = choice("a finding type", FindingType.values(), FindingType::label);
  static final Choice STYLE = choice("a block style", BlockStyle.values(), BlockStyle::label);
  static final Choice SEVERITY = choice("a severity", Severity.values(), Severity::label);
  static final Items ZONES = Items.of(ZONE, Zone.values().length);
  static final Items DIMENSIONS =
      Items.of(
          choice("something to count by", Dimension.values(), Dimension::label),
          Dimension.values().length);

  static final Text NAME =
      Text.of(
          "a name of lower-case letters, digits and dashes, at most 63",
          63,
          "[a-z0-9][a-z0-9-]{0,62}");
  static final Text PATTERN_OF_NAMES =
      Text.of(
          "a name, in which up to four * stand for any characters",
          NamePattern.LONGEST,
          "[^*]*(\\*[^*]*){0,4}");
  static final Items NAMES = Items.of(PATTERN_OF_NAMES, PolicyLimits.MOST_NAMES);
  static final Text DESCRIPTION = Text.lines("a description", PolicyLimits.LONGEST_DESCRIPTION);
  static final Text MESSAGE = Text.lines("a message for callers", PolicyLimits.LONGEST_MESSAGE);
  static final Text OWNER = Text.line("somebody who answers for it", 200);
  static final Text CONDITION = Text.lines("a condition in CEL", PolicyLimits.LONGEST_CONDITION);

  private PolicyValues() {}

  static Shape.Key key(String name, Shape.Need need, Shape shape, String doc) {
    return new Shape.Key(name, need, shape, doc);
  }

  static Shape.Key names(String name, String doc) {
    return key(name, OPTIONAL, NAMES, doc);
  }

  static Text clock() {
    return Text.of("a time of day such as 08:00", 5, "([01][0-9]|2[0-3]):[0-5][0-9]");
  }

  static <E> Choice choice(String what, E[] values, Function<E, String> label) {
    return new Choice(what, Arrays.stream(values).map(label).toList());
  }

  static String lower(Enum<?> each) {
    return each.name().toLowerCase(Locale.ROOT);
  }

  static List<String> days() {
    return Arrays.stream(DayOfWeek.values())
        .map(day -> day.name().substring(0, 3).toLowerCase(Locale.ROOT))
        .toList();
  }
}
