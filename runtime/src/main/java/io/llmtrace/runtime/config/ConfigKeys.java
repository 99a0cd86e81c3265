package io.llmtrace.runtime.config;

import io.llmtrace.policies.yaml.Nearest;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * The keys of one mapping of the file: which there are, which were asked for, and where they stand.
 * {@link ConfigSection} reads their values.
 */
class ConfigKeys {
  final Reading reading;
  private final String path;
  private final @Nullable Node at;
  private final Map<String, NodeTuple> entries = new LinkedHashMap<>();
  private final Set<String> asked = new LinkedHashSet<>();

  /** The section at a node; anything but a mapping is a problem and reads as an empty section. */
  ConfigKeys(Reading reading, String path, @Nullable Node node) {
    this.reading = reading;
    this.path = path;
    this.at = node;
    if (node == null || isNull(node)) {
      return;
    }
    if (!(node instanceof MappingNode mapping)) {
      reading.problem(node, path, "expected a section with keys, was " + kind(node));
      return;
    }
    for (NodeTuple tuple : mapping.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        reading.problem(tuple.getKeyNode(), path, "expected a name as key");
        continue;
      }
      NodeTuple first = entries.putIfAbsent(key.getValue(), tuple);
      if (first != null) {
        reading.problem(
            key,
            full(key.getValue()),
            "expected once, was already given on line " + Reading.line(first.getKeyNode()));
      }
    }
  }

  /** Dotted path of the section; empty for the whole file. */
  String path() {
    return path;
  }

  /** Where the section begins, counted from 1. */
  int line() {
    return at == null ? 1 : Reading.line(at);
  }

  /** One text of a list, with its place. */
  record Item(String text, Node node, String path) {}

  /** The keys that are there, in their order: for sections whose keys are the user's own. */
  List<String> keys() {
    return List.copyOf(entries.keySet());
  }

  boolean has(String key) {
    return entries.containsKey(key);
  }

  /** Whether a key has keys of its own, rather than a value. */
  boolean isSection(String key) {
    @Nullable NodeTuple tuple = entries.get(key);
    return tuple != null && tuple.getValueNode() instanceof MappingNode;
  }

  /** Refuses every key that nobody asked for. */
  void finish() {
    entries.forEach(
        (key, tuple) -> {
          if (!asked.contains(key)) {
            String known =
                Nearest.to(key, asked)
                    .map(near -> "unknown key, expected \"" + near + "\"?")
                    .orElseGet(
                        () ->
                            asked.stream()
                                .sorted()
                                .collect(
                                    Collectors.joining(", ", "unknown key, expected one of ", "")));
            reading.problem(tuple.getKeyNode(), full(key), known);
          }
        });
  }

  /** A problem with the value of a key, or with the section where the key is absent or empty. */
  void problem(String key, String expectation) {
    @Nullable NodeTuple tuple = entries.get(key);
    reading.problem(tuple == null ? at : tuple.getValueNode(), full(key), expectation);
  }

  /** A problem with one text of a list. */
  void problem(Item item, String expectation) {
    reading.problem(item.node(), item.path(), expectation);
  }

  final void note(String key, String type, String fallback) {
    reading.asked(new AskedKey(full(key), type, fallback));
  }

  final @Nullable Node node(String key) {
    asked.add(key);
    @Nullable NodeTuple tuple = entries.get(key);
    return tuple == null ? null : tuple.getValueNode();
  }

  final List<Node> list(String key, String expected, int most) {
    @Nullable Node node = node(key);
    if (node == null || isNull(node)) {
      return List.of();
    }
    if (!(node instanceof SequenceNode sequence)) {
      reading.problem(node, full(key), "expected " + expected + ", was " + kind(node));
      return List.of();
    }
    if (sequence.getValue().size() > most) {
      reading.problem(
          node, full(key), "expected at most " + most + ", was " + sequence.getValue().size());
      return List.of();
    }
    return sequence.getValue();
  }

  final @Nullable Scalar scalar(Node node, String where, String expected) {
    if (!(node instanceof ScalarNode scalar)) {
      reading.problem(node, where, "expected " + expected + ", was " + kind(node));
      return null;
    }
    Substitution filled = Substitution.of(scalar.getValue(), reading.env());
    if (!filled.missing().isEmpty()) {
      for (String name : filled.missing()) {
        reading.problem(
            node,
            where,
            "expected the environment variable " + name + ", or a default: ${" + name + ":-…}");
      }
      return null;
    }
    boolean quoted = scalar.getScalarStyle() != ScalarStyle.PLAIN && !filled.substituted();
    return new Scalar(filled.text(), quoted);
  }

  final String full(String key) {
    if (key.isEmpty()) {
      return path;
    }
    return path.isEmpty() ? key : path + "." + key;
  }

  static boolean isNull(Node node) {
    return node instanceof ScalarNode scalar
        && scalar.getScalarStyle() == ScalarStyle.PLAIN
        && (scalar.getValue().isEmpty()
            || scalar.getValue().equals("null")
            || scalar.getValue().equals("~"));
  }

  static String kind(Node node) {
    if (node instanceof MappingNode) {
      return "a section";
    }
    return node instanceof SequenceNode ? "a list" : "a single value";
  }

  final void wrong(String key, String expected, String value) {
    problem(key, "expected " + expected + ", was \"" + shown(value) + "\"");
  }

  static String shown(String value) {
    return value.length() > 60 ? value.substring(0, 60) + "…" : value;
  }

  record Scalar(String text, boolean quoted) {}
}
