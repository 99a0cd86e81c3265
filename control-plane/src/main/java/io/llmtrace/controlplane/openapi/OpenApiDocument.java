package io.llmtrace.controlplane.openapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.ApiOperation;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.BodyShape;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBodies;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Response;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The OpenAPI 3.1 document of some operations, made of what they are: annotations, types, readers
 * of bodies, Javadoc. Stateless.
 */
public final class OpenApiDocument {
  /** The security scheme. */
  static final String SCHEME = "key";

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final Pattern TAG = Pattern.compile("/api/v1/([^/{]+)");
  private static final Pattern IN_PATH = Pattern.compile("\\{([^}]+)}");

  /** Parameters that mean the same everywhere, where a method says nothing of its own. */
  private static final Map<String, String> COMMON =
      Map.ofEntries(
          Map.entry("limit", "How many at most."),
          Map.entry("cursor", "What the page before gave as `next`."),
          Map.entry("tenant", "Only this tenant's."),
          Map.entry("id", "Its id."),
          Map.entry("since", "From this time on."),
          Map.entry("until", "Before this time."),
          Map.entry("fields", "Only these fields, with commas between them."),
          Map.entry("q", "Words that must be there."),
          Map.entry("Content-Encoding", "`gzip` for a compressed body."),
          Map.entry("Accept", "The media type that is wanted."),
          Map.entry("Accept-Encoding", "`gzip` for a compressed answer."),
          Map.entry(
              "If-None-Match", "The ETag of a state that is known: answers 304 while it holds."),
          Map.entry("If-Match", "The ETag of the state that is changed, or `*` for any."));

  private static final Map<String, String> HEADERS =
      Map.of(
          "ETag", "The state, for `If-Match`.",
          "Location", "Address of what was made.",
          "Idempotency-Replayed", "`true` where this is the kept answer of an earlier request.");

  private final Schemas schemas = new Schemas();
  private final ObjectNode paths = JSON.objectNode();
  private final Map<String, String> tags = new TreeMap<>();

  private OpenApiDocument() {}

  /**
   * The document.
   *
   * @param version of this release
   * @throws IllegalStateException for a type that has no schema
   */
  public static ObjectNode of(List<ApiOperation> operations, String version) {
    OpenApiDocument document = new OpenApiDocument();
    operations.forEach(document::add);
    return document.whole(version);
  }

  private ObjectNode whole(String version) {
    ObjectNode root = JSON.objectNode().put("openapi", "3.1.0");
    root.putObject("info")
        .put("title", "LLMTrace control plane")
        .put("version", version)
        .put(
            "description",
            "Times are RFC 3339 or epoch milliseconds, as each field says. Errors are problem"
                + " details (RFC 9457). What a caller may not see looks absent. Lists come in pages:"
                + " `next` of one is `cursor` of the following; it is absent on the last.")
        .putObject("license")
        .put("name", "Apache-2.0")
        .put("identifier", "Apache-2.0");
    root.putArray("servers").addObject().put("url", "/");
    root.putArray("security").addObject().putArray(SCHEME);
    ArrayNode all = root.putArray("tags");
    tags.forEach(
        (name, text) -> {
          ObjectNode tag = all.addObject().put("name", name);
          Schemas.describe(tag, text);
        });
    root.set("paths", paths);
    ObjectNode components = root.putObject("components");
    ObjectNode every = schemas.components();
    every.set("Problem", problem());
    components.set("schemas", every);
    components
        .putObject("securitySchemes")
        .putObject(SCHEME)
        .put("type", "http")
        .put("scheme", "bearer")
        .put("description", "An API key, or a token of the configured identity provider.");
    ObjectNode responses = components.putObject("responses");
    responses
        .putObject("Problem")
        .put("description", "What is wrong.")
        .putObject("content")
        .putObject(Problem.MEDIA_TYPE)
        .putObject("schema")
        .put("$ref", "#/components/schemas/Problem");
    ObjectNode wait = responses.putObject("Wait");
    wait.put("description", "Too much at once, or not ready: try again later.");
    wait.putObject("headers")
        .putObject("Retry-After")
        .put("description", "Seconds to wait.")
        .putObject("schema")
        .put("type", "integer");
    wait.putObject("content")
        .putObject(Problem.MEDIA_TYPE)
        .putObject("schema")
        .put("$ref", "#/components/schemas/Problem");
    return root;
  }

  private static ObjectNode problem() {
    ObjectNode problem = JSON.objectNode().put("type", "object");
    problem.put("description", "Problem details (RFC 9457).");
    ObjectNode properties = problem.putObject("properties");
    properties.putObject("type").put("type", "string");
    properties.putObject("title").put("type", "string");
    properties.putObject("status").put("type", "integer");
    properties.putObject("detail").put("type", "string");
    ObjectNode errors = properties.putObject("errors").put("type", "array");
    errors.put("description", "Each wrong field of a body, by its JSON pointer.");
    ObjectNode error = errors.putObject("items").put("type", "object");
    error.putObject("properties").putObject("field").put("type", "string");
    ((ObjectNode) error.path("properties")).putObject("detail").put("type", "string");
    error.putArray("required").add("field").add("detail");
    problem.putArray("required").add("type").add("title").add("status").add("detail");
    return problem;
  }

  private void add(ApiOperation operation) {
    Method method = operation.method();
    String tag = tag(operation.path());
    String text = Javadocs.of(method);
    String ofClass = Javadocs.of(method.getDeclaringClass());
    tags.merge(tag, withoutPath(ofClass), (one, other) -> one.isEmpty() ? other : one);
    ObjectNode path =
        paths.get(operation.path()) instanceof ObjectNode known
            ? known
            : paths.putObject(operation.path());
    ObjectNode node = path.putObject(operation.verb().toLowerCase(Locale.ROOT));
    node.putArray("tags").add(tag);
    node.put("operationId", tag.replace('-', '_') + "_" + method.getName());
    node.put("summary", text.isEmpty() ? sentence(operation) : Javadocs.summary(text));
    Schemas.describe(node, text);
    Requires requires = operation.requires();
    if (requires != null) {
      node.put("x-llmtrace-permission", requires.value().label());
      node.put("x-llmtrace-reach", requires.reach().name().toLowerCase(Locale.ROOT));
    }
    Takes takes = method.getAnnotation(Takes.class);
    Set<Integer> refusals = new LinkedHashSet<>(List.of(401));
    if (requires != null) {
      refusals.add(403);
    }
    ArrayNode parameters = JSON.arrayNode();
    parameters(operation, takes, parameters, refusals);
    if (!parameters.isEmpty()) {
      node.set("parameters", parameters);
    }
    if (JsonBodies.reads(method)) {
      node.set("requestBody", body(takes));
      refusals.add(400);
      refusals.add(413);
      refusals.add(415);
    }
    ObjectNode responses = node.putObject("responses");
    success(method, takes, responses);
    for (int refusal : refusals.stream().sorted().toList()) {
      responses.putObject(Integer.toString(refusal)).put("$ref", "#/components/responses/Problem");
    }
    responses.putObject("429").put("$ref", "#/components/responses/Wait");
    responses.putObject("503").put("$ref", "#/components/responses/Wait");
    responses.putObject("default").put("$ref", "#/components/responses/Problem");
  }

  private static void parameters(
      ApiOperation operation, @Nullable Takes takes, ArrayNode out, Set<Integer> refusals) {
    Method method = operation.method();
    Matcher inPath = IN_PATH.matcher(operation.path());
    while (inPath.find()) {
      parameter(out, "path", inPath.group(1), Javadocs.parameter(method, inPath.group(1)))
          .put("required", true);
      refusals.add(404);
    }
    for (Parameter parameter : method.getParameters()) {
      QueryParam query = parameter.getAnnotation(QueryParam.class);
      HeaderParam header = parameter.getAnnotation(HeaderParam.class);
      if (query != null) {
        ObjectNode node =
            parameter(out, "query", query.value(), Javadocs.parameter(method, parameter.getName()));
        if (query.value().equals("limit") && Page.class.equals(method.getReturnType())) {
          ((ObjectNode) node.path("schema"))
              .put("type", "integer")
              .put("minimum", 1)
              .put("maximum", Page.MOST)
              .put("default", Page.DEFAULT_LIMIT);
        }
        refusals.add(400);
      } else if (header != null) {
        ObjectNode node =
            parameter(
                out, "header", header.value(), Javadocs.parameter(method, parameter.getName()));
        if (header.value().equals("If-Match")) {
          node.put("required", true);
          refusals.add(412);
          refusals.add(428);
        }
      }
    }
    if (takes != null) {
      for (String name : takes.query()) {
        parameter(out, "query", name, "");
        refusals.add(400);
      }
      if (takes.repeating() == Takes.Repeating.WORKS_ONCE) {
        ObjectNode node =
            parameter(
                out,
                "header",
                "Idempotency-Key",
                "A text that nobody guesses, such as a random UUID: whatever is sent again with it"
                    + " within a day is answered as it was, and done once.");
        ((ObjectNode) node.path("schema")).put("minLength", 16).put("maxLength", 128);
        refusals.add(409);
        refusals.add(422);
      }
    }
  }

  private static ObjectNode parameter(ArrayNode out, String in, String name, String text) {
    ObjectNode parameter = out.addObject().put("name", name).put("in", in);
    Schemas.describe(parameter, text.isEmpty() ? COMMON.getOrDefault(name, "") : text);
    parameter.putObject("schema").put("type", "string");
    return parameter;
  }

  private ObjectNode body(@Nullable Takes takes) {
    ObjectNode body = JSON.objectNode();
    Class<?> type = takes == null ? Void.class : takes.body();
    ObjectNode schema;
    if (BodyFields.class.isAssignableFrom(type)) {
      schema = BodyShape.of(instance(type));
    } else if (type == Void.class) {
      schema = JSON.objectNode().put("type", "object");
    } else {
      schema = schemas.of(type);
    }
    body.put("required", schema.has("required") || schema.has("$ref"));
    body.putObject("content").putObject("application/json").set("schema", schema);
    return body;
  }

  private static BodyFields instance(Class<?> type) {
    try {
      var constructor = type.getDeclaredConstructor();
      constructor.setAccessible(true);
      return (BodyFields) constructor.newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          type.getName() + ": expected a constructor without parameters", e);
    }
  }

  private void success(Method method, @Nullable Takes takes, ObjectNode responses) {
    Gives gives = method.getAnnotation(Gives.class);
    Type type =
        gives != null
            ? gives.value()
            : method.getReturnType() == Response.class
                ? Object.class
                : method.getGenericReturnType();
    boolean empty = type == Void.class || type == void.class;
    int status = gives != null ? gives.status() : empty ? 204 : 200;
    ObjectNode response = responses.putObject(Integer.toString(status));
    response.put("description", empty ? "Done." : status == 201 ? "Made." : "As asked.");
    ObjectNode headers = JSON.objectNode();
    if (gives != null) {
      for (String name : gives.headers()) {
        header(headers, name);
      }
    }
    if (takes != null && takes.repeating() == Takes.Repeating.WORKS_ONCE) {
      header(headers, "Idempotency-Replayed");
    }
    if (!headers.isEmpty()) {
      response.set("headers", headers);
    }
    if (empty) {
      return;
    }
    ObjectNode content = response.putObject("content");
    for (String media : media(method)) {
      ObjectNode schema = media.endsWith("json") ? schemas.of(raw(type)) : text();
      content.putObject(media).set("schema", schema);
    }
  }

  private static Type raw(Type type) {
    return type instanceof ParameterizedType || type instanceof Class<?> ? type : Object.class;
  }

  private static ObjectNode text() {
    return JSON.objectNode().put("type", "string");
  }

  private static void header(ObjectNode headers, String name) {
    headers
        .putObject(name)
        .put("description", HEADERS.getOrDefault(name, name))
        .putObject("schema")
        .put("type", "string");
  }

  private static List<String> media(Method method) {
    Produces produces = method.getAnnotation(Produces.class);
    if (produces == null) {
      produces = method.getDeclaringClass().getAnnotation(Produces.class);
    }
    return produces == null ? List.of("application/json") : List.of(produces.value());
  }

  /** {@code keys} of {@code /api/v1/keys/{id}}. */
  private static String tag(String path) {
    Matcher tag = TAG.matcher(path);
    return tag.lookingAt() ? tag.group(1) : "api";
  }

  private static String withoutPath(String text) {
    String rest = text.replaceFirst("^`[^`]*`[.:]?\\s*", "");
    return rest.isEmpty()
        ? rest
        : rest.substring(0, 1).toUpperCase(Locale.ROOT) + rest.substring(1);
  }

  private static String sentence(ApiOperation operation) {
    String last = operation.path().substring(operation.path().lastIndexOf('/') + 1);
    String name = operation.method().getName();
    return name.substring(0, 1).toUpperCase(Locale.ROOT)
        + name.substring(1).replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT)
        + (last.startsWith("{") ? " by " + last.substring(1, last.length() - 1) : "");
  }
}
