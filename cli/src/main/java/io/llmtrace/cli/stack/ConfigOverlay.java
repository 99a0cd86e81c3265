package io.llmtrace.cli.stack;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Present;
import org.snakeyaml.engine.v2.api.lowlevel.Serialize;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A configuration with some keys of its sections set. Works on nodes rather than values, so that
 * everything else stays as it is written: numbers, quotes, variables. Not thread-safe.
 */
public final class ConfigOverlay {
  private final MappingNode root;

  private ConfigOverlay(MappingNode root) {
    this.root = root;
  }

  /**
   * Reads a configuration, which is to be valid; nothing is a valid one.
   *
   * @throws IllegalArgumentException when it is no map
   */
  public static ConfigOverlay of(String yaml) {
    LoadSettings settings = LoadSettings.builder().setLabel("configuration").build();
    Optional<Node> node = new Compose(settings).composeString(yaml);
    if (node.isEmpty() || isNothing(node.get())) {
      return new ConfigOverlay(map());
    }
    if (node.get() instanceof MappingNode mapping) {
      return new ConfigOverlay(mapping);
    }
    throw new IllegalArgumentException("a configuration is a map of sections");
  }

  /** Whether a section has a key. */
  public boolean has(String section, String key) {
    return value(root, section) instanceof MappingNode keys && value(keys, key) != null;
  }

  void set(String section, String key, int value) {
    put(section(section), key, new ScalarNode(Tag.INT, String.valueOf(value), ScalarStyle.PLAIN));
  }

  /** Sets a text as it is: nothing in it is taken for a variable. */
  void set(String section, String key, String value) {
    String literal = value.replace("${", "$${");
    put(section(section), key, new ScalarNode(Tag.STR, literal, ScalarStyle.DOUBLE_QUOTED));
  }

  /** Sets a section of a section that has one list of texts in it. */
  void set(String section, String key, String list, List<String> texts) {
    MappingNode inner = map();
    List<Node> items = new ArrayList<>();
    for (String text : texts) {
      items.add(new ScalarNode(Tag.STR, text.replace("${", "$${"), ScalarStyle.DOUBLE_QUOTED));
    }
    put(inner, list, new SequenceNode(Tag.SEQ, items, FlowStyle.FLOW));
    put(section(section), key, inner);
  }

  String text() {
    DumpSettings settings = DumpSettings.builder().build();
    return new Present(settings)
        .emitToString(new Serialize(settings).serializeOne(root).iterator());
  }

  private MappingNode section(String name) {
    if (value(root, name) instanceof MappingNode present) {
      return present;
    }
    MappingNode made = map();
    put(root, name, made);
    return made;
  }

  private static @Nullable Node value(MappingNode map, String key) {
    for (NodeTuple tuple : map.getValue()) {
      if (isKey(tuple, key)) {
        return tuple.getValueNode();
      }
    }
    return null;
  }

  private static void put(MappingNode map, String key, Node value) {
    List<NodeTuple> tuples = new ArrayList<>(map.getValue());
    tuples.removeIf(tuple -> isKey(tuple, key));
    tuples.add(new NodeTuple(new ScalarNode(Tag.STR, key, ScalarStyle.PLAIN), value));
    map.setValue(tuples);
  }

  private static boolean isKey(NodeTuple tuple, String key) {
    return tuple.getKeyNode() instanceof ScalarNode name && name.getValue().equals(key);
  }

  private static boolean isNothing(Node node) {
    return node.getTag().equals(Tag.NULL);
  }

  private static MappingNode map() {
    return new MappingNode(Tag.MAP, new ArrayList<>(), FlowStyle.BLOCK);
  }
}
