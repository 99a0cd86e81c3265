package io.llmtrace.policies.yaml;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads a tree by its shape and tells everything that does not fit. Used once. */
public final class ShapeReader {
  private static final Pattern WHOLE = Pattern.compile("-?[0-9]{1,18}");
  private static final Pattern DECIMAL = Pattern.compile("-?[0-9]{1,15}(\\.[0-9]{1,15})?");
  private static final int SHOWN = 60;

  private final Problems problems;

  private ShapeReader(Problems problems) {
    this.problems = problems;
  }

  /**
   * Reads a file.
   *
   * @return what has the right shape; empty where not even the file as a whole has
   */
  public static Optional<Given.Section> read(
      String yaml, LocatedYaml.Bounds bounds, Shape.Section shape, Problems problems) {
    Optional<Node> root =
        LocatedYaml.compose(
            yaml,
            bounds,
            (line, column, message) ->
                problems.add(new YamlProblem(line, column, "", message, "")));
    if (root.isEmpty()) {
      if (problems.none()) {
        problems.add(new YamlProblem(1, 1, "", "expected " + shape.one() + ", was nothing", ""));
      }
      return Optional.empty();
    }
    return new ShapeReader(problems).read(root.get(), "", shape) instanceof Given.Section section
        ? Optional.of(section)
        : Optional.empty();
  }

  private @Nullable Given read(Node node, String path, Shape shape) {
    return switch (kind(shape)) {
      case SECTION -> section(node, path, (Shape.Section) shape);
      case ENTRIES -> entries(node, path, (Shape.Entries) shape);
      case ITEMS -> items(node, path, (Shape.Items) shape);
      case EITHER -> either(node, path, (Shape.Either) shape);
      case ANYTHING -> new Given.Any(path, node);
      case SCALAR -> scalar(node, path, shape);
    };
  }

  private enum Kind {
    SECTION,
    ENTRIES,
    ITEMS,
    EITHER,
    ANYTHING,
    SCALAR
  }

  /** Java 17 has no switch over types. */
  private static Kind kind(Shape shape) {
    if (shape instanceof Shape.Section) {
      return Kind.SECTION;
    } else if (shape instanceof Shape.Entries) {
      return Kind.ENTRIES;
    } else if (shape instanceof Shape.Items) {
      return Kind.ITEMS;
    } else if (shape instanceof Shape.Either) {
      return Kind.EITHER;
    }
    return shape instanceof Shape.Anything ? Kind.ANYTHING : Kind.SCALAR;
  }

  private @Nullable Given either(Node node, String path, Shape.Either shape) {
    if (node instanceof MappingNode) {
      return section(node, path, shape.section());
    }
    return node instanceof SequenceNode
        ? items(node, path, shape.items())
        : wrong(node, path, shape, "");
  }

  private @Nullable Given section(Node node, String path, Shape.Section shape) {
    if (!(node instanceof MappingNode mapping)) {
      return wrong(node, path, shape, "");
    }
    Map<String, Given> values = new LinkedHashMap<>();
    Map<String, NodeTuple> tuples = tuples(mapping, path);
    tuples.forEach(
        (name, tuple) -> {
          Optional<Shape.Key> key = shape.key(name);
          if (key.isPresent()) {
            put(values, name, read(tuple.getValueNode(), full(path, name), key.get().shape()));
          } else {
            problem(
                tuple.getKeyNode(),
                full(path, name),
                "unknown key of " + shape.one(),
                meant(name, shape.names()));
          }
        });
    for (Shape.Key key : shape.keys()) {
      if (key.need() == Shape.Need.REQUIRED && !tuples.containsKey(key.name())) {
        problem(node, full(path, key.name()), "is missing; expected " + key.shape().expected(), "");
      }
    }
    return new Given.Section(path, node, values);
  }

  private @Nullable Given entries(Node node, String path, Shape.Entries shape) {
    if (!(node instanceof MappingNode mapping)) {
      return wrong(node, path, shape, "");
    }
    if (mapping.getValue().size() > shape.most()) {
      problem(
          node,
          path,
          "expected at most " + shape.most() + " keys, was " + mapping.getValue().size(),
          "");
      return null;
    }
    Map<String, Given> values = new LinkedHashMap<>();
    tuples(mapping, path)
        .forEach(
            (name, tuple) -> {
              String at = full(path, shown(name));
              if (scalar(tuple.getKeyNode(), at, shape.key()) != null) {
                put(values, name, read(tuple.getValueNode(), at, shape.value()));
              }
            });
    return new Given.Section(path, node, values);
  }

  private static void put(Map<String, Given> values, String key, @Nullable Given value) {
    if (value != null) {
      values.put(key, value);
    }
  }

  private Map<String, NodeTuple> tuples(MappingNode mapping, String path) {
    Map<String, NodeTuple> tuples = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        problem(
            tuple.getKeyNode(),
            path,
            "expected a name as key, was " + kind(tuple.getKeyNode()),
            "");
        continue;
      }
      NodeTuple first = tuples.putIfAbsent(key.getValue(), tuple);
      if (first != null) {
        problem(
            key,
            full(path, shown(key.getValue())),
            "is there twice, first on line " + LocatedYaml.line(first.getKeyNode()),
            "");
      }
    }
    return tuples;
  }

  private @Nullable Given items(Node node, String path, Shape.Items shape) {
    if (!(node instanceof SequenceNode list)) {
      boolean single = node instanceof ScalarNode scalar && !isNothing(scalar);
      if (single && shape.single() == Shape.Single.ACCEPTED) {
        Given value = read(node, path, shape.each());
        return value == null ? null : new Given.Items(path, node, List.of(value));
      }
      String value = single ? shown(((ScalarNode) node).getValue()) : "";
      return wrong(node, path, shape, single ? "write [" + value + "]" : "");
    }
    int size = list.getValue().size();
    if (size < shape.least() || size > shape.most()) {
      problem(
          node,
          path,
          "expected " + shape.least() + " to " + shape.most() + " values, was " + size,
          size == 0 ? "leave the key out" : "");
      return null;
    }
    List<Given> values = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      Given value = read(list.getValue().get(i), path + "[" + i + "]", shape.each());
      if (value != null) {
        values.add(value);
      }
    }
    return new Given.Items(path, node, List.copyOf(values));
  }

  private @Nullable Given scalar(Node node, String path, Shape shape) {
    if (!(node instanceof ScalarNode scalar) || isNothing(scalar)) {
      return wrong(node, path, shape, "");
    }
    String text = scalar.getValue();
    boolean plain = scalar.getScalarStyle() == ScalarStyle.PLAIN;
    boolean fits;
    String suggestion = "";
    if (shape instanceof Shape.Text wanted) {
      return text(scalar, path, wanted);
    } else if (shape instanceof Shape.Choice choice) {
      fits = choice.words().contains(text);
      suggestion = near(text, choice.words());
    } else if (shape instanceof Shape.Decimal number) {
      fits = plain && DECIMAL.matcher(text).matches() && within(text, number);
      suggestion = quoted(plain);
    } else if (shape instanceof Shape.Whole number) {
      fits = plain && WHOLE.matcher(text).matches() && within(text, number);
      suggestion = quoted(plain);
    } else {
      fits = plain && (text.equals("true") || text.equals("false"));
      suggestion = quoted(plain);
    }
    return fits ? new Given.Scalar(path, node, text) : wrong(node, path, shape, suggestion);
  }

  private static String quoted(boolean plain) {
    return plain ? "" : "leave the quotes out";
  }

  private static boolean within(String text, Shape.Decimal bounds) {
    double value = Double.parseDouble(text);
    return value >= bounds.least() && value <= bounds.most();
  }

  private static boolean within(String text, Shape.Whole bounds) {
    long value = Long.parseLong(text);
    return value >= bounds.least() && value <= bounds.most();
  }

  private @Nullable Given text(ScalarNode node, String path, Shape.Text shape) {
    String text = node.getValue();
    boolean tooLong = text.length() > shape.longest();
    if (text.isBlank() || (tooLong && shape.form().isPresent())) {
      return wrong(node, path, shape, "");
    }
    if (tooLong) {
      problem(
          node,
          path,
          "expected at most " + shape.longest() + " characters, was " + text.length(),
          "");
      return null;
    }
    int control = control(text, shape.lines());
    if (control >= 0) {
      problem(
          node,
          path,
          String.format(
              "expected no control character, was U+%04X at character %d",
              text.codePointAt(control), control + 1),
          "");
      return null;
    }
    if (shape.form().isPresent() && !shape.form().get().matcher(text).matches()) {
      return wrong(node, path, shape, "");
    }
    return new Given.Scalar(path, node, text);
  }

  private static int control(String text, Shape.Lines lines) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean layout = lines == Shape.Lines.SEVERAL && (c == '\n' || c == '\t');
      if (Character.isISOControl(c) && !layout) {
        return i;
      }
    }
    return -1;
  }

  private @Nullable Given wrong(Node node, String path, Shape shape, String suggestion) {
    problem(node, path, "expected " + shape.expected() + ", was " + kind(node), suggestion);
    return null;
  }

  private void problem(Node at, String path, String message, String suggestion) {
    problems.add(
        new YamlProblem(LocatedYaml.line(at), LocatedYaml.column(at), path, message, suggestion));
  }

  /** As {@link #near}, or all words where nothing is near. */
  private static String meant(String word, Collection<String> words) {
    String near = near(word, words);
    return near.isEmpty() ? "known are " + String.join(", ", words) : near;
  }

  /** "did you mean 'block'?"; empty where nothing is near. */
  public static String near(String word, Collection<String> words) {
    return Nearest.to(word, words).map(each -> "did you mean '" + each + "'?").orElse("");
  }

  private static String kind(Node node) {
    if (node instanceof ScalarNode scalar) {
      return isNothing(scalar) ? "nothing" : "'" + shown(scalar.getValue()) + "'";
    }
    return node instanceof SequenceNode ? "a list" : "keys and values";
  }

  private static boolean isNothing(ScalarNode scalar) {
    return scalar.getScalarStyle() == ScalarStyle.PLAIN
        && (scalar.getValue().isEmpty()
            || scalar.getValue().equals("null")
            || scalar.getValue().equals("~"));
  }

  /** A value as a message may repeat it: short, on one line. */
  public static String shown(String value) {
    String line = value.length() > SHOWN ? value.substring(0, SHOWN) + "…" : value;
    return line.codePoints().anyMatch(Character::isISOControl)
        ? line.replaceAll("\\p{Cntrl}", "·")
        : line;
  }

  private static String full(String path, String key) {
    String name = shown(key);
    return path.isEmpty() ? name : path + "." + name;
  }
}
