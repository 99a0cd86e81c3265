package io.llmtrace.policies.detect.signatures;

import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * YAML as a tree whose nodes know their lines. Size and depth are bounded and aliases refused
 * before the tree is made, since making it recurses. Stateless.
 */
final class PackYaml {
  /** Takes what is wrong with the file. */
  @FunctionalInterface
  interface Problems {
    void add(int line, String where, String what);
  }

  private static final LoadSettings SETTINGS =
      LoadSettings.builder()
          .setUseMarks(true)
          .setAllowRecursiveKeys(false)
          .setAllowDuplicateKeys(true)
          .setMaxAliasesForCollections(0)
          .build();

  private PackYaml() {}

  /** The tree; null with a problem added when there is none. */
  static @Nullable Node compose(String yaml, PackReader.Trust trust, Problems problems) {
    if (yaml.length() > PackLimits.LONGEST_YAML) {
      problems.add(1, "", "a pack must be at most " + PackLimits.LONGEST_YAML + " characters");
      return null;
    }
    try {
      if (trust == PackReader.Trust.UPLOADED && !isFlat(yaml, problems)) {
        return null;
      }
      @Nullable Node root = new Compose(SETTINGS).composeString(yaml).orElse(null);
      if (root == null) {
        problems.add(1, "", "'rules' must be a list with at least one rule");
      }
      return root;
    } catch (MarkedYamlEngineException e) {
      @Nullable Mark at = e.getProblemMark().orElse(null);
      problems.add(at == null ? 1 : at.getLine() + 1, "", "no YAML: " + e.getProblem());
    } catch (YamlEngineException e) {
      problems.add(1, "", "no YAML: " + e.getMessage());
    }
    return null;
  }

  private static boolean isFlat(String yaml, Problems problems) {
    int depth = 0;
    for (Event event : new Parse(SETTINGS).parseString(yaml)) {
      int line = event.getStartMark().map(Mark::getLine).orElse(0) + 1;
      switch (event.getEventId()) {
        case MappingStart, SequenceStart -> depth++;
        case MappingEnd, SequenceEnd -> depth--;
        case Alias -> {
          problems.add(line, "", "aliases are not read; write the value out");
          return false;
        }
        default -> {
          // Neither deepens the tree.
        }
      }
      if (depth > PackLimits.DEEPEST_YAML) {
        problems.add(line, "", "nested deeper than " + PackLimits.DEEPEST_YAML);
        return false;
      }
    }
    return true;
  }

  /** Line of a node, counted from 1. */
  static int line(Node node) {
    return node.getStartMark().map(Mark::getLine).orElse(0) + 1;
  }
}
