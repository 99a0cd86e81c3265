package io.llmtrace.policies.yaml;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * What stands at a place of a file and has the shape that was expected there. What had not was told
 * as a problem and is absent. Immutable as long as nobody changes its node.
 */
public sealed interface Given {
  /** Such as {@code rules[2].action}; empty for the whole file. */
  String path();

  Node node();

  /** Line of its beginning, counted from 1. */
  default int line() {
    return LocatedYaml.line(node());
  }

  /** Column of its beginning in code points, counted from 1. */
  default int column() {
    return LocatedYaml.column(node());
  }

  /** A problem of it. */
  default YamlProblem problem(String message, String suggestion) {
    return new YamlProblem(line(), column(), path(), message, suggestion);
  }

  /** Keys and their values, in the order of the file. */
  record Section(String path, Node node, Map<String, Given> values) implements Given {
    /** The text, or number or flag as a text, of a key. */
    public Optional<String> text(String key) {
      return scalar(key).map(Scalar::text);
    }

    public Optional<Scalar> scalar(String key) {
      return values.get(key) instanceof Scalar scalar ? Optional.of(scalar) : Optional.empty();
    }

    public Optional<Section> section(String key) {
      return values.get(key) instanceof Section section ? Optional.of(section) : Optional.empty();
    }

    /** Values of a list; empty where the key is absent. */
    public List<Given> items(String key) {
      return values.get(key) instanceof Items items ? items.values() : List.of();
    }

    /** The sections of a list of them. */
    public List<Section> sections(String key) {
      return items(key).stream()
          .filter(Section.class::isInstance)
          .map(Section.class::cast)
          .toList();
    }

    /** The single values of a list of them. */
    public List<Scalar> scalars(String key) {
      return items(key).stream().filter(Scalar.class::isInstance).map(Scalar.class::cast).toList();
    }

    /** The same as texts. */
    public List<String> texts(String key) {
      return scalars(key).stream().map(Scalar::text).toList();
    }

    public boolean has(String key) {
      return values.containsKey(key);
    }
  }

  /** A list. */
  record Items(String path, Node node, List<Given> values) implements Given {}

  /** A text, number, flag or word. */
  record Scalar(String path, Node node, String text) implements Given {}

  /** Something whose shape nobody knows. */
  record Any(String path, Node node) implements Given {}
}
