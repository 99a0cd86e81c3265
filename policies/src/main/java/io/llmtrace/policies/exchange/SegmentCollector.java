package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Gathers the segments of one request or answer; one for each thread and body. */
final class SegmentCollector {
  private final List<Segment> segments = new ArrayList<>();
  private final Set<String> tools = new LinkedHashSet<>();
  private final List<ToolCall> calls = new ArrayList<>();
  private int uninspectedParts;

  private static final Set<String> FUNCTION = Set.of("function");

  List<Segment> segments() {
    return segments;
  }

  List<String> tools() {
    return List.copyOf(tools);
  }

  List<ToolCall> calls() {
    return calls;
  }

  int uninspectedParts() {
    return uninspectedParts;
  }

  void text(Zone zone, String role, String pointer, JsonNode text) {
    if (text.isTextual() && !text.asText().isEmpty()) {
      segments.add(new Segment(zone, role, pointer, text.asText()));
    }
  }

  /** A tool that is offered; one without a name is one all the same. */
  void tool(String name) {
    String known = name.isEmpty() ? Exchange.UNNAMED_TOOL : name;
    if (tools.size() < Exchange.MOST_TOOLS) {
      tools.add(known);
    } else if (!tools.contains(known)) {
      tools.add(Exchange.MORE_TOOLS);
    }
  }

  /**
   * Name of a tool as providers have it: its own, that of its definition, or, of what a provider
   * brings itself, its type.
   */
  static String toolName(JsonNode tool, String definition) {
    String type = tool.path("type").asText();
    for (JsonNode named : List.of(tool, tool.path(definition), tool.path(type))) {
      String name = named.path("name").asText();
      if (!name.isEmpty()) {
        return name;
      }
    }
    return type;
  }

  /** A call in an answer. */
  void call(String name, String arguments, String pointer) {
    calls.add(new ToolCall(name, arguments, pointer));
  }

  void uninspected() {
    uninspectedParts++;
  }

  /**
   * A part that is no text (an image, a file, something sealed): it is counted, and what text there
   * is beside its data is read.
   */
  void uninspected(Zone zone, String role, String pointer, JsonNode part) {
    uninspectedParts++;
    textBeside(zone, role, pointer, part);
  }

  /** Every string that is more than a code: see {@link Names#isCode}. */
  void textBeside(Zone zone, String role, String pointer, JsonNode node) {
    if (node.isTextual()) {
      if (!Names.isCode(node.asText())) {
        text(zone, role, pointer, node);
      }
    } else if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        textBeside(zone, role, pointer + "/" + i, node.get(i));
      }
    } else {
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        String child = pointer + "/" + escape(field.getKey());
        name(zone, role, child, field.getKey());
        textBeside(zone, role, child, field.getValue());
      }
    }
  }

  /** Every string below {@code node}, and every name: text hides in names as well as in values. */
  void everyString(Zone zone, String role, String pointer, JsonNode node) {
    if (node.isTextual()) {
      text(zone, role, pointer, node);
    } else if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        everyString(zone, role, pointer + "/" + i, node.get(i));
      }
    } else if (node.isObject()) {
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        String child = pointer + "/" + escape(field.getKey());
        name(zone, role, child, field.getKey());
        everyString(zone, role, child, field.getValue());
      }
    }
  }

  /** The name of a field, where it is more than a name. */
  void name(Zone zone, String role, String pointer, String name) {
    if (name.indexOf(' ') >= 0) {
      segments.add(new Segment(zone, role, pointer, name));
    }
  }

  /** A name of something that is read only where it is more than a name. */
  void nameOrText(Zone zone, String role, String pointer, JsonNode name) {
    if (!name.isTextual() || !Names.isToken(name.asText())) {
      everyString(zone, role, pointer, name);
    }
  }

  /**
   * What of an object the dialect's own reader has left: every string in fields that it does not
   * know, apart from names of things. Of what is no object, which no reader knows, every string.
   *
   * @param read the fields that were read already
   */
  void rest(JsonNode object, Set<String> read, Zone zone, String role, String pointer) {
    if (!object.isObject()) {
      left(object, zone, role, pointer);
      return;
    }
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      String name = field.getKey();
      JsonNode value = field.getValue();
      if (read.contains(name) || (value.isTextual() && Names.isName(name, value.asText()))) {
        continue;
      }
      if (value.isTextual() || value.isContainerNode() || name.indexOf(' ') >= 0) {
        String child = pointer + "/" + escape(name);
        name(zone, role, child, name);
        left(value, zone, role, child);
      }
    }
  }

  /** Every string apart from names of things. */
  void left(JsonNode node, Zone zone, String role, String pointer) {
    if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        left(node.get(i), zone, role, pointer + "/" + i);
      }
    } else if (node.isObject()) {
      rest(node, Set.of(), zone, role, pointer);
    } else {
      text(zone, role, pointer, node);
    }
  }

  /** Settings of a request: what of them is more than a name is read as {@link Zone#METADATA}. */
  void settings(JsonNode object, Set<String> fields) {
    for (String field : fields) {
      if (object.has(field)) {
        textBeside(Zone.METADATA, "settings", "/" + field, object.path(field));
      }
    }
  }

  /** Reads one element of a list. */
  interface ElementReader {
    void read(JsonNode element, String pointer);
  }

  /**
   * Gives each object of a list to {@code reader}. What has not the dialect's shape (a list that is
   * an object, an element that is a string) is read as plain strings: a lenient server may
   * understand it, so it must not pass unread.
   */
  void each(JsonNode list, Zone zone, String role, String pointer, ElementReader reader) {
    if (!list.isArray()) {
      everyString(zone, role, pointer, list);
      return;
    }
    for (int i = 0; i < list.size(); i++) {
      String at = pointer + "/" + i;
      if (list.get(i).isObject()) {
        reader.read(list.get(i), at);
      } else {
        everyString(zone, role, at, list.get(i));
      }
    }
  }

  /**
   * Calls in the shape of OpenAI's: what they call stands in {@code function}. Of a call of another
   * kind every string is read.
   */
  void functionCalls(JsonNode calls, String role, String pointer) {
    each(
        calls,
        Zone.TOOL_CALL,
        role,
        pointer,
        (call, at) -> {
          if (call.path("function").isObject()) {
            everyString(Zone.TOOL_CALL, role, at + "/function", call.path("function"));
            rest(call, FUNCTION, Zone.TOOL_CALL, role, at);
          } else {
            everyString(Zone.TOOL_CALL, role, at, call);
          }
        });
  }

  /** Definitions of tools; {@code function} is where the name stands, empty for the tool itself. */
  void definitions(JsonNode list, String pointer, String function) {
    each(
        list,
        Zone.METADATA,
        "tools",
        pointer,
        (tool, at) -> {
          tool(toolName(tool, function));
          everyString(Zone.METADATA, "tools", at, tool);
        });
  }

  /** Host of an address, in lower case; the address itself where it has none. */
  static String host(String address) {
    int from = address.indexOf("://") + 3;
    if (from < 3) {
      return address;
    }
    int end = from;
    while (end < address.length() && "/?#\\".indexOf(address.charAt(end)) < 0) {
      end++;
    }
    // Whatever stands before an @ is no host, and what stands behind it is.
    String authority = address.substring(from, end);
    return authority.substring(authority.lastIndexOf('@') + 1).toLowerCase(java.util.Locale.ROOT);
  }

  static String escape(String name) {
    return name.replace("~", "~0").replace("/", "~1");
  }
}
