package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.core.JsonPointer;
import io.llmtrace.policies.exchange.MappedFormat.Blocked;
import io.llmtrace.policies.exchange.MappedFormat.Kind;
import io.llmtrace.policies.exchange.MappedFormat.Place;
import io.llmtrace.policies.exchange.MappedFormat.Pointers;
import io.llmtrace.policies.exchange.MappedFormat.StreamForm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads mappings of APIs and collects every problem with its place. Used once. */
final class MappingReader {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,39}");
  private static final Pattern HOST = Pattern.compile("[a-z0-9.-]{1,253}");
  private static final String NAME_IS = "a name of at most 40 lower-case letters, digits and _";
  private static final String POINTER_IS =
      "a JSON Pointer to one value, without *, such as /options/stream, or a list of them";
  private static final String PLACE_IS =
      "a JSON Pointer, with * for every element, such as /turns/*/text";
  private static final int MOST = 100;
  private static final String DEFAULT_BODY =
      "{\"error\":{\"message\":\"${message}\",\"type\":\"invalid_request_error\",\"param\":null,"
          + "\"code\":\"content_filter\"}}";

  private final List<MappingException.Problem> problems = new ArrayList<>();

  private MappingReader() {}

  static List<MappedDialect> read(String yaml) {
    MappingReader reader = new MappingReader();
    List<MappedDialect> dialects = new ArrayList<>();
    Map<String, Integer> names = new HashMap<>();
    for (MappingSection section : MappingSection.list(yaml, MOST, reader.problems)) {
      dialects.add(dialect(section, names));
    }
    if (!reader.problems.isEmpty()) {
      throw new MappingException(reader.problems);
    }
    return dialects;
  }

  private static MappedDialect dialect(MappingSection section, Map<String, Integer> names) {
    String name = name(section, names);
    MappingSection request = section.section("request");
    MappingSection answer = section.section("answer");
    MappingSection usage = answer.section("usage");
    MappingSection block = section.section("block");
    List<Place> texts = places(request);
    if (texts.stream().noneMatch(place -> place.kind() == Kind.TEXT)) {
      request.problem("segments", "expected one or more of zone and pointer");
    }
    MappedFormat format =
        new MappedFormat(
            provider(section, name),
            paths(section),
            hosts(section),
            texts,
            places(answer),
            pointers(request, answer, usage),
            streamForm(answer),
            blocked(block));
    List.of(block, usage, answer, request, section).forEach(MappingSection::finish);
    return new MappedDialect(name, section.line("name"), format);
  }

  private static String name(MappingSection section, Map<String, Integer> names) {
    String name = section.text("name", NAME_IS);
    if (name == null) {
      if (!section.has("name")) {
        section.problem("name", "expected " + NAME_IS);
      }
      return "";
    }
    Integer before = names.putIfAbsent(name, section.line("name"));
    if (!NAME.matcher(name).matches()) {
      section.problem("name", "expected " + NAME_IS + ", was \"" + name + "\"");
    } else if (Arrays.stream(Dialect.values()).anyMatch(d -> d.label().equals(name))) {
      section.problem(
          "name", "expected a name of its own, '" + name + "' is a dialect of the product");
    } else if (before != null) {
      section.problem("name", "expected different names, '" + name + "' is also on line " + before);
    }
    return name;
  }

  private static String provider(MappingSection section, String name) {
    String provider = section.text("provider", NAME_IS);
    if (provider != null && !NAME.matcher(provider).matches()) {
      section.problem("provider", "expected " + NAME_IS + ", since metrics carry it");
    }
    return provider == null ? name : provider;
  }

  private static List<String> paths(MappingSection section) {
    List<String> paths = new ArrayList<>();
    String expected = "the end of a path, beginning with /";
    for (MappingSection.Item item : section.texts("paths", expected)) {
      if (item.text().startsWith("/") && item.text().indexOf('?') < 0) {
        paths.add(item.text());
      } else {
        section.problem(item, "expected " + expected + " and without a query");
      }
    }
    return paths;
  }

  private static List<String> hosts(MappingSection section) {
    List<String> hosts = new ArrayList<>();
    String expected = "a host name without scheme and port, such as api.example.com";
    for (MappingSection.Item item : section.texts("hosts", expected)) {
      String host = item.text().toLowerCase(Locale.ROOT);
      if (HOST.matcher(host).matches()) {
        hosts.add(host);
      } else {
        section.problem(item, "expected " + expected);
      }
    }
    return hosts;
  }

  private static Pointers pointers(
      MappingSection request, MappingSection answer, MappingSection usage) {
    return new Pointers(
        pointers(request, "model"),
        pointers(request, "stream"),
        pointers(request, "max_tokens"),
        pointers(answer, "model"),
        pointers(answer, "finish_reason"),
        pointers(answer, "end"),
        pointers(answer, "error"),
        pointers(usage, "prompt"),
        pointers(usage, "completion"),
        pointers(usage, "cached"),
        pointers(usage, "cache_write"),
        pointers(usage, "reasoning"));
  }

  private static List<JsonPointer> pointers(MappingSection section, String key) {
    List<JsonPointer> pointers = new ArrayList<>();
    for (MappingSection.Item item : section.texts(key, POINTER_IS)) {
      if (item.text().startsWith("/") && !item.text().matches(".*/\\*(/.*)?")) {
        pointers.add(JsonPointer.compile(item.text()));
      } else {
        section.problem(item, "expected " + POINTER_IS);
      }
    }
    return pointers;
  }

  private static List<Place> places(MappingSection section) {
    List<Place> places = new ArrayList<>();
    for (MappingSection segment : section.sections("segments", "zone and pointer")) {
      Zone zone = zone(segment);
      List<MappingSection.Item> pointers = segment.texts("pointer", PLACE_IS);
      if (pointers.isEmpty() && !segment.has("pointer")) {
        segment.problem("pointer", "expected " + PLACE_IS);
      }
      pointers.forEach(item -> place(segment, item, zone, Kind.TEXT, places));
      segment.finish();
    }
    for (MappingSection.Item item : section.texts("tools", PLACE_IS)) {
      place(section, item, Zone.METADATA, Kind.TOOL_NAME, places);
    }
    for (MappingSection.Item item : section.texts("uninspected", PLACE_IS)) {
      place(section, item, Zone.USER, Kind.UNINSPECTED, places);
    }
    return places;
  }

  private static Zone zone(MappingSection segment) {
    String expected =
        "one of " + Arrays.stream(Zone.values()).map(Zone::label).collect(Collectors.joining(", "));
    String label = segment.text("zone", expected);
    for (Zone zone : Zone.values()) {
      if (zone.label().equals(label)) {
        return zone;
      }
    }
    if (label != null || !segment.has("zone")) {
      segment.problem("zone", "expected " + expected);
    }
    return Zone.USER;
  }

  private static void place(
      MappingSection section, MappingSection.Item item, Zone zone, Kind kind, List<Place> places) {
    if (!item.text().startsWith("/")) {
      section.problem(item, "expected " + PLACE_IS);
      return;
    }
    List<String> steps = new ArrayList<>();
    for (String step : item.text().substring(1).split("/", -1)) {
      steps.add(step.replace("~1", "/").replace("~0", "~"));
    }
    places.add(new Place(steps, zone, kind));
  }

  private static StreamForm streamForm(MappingSection answer) {
    String expected = "sse, ndjson or json";
    String form = answer.text("stream_format", expected);
    for (StreamForm known : StreamForm.values()) {
      if (known.name().toLowerCase(Locale.ROOT).equals(form)) {
        return known;
      }
    }
    if (form != null) {
      answer.problem("stream_format", "expected " + expected);
    }
    return StreamForm.SSE;
  }

  private static Blocked blocked(MappingSection block) {
    String expected = "a status from 200 to 499 that clients do not retry";
    String status = block.text("status", expected);
    int code = 400;
    if (status != null) {
      code = status.matches("[0-9]{3}") ? Integer.parseInt(status) : 0;
      // A status that clients retry would turn every block into a storm.
      if (code < 200 || code > 499 || Set.of(408, 409, 425, 429).contains(code)) {
        block.problem("status", "expected " + expected);
      }
    }
    String body = block.text("body", "the body of an error");
    String type = block.text("content_type", "a content type");
    Blocked blocked =
        new Blocked(
            code, type == null ? "application/json" : type, body == null ? DEFAULT_BODY : body);
    if (blocked.contentType().contains("json")
        && ProviderText.json(blocked.body()).isMissingNode()) {
      block.problem("body", "expected JSON with ${message} inside of strings");
    }
    return blocked;
  }
}
