package io.llmtrace.policies.yaml;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * YAML as a tree whose nodes know their places. Size, depth and the number of nodes are bounded,
 * and anchors, aliases and tags refused, before the tree is made: making it recurses, and a file of
 * a few lines can stand for more than fits into memory. Stateless.
 */
public final class LocatedYaml {
  /**
   * Bounds of a file.
   *
   * @param characters of the file
   * @param depth of lists and sections inside each other
   * @param nodes keys, values, lists and sections together
   */
  public record Bounds(int characters, int depth, int nodes) {
    /** For files that come with the program, which the build has read. */
    public static final Bounds NONE = new Bounds(Integer.MAX_VALUE, 0, 0);
  }

  /** Takes what is wrong with the file as a whole. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Takes one problem.
     *
     * @param line counted from 1
     * @param column counted from 1
     * @param message what was expected, and what was there
     */
    void add(int line, int column, String message);
  }

  private LocatedYaml() {}

  /**
   * The tree of a file with one document; empty where there is none, or where something was added
   * to {@code problems}. Keys that are there twice are not refused here.
   */
  public static Optional<Node> compose(String yaml, Bounds bounds, Sink problems) {
    if (yaml.length() > bounds.characters()) {
      problems.add(1, 1, "expected at most " + bounds.characters() + " characters");
      return Optional.empty();
    }
    try {
      if (bounds.depth() > 0 && !isPlain(yaml, bounds, problems)) {
        return Optional.empty();
      }
      return new Compose(settings(yaml)).composeString(yaml);
    } catch (MarkedYamlEngineException e) {
      // The problem alone: context and snippet would repeat the file's text.
      @Nullable Mark at = e.getProblemMark().orElse(null);
      problems.add(line(at), column(at), "expected YAML, but " + e.getProblem());
    } catch (YamlEngineException e) {
      problems.add(1, 1, "expected YAML, but " + firstLine(e));
    }
    return Optional.empty();
  }

  /**
   * The parser copies all it has read of a value whenever it reads on, so it is given the file in
   * one piece: a value of a megabyte would cost gigabytes otherwise.
   */
  private static LoadSettings settings(String yaml) {
    return LoadSettings.builder()
        .setUseMarks(true)
        .setBufferSize(Math.max(1024, yaml.length() + 1))
        .setAllowRecursiveKeys(false)
        // Told by whoever reads the tree, with the place of the first one.
        .setAllowDuplicateKeys(true)
        .setMaxAliasesForCollections(0)
        .build();
  }

  private static boolean isPlain(String yaml, Bounds bounds, Sink problems) {
    int depth = 0;
    int nodes = 0;
    for (Event event : new Parse(settings(yaml)).parseString(yaml)) {
      @Nullable String refused = null;
      switch (event.getEventId()) {
        case MappingStart, SequenceStart -> {
          depth++;
          nodes++;
        }
        case MappingEnd, SequenceEnd -> depth--;
        case Scalar -> nodes++;
        case Alias -> refused = "aliases are not read; write the value out";
        default -> {
          // Neither deepens the tree nor adds to it.
        }
      }
      if (event instanceof NodeEvent node && refused == null && node.getAnchor().isPresent()) {
        refused = "anchors are not read; write the value out where it is needed";
      } else if (isTagged(event)) {
        refused = "tags are not read; write the value alone";
      } else if (depth > bounds.depth()) {
        refused = "nested deeper than " + bounds.depth();
      } else if (nodes > bounds.nodes()) {
        refused = "more than " + bounds.nodes() + " keys and values";
      }
      if (refused != null) {
        @Nullable Mark at = event.getStartMark().orElse(null);
        problems.add(line(at), column(at), refused);
        return false;
      }
    }
    return true;
  }

  private static boolean isTagged(Event event) {
    return (event instanceof ScalarEvent scalar && scalar.getTag().isPresent())
        || (event instanceof CollectionStartEvent collection && collection.getTag().isPresent());
  }

  private static String firstLine(Exception e) {
    String message = String.valueOf(e.getMessage());
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }

  /** Line of a node, counted from 1. */
  public static int line(Node node) {
    return line(node.getStartMark().orElse(null));
  }

  /** Column of a node in code points, counted from 1. */
  public static int column(Node node) {
    return column(node.getStartMark().orElse(null));
  }

  private static int line(@Nullable Mark mark) {
    return mark == null ? 1 : mark.getLine() + 1;
  }

  private static int column(@Nullable Mark mark) {
    return mark == null ? 1 : mark.getColumn() + 1;
  }
}
