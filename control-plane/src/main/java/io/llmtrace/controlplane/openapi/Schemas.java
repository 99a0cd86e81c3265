package io.llmtrace.controlplane.openapi;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import jakarta.ws.rs.core.StreamingOutput;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * JSON Schemas (2020-12) of Java types, as the service's mapper writes them. Records become
 * components that are referred to. Not thread-safe.
 */
final class Schemas {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final Set<Class<?>> WHOLE =
      Set.of(int.class, long.class, short.class, Integer.class, Long.class, Short.class);
  private static final Set<Class<?>> BROKEN =
      Set.of(double.class, float.class, Double.class, Float.class, BigDecimal.class);

  private final ObjectMapper mapper = WireJson.mapper();
  private final Map<String, ObjectNode> components = new LinkedHashMap<>();
  private final Map<String, Type> names = new HashMap<>();

  /** All components so far, by name. */
  ObjectNode components() {
    ObjectNode all = JSON.objectNode();
    components.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(entry -> all.set(entry.getKey(), entry.getValue()));
    return all;
  }

  /** The schema of a type. */
  ObjectNode of(Type type) {
    return of(type, Map.of());
  }

  private ObjectNode of(Type type, Map<TypeVariable<?>, Type> bound) {
    if (type instanceof TypeVariable<?> variable) {
      return of(bound.getOrDefault(variable, Object.class), Map.of());
    }
    if (type instanceof WildcardType wildcard) {
      return of(wildcard.getUpperBounds()[0], bound);
    }
    if (type instanceof ParameterizedType parameterized) {
      return of((Class<?>) parameterized.getRawType(), parameterized, bound);
    }
    return type instanceof Class<?> plain ? of(plain, null, bound) : JSON.objectNode();
  }

  private ObjectNode of(
      Class<?> type, @Nullable ParameterizedType generic, Map<TypeVariable<?>, Type> bound) {
    ObjectNode schema = JSON.objectNode();
    if (CharSequence.class.isAssignableFrom(type) || type == StreamingOutput.class) {
      return schema.put("type", "string");
    }
    if (WHOLE.contains(type)) {
      return schema.put("type", "integer");
    }
    if (BROKEN.contains(type)) {
      return schema.put("type", "number");
    }
    if (type == boolean.class || type == Boolean.class) {
      return schema.put("type", "boolean");
    }
    if (type.isEnum()) {
      schema.put("type", "string");
      var values = schema.putArray("enum");
      Arrays.stream(type.getEnumConstants())
          .forEach(each -> values.add(mapper.valueToTree(each).asText()));
      return schema;
    }
    if (Collection.class.isAssignableFrom(type)) {
      schema.put("type", "array");
      schema.set("items", of(argument(generic, 0), bound));
      return schema;
    }
    if (Map.class.isAssignableFrom(type)) {
      schema.put("type", "object");
      schema.set("additionalProperties", of(argument(generic, 1), bound));
      return schema;
    }
    if (ObjectNode.class.isAssignableFrom(type)) {
      return schema.put("type", "object");
    }
    if (type == Object.class || JsonNode.class.isAssignableFrom(type)) {
      return schema;
    }
    JsonSubTypes subTypes = type.getAnnotation(JsonSubTypes.class);
    if (!type.isRecord() && subTypes == null) {
      throw new IllegalStateException(
          type.getName() + ": expected a record or a JDK type in what the API takes and gives");
    }
    return reference(type, generic, bound, subTypes);
  }

  private static Type argument(@Nullable ParameterizedType generic, int place) {
    return generic == null ? Object.class : generic.getActualTypeArguments()[place];
  }

  private ObjectNode reference(
      Class<?> type,
      @Nullable ParameterizedType generic,
      Map<TypeVariable<?>, Type> bound,
      @Nullable JsonSubTypes subTypes) {
    Map<TypeVariable<?>, Type> own = new HashMap<>();
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < type.getTypeParameters().length; i++) {
      Type argument = argument(generic, i);
      Type known = argument instanceof TypeVariable<?> v ? bound.getOrDefault(v, v) : argument;
      own.put(type.getTypeParameters()[i], known);
      name.append(known instanceof Class<?> plain ? plain.getSimpleName() : "");
    }
    name.append(type.getSimpleName());
    Type identity = generic == null ? type : generic;
    String free = name.toString();
    if (type.getEnclosingClass() != null && !names.getOrDefault(free, identity).equals(identity)) {
      free = type.getEnclosingClass().getSimpleName() + free;
    }
    if (!names.getOrDefault(free, identity).equals(identity)) {
      throw new IllegalStateException(free + ": two types of the API have this name");
    }
    if (names.put(free, identity) == null) {
      ObjectNode schema = JSON.objectNode();
      components.put(free, schema);
      if (subTypes == null) {
        fill(schema, type, own);
      } else {
        choose(schema, type, subTypes);
      }
    }
    return JSON.objectNode().put("$ref", "#/components/schemas/" + free);
  }

  /** One of some records, told apart by a property that is written before theirs. */
  private void choose(ObjectNode schema, Class<?> type, JsonSubTypes subTypes) {
    JsonTypeInfo info = type.getAnnotation(JsonTypeInfo.class);
    String property = info == null ? "type" : info.property();
    describe(schema, Javadocs.of(type));
    var choices = schema.putArray("oneOf");
    for (JsonSubTypes.Type each : subTypes.value()) {
      ObjectNode tag = JSON.objectNode().put("type", "object");
      tag.putObject("properties").putObject(property).put("const", each.name());
      tag.putArray("required").add(property);
      choices.addObject().putArray("allOf").add(tag).add(of(each.value()));
    }
  }

  private void fill(ObjectNode schema, Class<?> type, Map<TypeVariable<?>, Type> bound) {
    schema.put("type", "object");
    describe(schema, Javadocs.of(type));
    ObjectNode properties = schema.putObject("properties");
    var required = JSON.arrayNode();
    JsonInclude include = type.getAnnotation(JsonInclude.class);
    boolean showsNull = include != null && include.value() == JsonInclude.Include.ALWAYS;
    BeanDescription bean = mapper.getSerializationConfig().introspect(mapper.constructType(type));
    Map<String, RecordComponent> parts = new HashMap<>();
    for (RecordComponent part : type.getRecordComponents()) {
      parts.put(part.getName(), part);
    }
    for (BeanPropertyDefinition property : bean.findProperties()) {
      RecordComponent part = parts.get(property.getInternalName());
      if (part == null) {
        throw new IllegalStateException(
            type.getName() + "." + property.getName() + ": expected components of the record only");
      }
      ObjectNode value = of(part.getGenericType(), bound);
      if (part.getAccessor().isAnnotationPresent(JsonUnwrapped.class)) {
        unwrap((Class<?>) part.getGenericType(), properties, required);
        continue;
      }
      boolean nullable = part.getAnnotatedType().isAnnotationPresent(Nullable.class);
      if (nullable && showsNull) {
        ObjectNode either = JSON.objectNode();
        either.putArray("anyOf").add(value).addObject().put("type", "null");
        value = either;
      }
      describe(value, Javadocs.component(type, part.getName()));
      elements(value, part.getAnnotatedType());
      properties.set(property.getName(), value);
      if (!nullable || showsNull) {
        required.add(property.getName());
      }
    }
    if (!required.isEmpty()) {
      schema.set("required", required);
    }
  }

  /** Values of maps that may be null. */
  private static void elements(ObjectNode value, AnnotatedType type) {
    if (type instanceof AnnotatedParameterizedType generic
        && value.get("additionalProperties") instanceof ObjectNode inner
        && generic.getAnnotatedActualTypeArguments()[1].isAnnotationPresent(Nullable.class)) {
      ObjectNode either = JSON.objectNode();
      either.putArray("anyOf").add(inner).addObject().put("type", "null");
      value.set("additionalProperties", either);
    }
  }

  private void unwrap(
      Class<?> type,
      ObjectNode properties,
      com.fasterxml.jackson.databind.node.ArrayNode required) {
    ObjectNode inner = JSON.objectNode();
    fill(inner, type, Map.of());
    properties.setAll((ObjectNode) inner.path("properties"));
    inner.path("required").forEach(required::add);
  }

  static void describe(ObjectNode schema, String text) {
    if (!text.isEmpty()) {
      schema.put("description", text);
    }
  }
}
