package io.llmtrace.policies.expression;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Fields of findings. */
enum FindingFields {
  TYPE("type", ValueType.STRING),
  GROUP("group", ValueType.STRING),
  ZONE("zone", ValueType.STRING),
  DETECTOR("detector", ValueType.STRING),
  RULE("rule", ValueType.STRING),
  POINTER("pointer", ValueType.STRING),
  SEVERITY("severity", ValueType.INT),
  CONFIDENCE("confidence", ValueType.DOUBLE);

  private static final Map<FindingType.Group, String> GROUPS = groups();

  private final String label;
  private final ValueType type;

  FindingFields(String label, ValueType type) {
    this.label = label;
    this.type = type;
  }

  /** As conditions write it. */
  String label() {
    return label;
  }

  ValueType type() {
    return type;
  }

  static @Nullable FindingFields of(String label) {
    for (FindingFields each : values()) {
      if (each.label.equals(label)) {
        return each;
      }
    }
    return null;
  }

  static List<String> labels() {
    return Arrays.stream(values()).map(FindingFields::label).toList();
  }

  /** Every value that the field can have; empty where that is not known. */
  List<String> vocabulary() {
    List<String> words = new ArrayList<>();
    switch (this) {
      case TYPE -> {
        for (FindingType each : FindingType.values()) {
          words.add(each.label());
        }
      }
      case GROUP -> words.addAll(GROUPS.values());
      case ZONE -> {
        for (Zone each : Zone.values()) {
          words.add(each.label());
        }
      }
      default -> {}
    }
    return words;
  }

  Node of(Node.OfFinding finding) {
    return switch (this) {
      case TYPE -> new OneOf<>(FindingType.class, finding, Finding::type, FindingType::label);
      case GROUP ->
          new OneOf<>(
              FindingType.Group.class, finding, f -> f.type().group(), FindingFields::label);
      case ZONE -> new OneOf<>(Zone.class, finding, Finding::zone, Zone::label);
      case DETECTOR -> new OfText(finding, Finding::detector);
      case RULE -> new OfText(finding, Finding::rule);
      case POINTER -> new OfText(finding, Finding::pointer);
      case SEVERITY -> new OfSeverity(finding);
      case CONFIDENCE -> new OfConfidence(finding);
    };
  }

  private static class OfText extends Node.Text {
    final Node.OfFinding finding;
    private final Function<Finding, String> field;

    OfText(Node.OfFinding finding, Function<Finding, String> field) {
      this.finding = finding;
      this.field = field;
    }

    @Override
    @Nullable String value(Scope scope) {
      Finding value = finding.value(scope);
      return value == null ? null : field.apply(value);
    }
  }

  /** A field that has one of a few values, so that comparing it need not look at texts. */
  static final class OneOf<E extends Enum<E>> extends OfText {
    private final Class<E> values;
    private final Function<Finding, E> field;
    private final Function<E, String> label;

    OneOf(
        Class<E> values,
        Node.OfFinding finding,
        Function<Finding, E> field,
        Function<E, String> label) {
      super(finding, of -> label.apply(field.apply(of)));
      this.values = values;
      this.field = field;
      this.label = label;
    }

    /** Whether the value is among these; words that no finding has are none of them. */
    Node.Bool among(List<?> words, boolean wanted) {
      EnumSet<E> set = EnumSet.noneOf(values);
      for (E each : EnumSet.allOf(values)) {
        if (words.contains(label.apply(each)) == wanted) {
          set.add(each);
        }
      }
      return new Among<>(finding, field, set);
    }
  }

  private static final class Among<E extends Enum<E>> extends Node.Bool {
    private final Node.OfFinding finding;
    private final Function<Finding, E> field;
    private final Set<E> set;

    Among(Node.OfFinding finding, Function<Finding, E> field, Set<E> set) {
      this.finding = finding;
      this.field = field;
      this.set = set;
    }

    @Override
    int test(Scope scope) {
      Finding value = finding.value(scope);
      return value == null ? ERROR : of(set.contains(field.apply(value)));
    }
  }

  private static final class OfSeverity extends Node.Int {
    private final Node.OfFinding finding;

    OfSeverity(Node.OfFinding finding) {
      super(ValueType.INT);
      this.finding = finding;
    }

    @Override
    long value(Scope scope) {
      Finding value = finding.value(scope);
      return value == null ? 0 : rank(value.severity());
    }
  }

  /** What a severity is as a number. */
  static long rank(Severity severity) {
    return switch (severity) {
      case INFO -> 0;
      case LOW -> 1;
      case MEDIUM -> 2;
      case HIGH -> 3;
      case CRITICAL -> 4;
    };
  }

  private static final class OfConfidence extends Node.Real {
    private final Node.OfFinding finding;

    OfConfidence(Node.OfFinding finding) {
      this.finding = finding;
    }

    @Override
    double value(Scope scope) {
      Finding value = finding.value(scope);
      return value == null ? 0 : value.confidence();
    }
  }

  private static String label(FindingType.Group group) {
    return GROUPS.getOrDefault(group, "");
  }

  private static Map<FindingType.Group, String> groups() {
    Map<FindingType.Group, String> groups = new EnumMap<>(FindingType.Group.class);
    for (FindingType.Group each : FindingType.Group.values()) {
      groups.put(each, each.name().toLowerCase(Locale.ROOT));
    }
    return groups;
  }
}
