package io.llmtrace.policies.yaml;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;

/**
 * A shape as JSON Schema 2020-12, for editors and for whoever checks files without this program.
 * What several shapes have in common is written once, under {@code $defs}. Used once.
 */
public final class JsonSchema {
  private final ObjectNode definitions = JsonNodeFactory.instance.objectNode();

  private JsonSchema() {}

  /**
   * The schema of a file, with a line feed at its end.
   *
   * @param id its address
   * @param title what it is of
   */
  public static String of(Shape.Section file, String id, String title) {
    JsonSchema schema = new JsonSchema();
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    root.put("$id", id);
    root.put("title", title);
    root.setAll(schema.section(file));
    if (!schema.definitions.isEmpty()) {
      root.set("$defs", schema.definitions);
    }
    try {
      return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of texts can be written", e);
    }
  }

  private ObjectNode schema(Shape shape) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    if (shape instanceof Shape.Section section) {
      return defined(section.name(), section(section));
    } else if (shape instanceof Shape.Entries entries) {
      return entries(node, entries);
    } else if (shape instanceof Shape.Items items) {
      return items(node, items);
    } else if (shape instanceof Shape.Either either) {
      node.putArray("anyOf").add(schema(either.items())).add(schema(either.section()));
    } else if (shape instanceof Shape.Choice choice) {
      return choice(node, choice);
    } else if (shape instanceof Shape.Text text) {
      return text(node, text);
    } else if (shape instanceof Shape.Whole whole) {
      node.put("type", "integer").put("minimum", whole.least()).put("maximum", whole.most());
    } else if (shape instanceof Shape.Decimal number) {
      node.put("type", "number").put("minimum", number.least()).put("maximum", number.most());
    } else if (shape instanceof Shape.Flag) {
      node.put("type", "boolean");
    }
    return node;
  }

  private ObjectNode defined(String name, ObjectNode schema) {
    String key = name.replace(' ', '_');
    if (definitions.has(key) && !definitions.get(key).equals(schema)) {
      throw new IllegalStateException("two different things are called " + name);
    }
    definitions.set(key, schema);
    return JsonNodeFactory.instance.objectNode().put("$ref", "#/$defs/" + key);
  }

  private ObjectNode section(Shape.Section section) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("type", "object").put("additionalProperties", false);
    ArrayNode required = JsonNodeFactory.instance.arrayNode();
    ObjectNode properties = node.putObject("properties");
    for (Shape.Key key : section.keys()) {
      ObjectNode value = schema(key.shape());
      value.put("description", key.doc());
      properties.set(key.name(), value);
      if (key.need() == Shape.Need.REQUIRED) {
        required.add(key.name());
      }
    }
    if (!required.isEmpty()) {
      node.set("required", required);
    }
    return node;
  }

  private ObjectNode entries(ObjectNode node, Shape.Entries entries) {
    node.put("type", "object").put("maxProperties", entries.most());
    ObjectNode value = schema(entries.value());
    if (entries.key() instanceof Shape.Choice choice) {
      // Named one by one, so that editors can offer them.
      ObjectNode properties = node.putObject("properties");
      choice.words().forEach(word -> properties.set(word, value));
      node.put("additionalProperties", false);
    } else {
      node.set("propertyNames", schema(entries.key()));
      node.set("additionalProperties", value);
    }
    return node;
  }

  private ObjectNode items(ObjectNode node, Shape.Items items) {
    ObjectNode list = JsonNodeFactory.instance.objectNode();
    list.put("type", "array");
    list.set("items", schema(items.each()));
    list.put("minItems", items.least()).put("maxItems", items.most());
    if (items.single() == Shape.Single.REFUSED) {
      return list;
    }
    node.putArray("anyOf").add(list).add(schema(items.each()));
    return node;
  }

  private ObjectNode choice(ObjectNode node, Shape.Choice choice) {
    if (choice.words().size() == 1) {
      return node.put("const", choice.words().get(0));
    }
    words(node.putArray("enum"), choice.words());
    return choice.words().size() <= 8
        ? node
        : defined(choice.what().replaceFirst("^an? ", ""), node);
  }

  private static void words(ArrayNode list, Collection<String> words) {
    words.forEach(list::add);
  }

  private static ObjectNode text(ObjectNode node, Shape.Text text) {
    node.put("type", "string").put("minLength", 1).put("maxLength", text.longest());
    text.form().ifPresent(form -> node.put("pattern", "^(?:" + form.pattern() + ")$"));
    return node;
  }
}
