package io.llmtrace.controlplane.alerts.channels;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.llmtrace.controlplane.alerts.notice.Notice.Link;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * JSON of the user's own with placeholders, {@code {"text": "{{title}}", "step": {{number}}}}.
 * Inside a string a placeholder becomes escaped text; outside it becomes a whole JSON value, so
 * that the result is JSON whatever a notice holds. Immutable.
 */
final class Template {
  /** Enough for what fits a message of any service. */
  private static final int LONGEST = 64 * 1_024;

  private static final Map<String, Function<Told, JsonNode>> VALUES = values();

  private final List<Part> parts;

  private Template(List<Part> parts) {
    this.parts = List.copyOf(parts);
  }

  private sealed interface Part {}

  private record Literal(String json) implements Part {}

  private record InString(Function<Told, JsonNode> value) implements Part {}

  private record AsValue(Function<Told, JsonNode> value) implements Part {}

  /**
   * Reads a template and tries it.
   *
   * @throws IllegalArgumentException for an unknown placeholder, with its place and the known ones,
   *     and for what does not become JSON
   */
  static Template parse(String text) {
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException(
          "template: has " + text.length() + " characters; expected at most " + LONGEST);
    }
    List<Part> parts = new ArrayList<>();
    StringBuilder literal = new StringBuilder();
    boolean inString = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (text.startsWith("{{", i)) {
        int end = end(text, i);
        parts.add(new Literal(literal.toString()));
        literal.setLength(0);
        Function<Told, JsonNode> value = value(text.substring(i + 2, end).strip(), place(text, i));
        parts.add(inString ? new InString(value) : new AsValue(value));
        i = end + 1;
        continue;
      }
      literal.append(c);
      if (c == '\\' && inString && i + 1 < text.length()) {
        literal.append(text.charAt(++i));
      } else if (c == '"') {
        inString = !inString;
      }
    }
    parts.add(new Literal(literal.toString()));
    Template template = new Template(parts);
    template.check();
    return template;
  }

  private static int end(String text, int at) {
    int end = text.indexOf("}}", at + 2);
    if (end < 0) {
      throw new IllegalArgumentException(
          "template "
              + place(text, at)
              + ": {{ without }}; expected a placeholder such as {{title}}");
    }
    return end;
  }

  private static Function<Told, JsonNode> value(String name, String place) {
    if (name.startsWith("labels.") && name.length() > "labels.".length()) {
      String label = name.substring("labels.".length());
      return told -> text(told.labels().get(label));
    }
    Function<Told, JsonNode> value = VALUES.get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "template "
              + place
              + ": unknown placeholder {{"
              + Texts.line(name, 60)
              + "}}; expected one of "
              + String.join(", ", VALUES.keySet())
              + " or labels.NAME");
    }
    return value;
  }

  private static String place(String text, int at) {
    String before = text.substring(0, at);
    long line = before.chars().filter(c -> c == '\n').count() + 1;
    int column = at - before.lastIndexOf('\n');
    return String.format(Locale.ROOT, "line %d, column %d", line, column);
  }

  /** With all values and with none of those that may be absent. */
  private void check() {
    for (Told sample : List.of(Told.of(Samples.full()), Told.of(Samples.bare()))) {
      try {
        Json.MAPPER.readTree(render(sample));
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException(
            "template: does not become JSON: "
                + e.getOriginalMessage()
                + "; expected JSON with"
                + " placeholders inside strings or in place of whole values",
            e);
      }
    }
  }

  byte[] bytes(Told told) {
    return render(told).getBytes(UTF_8);
  }

  private String render(Told told) {
    StringBuilder out = new StringBuilder();
    for (Part part : parts) {
      if (part instanceof Literal literal) {
        out.append(literal.json());
      } else if (part instanceof AsValue whole) {
        out.append(whole.value().apply(told));
      } else if (part instanceof InString inner) {
        JsonNode value = inner.value().apply(told);
        String text = value.isValueNode() ? value.asText("") : value.toString();
        JsonStringEncoder.getInstance().quoteAsString(value.isNull() ? "" : text, out);
      }
    }
    return out.toString();
  }

  private static Map<String, Function<Told, JsonNode>> values() {
    Map<String, Function<Told, JsonNode>> values = new TreeMap<>();
    // The fields of the published form, by their names there.
    for (String field :
        List.of(
            "id",
            "kind",
            "incident",
            "number",
            "rule",
            "severity",
            "tenant",
            "title",
            "summary",
            "traffic",
            "score",
            "since",
            "at",
            "by",
            "comment",
            "labels",
            "facts",
            "samples",
            "links")) {
      values.put(field, told -> WebhookEvent.of(told).get("data").get(field));
    }
    values.put("type", told -> TextNode.valueOf(WebhookEvent.type(told)));
    values.put("headline", told -> TextNode.valueOf(told.headline()));
    for (Link link : Link.values()) {
      values.put("links." + link.label(), told -> text(told.links().get(link)));
    }
    return Collections.unmodifiableMap(values);
  }

  private static JsonNode text(@Nullable String text) {
    return text == null ? NullNode.getInstance() : TextNode.valueOf(text);
  }
}
