package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.llmtrace.policies.exchange.MappedFormat.Blocked;
import io.llmtrace.policies.exchange.MappedFormat.Kind;
import io.llmtrace.policies.exchange.MappedFormat.Place;
import io.llmtrace.policies.exchange.MappedFormat.Pointers;
import io.llmtrace.policies.exchange.MappedFormat.StreamForm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads mappings of dialects and collects every problem with its place. Used once. */
final class MappingReader {
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,39}");
  private static final int MOST = 100;
  private static final String DEFAULT_BODY =
      "{\"error\":{\"message\":\"${message}\",\"type\":\"invalid_request_error\",\"param\":null,"
          + "\"code\":\"content_filter\"}}";

  private final List<String> problems = new ArrayList<>();

  private MappingReader() {}

  static List<MappedDialect> read(String yaml) {
    MappingReader reader = new MappingReader();
    List<MappedDialect> dialects = reader.list(reader.parse(yaml));
    if (!reader.problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", reader.problems));
    }
    return dialects;
  }

  private @Nullable JsonNode parse(String yaml) {
    try {
      return YAML.readTree(yaml);
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
      problems.add("line " + line + ": expected YAML: " + e.getOriginalMessage());
      return null;
    }
  }

  private List<MappedDialect> list(@Nullable JsonNode root) {
    List<MappedDialect> dialects = new ArrayList<>();
    if (root == null) {
      return dialects;
    }
    if (!root.isArray() || root.size() > MOST) {
      problems.add("dialects: expected a list of at most " + MOST + " mappings");
      return dialects;
    }
    Set<String> names = new HashSet<>();
    for (int i = 0; i < root.size(); i++) {
      String at = "dialects[" + i + "]";
      JsonNode node = root.get(i);
      keys(node, at, "name", "provider", "paths", "hosts", "request", "answer", "block");
      String name = name(node, at, names);
      dialects.add(new MappedDialect(name, format(node, name, at)));
    }
    return dialects;
  }

  private String name(JsonNode node, String at, Set<String> names) {
    String name = node.path("name").asText("");
    if (!NAME.matcher(name).matches()) {
      problems.add(at + ".name: expected a lower-case name of at most 40 letters, digits and _");
    } else if (!names.add(name)) {
      problems.add(at + ".name: '" + name + "' is there twice");
    } else if (Arrays.stream(Dialect.values()).anyMatch(d -> d.label().equals(name))) {
      problems.add(at + ".name: '" + name + "' is a dialect of the product");
    }
    return name;
  }

  private MappedFormat format(JsonNode node, String name, String at) {
    JsonNode request = node.path("request");
    JsonNode answer = node.path("answer");
    JsonNode usage = answer.path("usage");
    keys(request, at + ".request", "model", "stream", "segments", "tools", "uninspected");
    keys(
        answer,
        at + ".answer",
        "stream_format",
        "model",
        "finish_reason",
        "end",
        "error",
        "segments",
        "uninspected",
        "usage");
    keys(usage, at + ".answer.usage", "prompt", "completion", "cached", "reasoning");
    List<String> paths = strings(node.path("paths"), at + ".paths");
    if (paths.isEmpty() || paths.stream().anyMatch(path -> !path.startsWith("/"))) {
      problems.add(at + ".paths: expected the ends of one path or more, each beginning with /");
    }
    String inRequest = at + ".request.";
    String inAnswer = at + ".answer.";
    List<Place> texts = places(request, at + ".request");
    if (texts.stream().noneMatch(place -> place.kind() == Kind.TEXT)) {
      problems.add(inRequest + "segments: expected one or more of zone and pointer");
    }
    Pointers pointers =
        new Pointers(
            pointer(request, "model", inRequest),
            pointer(request, "stream", inRequest),
            pointer(answer, "model", inAnswer),
            pointer(answer, "finish_reason", inAnswer),
            pointer(answer, "end", inAnswer),
            pointer(answer, "error", inAnswer),
            pointer(usage, "prompt", inAnswer + "usage."),
            pointer(usage, "completion", inAnswer + "usage."),
            pointer(usage, "cached", inAnswer + "usage."),
            pointer(usage, "reasoning", inAnswer + "usage."));
    return new MappedFormat(
        node.path("provider").asText(name),
        paths,
        strings(node.path("hosts"), at + ".hosts"),
        texts,
        places(answer, at + ".answer"),
        pointers,
        streamForm(answer.path("stream_format"), inAnswer),
        blocked(node.path("block"), at + ".block"));
  }

  private void keys(JsonNode node, String at, String... known) {
    if (node.isMissingNode()) {
      return;
    }
    if (!node.isObject()) {
      problems.add(at + ": expected keys and values");
      return;
    }
    Set<String> expected = new TreeSet<>(List.of(known));
    node.fieldNames()
        .forEachRemaining(
            key -> {
              if (!expected.contains(key)) {
                problems.add(
                    at + "." + key + ": unknown key; known are " + String.join(", ", expected));
              }
            });
  }

  private List<String> strings(JsonNode list, String at) {
    List<String> strings = new ArrayList<>();
    if (!list.isMissingNode() && !list.isArray()) {
      problems.add(at + ": expected a list of texts");
    }
    for (int i = 0; i < list.size() && list.isArray(); i++) {
      if (list.get(i).isTextual() && !list.get(i).asText().isBlank()) {
        strings.add(list.get(i).asText());
      } else {
        problems.add(at + "[" + i + "]: expected a text");
      }
    }
    return strings;
  }

  private List<Place> places(JsonNode node, String at) {
    List<Place> places = new ArrayList<>();
    JsonNode segments = node.path("segments");
    if (!segments.isMissingNode() && !segments.isArray()) {
      problems.add(at + ".segments: expected a list of zone and pointer");
    }
    for (int i = 0; i < segments.size() && segments.isArray(); i++) {
      String here = at + ".segments[" + i + "]";
      keys(segments.get(i), here, "zone", "pointer");
      Zone zone = zone(segments.get(i).path("zone").asText(""), here);
      places.add(
          place(segments.get(i).path("pointer").asText(), zone, Kind.TEXT, here + ".pointer"));
    }
    more(node, "tools", Zone.METADATA, Kind.TOOL_NAME, at, places);
    more(node, "uninspected", Zone.USER, Kind.UNINSPECTED, at, places);
    return places;
  }

  private void more(
      JsonNode node, String key, Zone zone, Kind kind, String at, List<Place> places) {
    String here = at + "." + key;
    List<String> pointers = strings(node.path(key), here);
    for (int i = 0; i < pointers.size(); i++) {
      places.add(place(pointers.get(i), zone, kind, here + "[" + i + "]"));
    }
  }

  private Zone zone(String label, String at) {
    try {
      return Zone.of(label);
    } catch (IllegalArgumentException e) {
      String labels = String.join(", ", Arrays.stream(Zone.values()).map(Zone::label).toList());
      problems.add(at + ".zone: expected one of " + labels);
      return Zone.USER;
    }
  }

  private Place place(String pointer, Zone zone, Kind kind, String at) {
    if (!pointer.startsWith("/")) {
      problems.add(at + ": expected a JSON Pointer, with * for every element: /turns/*/text");
      return new Place(List.of(), zone, kind);
    }
    List<String> steps = new ArrayList<>();
    for (String step : pointer.substring(1).split("/", -1)) {
      steps.add(step.replace("~1", "/").replace("~0", "~"));
    }
    return new Place(steps, zone, kind);
  }

  private @Nullable JsonPointer pointer(JsonNode node, String key, String at) {
    if (!node.has(key)) {
      return null;
    }
    String pointer = node.path(key).asText("");
    if (!pointer.startsWith("/") || pointer.contains("/*")) {
      problems.add(at + key + ": expected a JSON Pointer to one value, without *: /options/stream");
      return null;
    }
    return JsonPointer.compile(pointer);
  }

  private StreamForm streamForm(JsonNode form, String at) {
    if (form.isMissingNode()) {
      return StreamForm.SSE;
    }
    for (StreamForm known : StreamForm.values()) {
      if (known.name().toLowerCase(Locale.ROOT).equals(form.asText())) {
        return known;
      }
    }
    problems.add(at + "stream_format: expected sse, ndjson or json");
    return StreamForm.SSE;
  }

  private Blocked blocked(JsonNode block, String at) {
    keys(block, at, "status", "content_type", "body");
    int status = block.path("status").asInt(400);
    // A status that clients retry would turn every block into a storm.
    if (status < 200 || status > 499 || Set.of(408, 409, 425, 429).contains(status)) {
      problems.add(at + ".status: expected a status from 200 to 499 that clients do not retry");
    }
    String body = block.path("body").asText(DEFAULT_BODY);
    String type = block.path("content_type").asText("application/json");
    if (type.contains("json") && ProviderText.json(body).isMissingNode()) {
      problems.add(at + ".body: expected JSON with ${message} inside of strings");
    }
    return new Blocked(status, type, body);
  }
}
