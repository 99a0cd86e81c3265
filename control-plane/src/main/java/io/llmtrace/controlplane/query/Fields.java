package io.llmtrace.controlplane.query;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which fields of each item somebody wants, such as {@code tenant} or {@code completion.usage}.
 * Immutable.
 */
public final class Fields {
  private static final int MOST = 50;

  /**
   * What an item is made of.
   *
   * @param plain names of fields without parts
   * @param records wire records by the name of the field that holds them
   */
  public record Shape(List<String> plain, Map<String, Class<? extends Record>> records) {
    public Shape {
      plain = List.copyOf(plain);
      records = Map.copyOf(records);
    }
  }

  private static final Fields ALL = new Fields(List.of());

  private final List<List<String>> paths;

  private Fields(List<List<String>> paths) {
    this.paths = List.copyOf(paths);
  }

  /** Every field. */
  public static Fields all() {
    return ALL;
  }

  /**
   * The parameter {@code fields}; all of them where it is absent.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400 for a field that no item can have
   */
  public static Fields of(Parameters parameters, Shape shape) {
    List<String> wanted = parameters.list("fields");
    if (wanted == null) {
      return ALL;
    }
    if (wanted.size() > MOST) {
      throw Parameters.wrong("fields", "at most " + MOST);
    }
    List<List<String>> paths = new ArrayList<>();
    for (String each : wanted) {
      List<String> path = List.of(each.split("\\.", -1));
      check(path, shape);
      paths.add(path);
    }
    // What is wanted whole is not narrowed by its parts.
    return new Fields(
        paths.stream().filter(path -> paths.stream().noneMatch(o -> isPart(path, o))).toList());
  }

  private static boolean isPart(List<String> path, List<String> whole) {
    return path.size() > whole.size() && path.subList(0, whole.size()).equals(whole);
  }

  private static void check(List<String> path, Shape shape) {
    String first = path.get(0);
    if (path.size() == 1 && shape.plain().contains(first)) {
      return;
    }
    TreeSet<String> known = new TreeSet<>(shape.plain());
    known.addAll(shape.records().keySet());
    if (!known.contains(first)) {
      throw Parameters.wrong("fields", "names between commas, of " + String.join(", ", known));
    }
    Class<?> type = shape.records().get(first);
    for (int i = 1; i < path.size(); i++) {
      Map<String, Class<?>> parts = parts(type);
      if (!parts.containsKey(path.get(i))) {
        String whole = String.join(".", path.subList(0, i));
        throw Parameters.wrong(
            "fields",
            parts.isEmpty()
                ? whole + " without parts"
                : "of " + whole + " one of " + String.join(", ", parts.keySet()));
      }
      type = parts.get(path.get(i));
    }
  }

  private static Map<String, Class<?>> parts(@Nullable Class<?> type) {
    Map<String, Class<?>> parts = new LinkedHashMap<>();
    if (type != null && type.isRecord()) {
      for (RecordComponent component : type.getRecordComponents()) {
        parts.put(snake(component.getName()), component.getType());
      }
    }
    return parts;
  }

  private static String snake(String camel) {
    return camel.replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT);
  }

  /** Whether anything below or at this field is wanted. */
  public boolean want(String first) {
    return paths.isEmpty() || paths.stream().anyMatch(path -> path.get(0).equals(first));
  }

  /** The item with the wanted fields alone. */
  public ObjectNode of(ObjectNode item) {
    if (paths.isEmpty()) {
      return item;
    }
    ObjectNode some = JsonNodeFactory.instance.objectNode();
    for (List<String> path : paths) {
      copy(item, some, path);
    }
    return some;
  }

  private static void copy(ObjectNode from, ObjectNode to, List<String> path) {
    JsonNode value = from.get(path.get(0));
    if (value == null) {
      return;
    }
    if (path.size() == 1 || value.isNull()) {
      to.set(path.get(0), value);
    } else if (value instanceof ObjectNode inner) {
      ObjectNode below =
          to.get(path.get(0)) instanceof ObjectNode known ? known : to.putObject(path.get(0));
      copy(inner, below, path.subList(1, path.size()));
    } else {
      to.set(path.get(0), value);
    }
  }
}
