package io.llmtrace.policies.exchange;

import io.llmtrace.policies.yaml.LocatedYaml;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Keys and values of a file of mappings while it is read, with their lines. The keys that were
 * asked for are the keys that exist: {@link #finish()} refuses all others. Not thread-safe.
 */
final class MappingSection {
  /** Depth of the deepest mapping twice over; the largest file that is allowed has fewer nodes. */
  private static final LocatedYaml.Bounds BOUNDS = new LocatedYaml.Bounds(1 << 20, 16, 100_000);

  private final List<MappingException.Problem> problems;
  private final String path;
  private final int line;
  private final Map<String, Node> values = new LinkedHashMap<>();
  private final Map<String, Integer> lines = new LinkedHashMap<>();
  private final TreeSet<String> asked = new TreeSet<>();

  /** One text with its place. */
  record Item(String text, String path, int line) {}

  /**
   * @param node null where the section is absent, and so empty
   * @param line of the node, or of what it is missing in
   */
  private MappingSection(
      List<MappingException.Problem> problems, String path, @Nullable Node node, int line) {
    this.problems = problems;
    this.path = path;
    this.line = line;
    if (node instanceof MappingNode mapping) {
      mapping.getValue().forEach(this::entry);
    } else if (node != null) {
      problem("", "expected keys and values");
    }
  }

  private void entry(NodeTuple tuple) {
    int line = LocatedYaml.line(tuple.getKeyNode());
    if (!(tuple.getKeyNode() instanceof ScalarNode name)) {
      problem(line, path, "expected a name as key");
      return;
    }
    Integer before = lines.putIfAbsent(name.getValue(), line);
    if (before == null) {
      values.put(name.getValue(), tuple.getValueNode());
    } else {
      problem(line, full(name.getValue()), "expected once, was already given on line " + before);
    }
  }

  /** The sections of a file that is a list of them; what is wrong with it is added to problems. */
  static List<MappingSection> list(String yaml, int most, List<MappingException.Problem> problems) {
    MappingSection file = new MappingSection(problems, "", null, 1);
    int before = problems.size();
    Node root =
        LocatedYaml.compose(yaml, BOUNDS, (line, column, what) -> file.problem(line, "", what))
            .orElse(null);
    if (problems.size() > before) {
      return List.of();
    }
    if (!(root instanceof SequenceNode list)
        || list.getValue().isEmpty()
        || list.getValue().size() > most) {
      file.problem(1, "", "expected a list of 1 to " + most + " mappings, each with a name");
      return List.of();
    }
    return file.sections(list, "");
  }

  MappingSection section(String key) {
    return new MappingSection(problems, full(key), node(key), line(key));
  }

  List<MappingSection> sections(String key, String expected) {
    Node node = node(key);
    if (node instanceof SequenceNode list) {
      return sections(list, full(key));
    }
    if (node != null) {
      problem(key, "expected a list of " + expected);
    }
    return List.of();
  }

  private List<MappingSection> sections(SequenceNode list, String at) {
    List<MappingSection> sections = new ArrayList<>();
    List<Node> nodes = list.getValue();
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      var section = new MappingSection(problems, at + "[" + i + "]", node, LocatedYaml.line(node));
      // What is no section has been told as such; that all its keys are missing need not be.
      if (node instanceof MappingNode) {
        sections.add(section);
      }
    }
    return sections;
  }

  /** A text; null where the key is absent, or where its value is none, which is a problem. */
  @Nullable String text(String key, String expected) {
    Node node = node(key);
    if (node == null) {
      return null;
    }
    if (node instanceof ScalarNode scalar && !scalar.getValue().isBlank()) {
      return scalar.getValue();
    }
    problem(key, "expected " + expected);
    return null;
  }

  /** A text, or a list of them; absent is empty. */
  List<Item> texts(String key, String expected) {
    List<Item> items = new ArrayList<>();
    Node node = node(key);
    if (node instanceof SequenceNode list) {
      for (Node each : list.getValue()) {
        text(each, full(key) + "[" + items.size() + "]", expected, items);
      }
    } else if (node != null) {
      text(node, full(key), expected, items);
    }
    return items;
  }

  private void text(Node node, String here, String expected, List<Item> items) {
    if (node instanceof ScalarNode scalar && !scalar.getValue().isBlank()) {
      items.add(new Item(scalar.getValue(), here, LocatedYaml.line(node)));
    } else {
      problem(LocatedYaml.line(node), here, "expected " + expected);
    }
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** Refuses every key that nobody asked for. */
  void finish() {
    lines.forEach(
        (key, line) -> {
          if (!asked.contains(key)) {
            problem(line, full(key), "unknown key, expected one of " + String.join(", ", asked));
          }
        });
  }

  /** A problem with the value of a key, or with the section where the key is absent or empty. */
  void problem(String key, String expectation) {
    problem(line(key), full(key), expectation);
  }

  void problem(Item item, String expectation) {
    problem(item.line(), item.path(), expectation);
  }

  private void problem(int line, String key, String expectation) {
    problems.add(new MappingException.Problem(line, key, expectation));
  }

  /** Line of a key's value, or of the section where the key is absent. */
  int line(String key) {
    Node value = values.get(key);
    return value == null ? line : LocatedYaml.line(value);
  }

  private @Nullable Node node(String key) {
    asked.add(key);
    return values.get(key);
  }

  private String full(String key) {
    return path.isEmpty() || key.isEmpty() ? path + key : path + "." + key;
  }
}
