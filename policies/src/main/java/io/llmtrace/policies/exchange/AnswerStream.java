package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Joins the pieces of a stream, each to the text that it belongs to: a text is known by the pointer
 * that it would have in an answer that is not streamed. One for each thread and answer.
 */
final class AnswerStream {
  /** Texts kept apart in a stream; an answer has a handful, and the rest is joined in one. */
  private static final int MOST_PARTS = 1024;

  /** Names come in pieces too; one that goes on and on would be put together again and again. */
  private static final int LONGEST_NAME = 256;

  private final Map<String, Part> parts = new LinkedHashMap<>();
  private final Map<String, String> names = new LinkedHashMap<>();
  private final SegmentCollector whole = new SegmentCollector();

  private record Part(Zone zone, String role, StringBuilder text) {}

  /** Where pieces go that come whole, each a segment of its own. */
  SegmentCollector whole() {
    return whole;
  }

  /** A piece of a text; a list of parts gives the text of each, anything else all its strings. */
  void piece(Zone zone, String pointer, JsonNode text) {
    if (text.isTextual()) {
      add(zone, OpenAiChat.ASSISTANT, pointer, text.asText());
    } else if (text.isArray()) {
      text.forEach(
          part -> {
            if (part.path("text").isTextual()) {
              piece(zone, pointer, part.path("text"));
              rest(part, Set.of("text"), pointer);
            } else {
              anyText(pointer, part);
            }
          });
    } else {
      anyText(pointer, text);
    }
  }

  /** Begins, or goes on with, a call whose arguments stand at this pointer. */
  void call(String pointer, String name) {
    String before = names.getOrDefault(pointer, "");
    if (!name.isEmpty()
        && before.length() < LONGEST_NAME
        && (names.size() < MOST_PARTS || names.containsKey(pointer))) {
      names.put(pointer, before + name);
    }
  }

  /** Every string of an event that nobody knows, apart from names. */
  void anyText(String at, JsonNode node) {
    if (node.isTextual()) {
      add(Zone.ASSISTANT, OpenAiChat.ASSISTANT, at, node.asText());
    } else if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        anyText(at + "/" + i, node.get(i));
      }
    } else if (node.isObject()) {
      rest(node, Set.of(), at);
    }
  }

  /** What of an event's object its reader has left; all of what is no object. */
  void rest(JsonNode object, Set<String> read, String at) {
    if (!object.isObject()) {
      anyText(at, object);
      return;
    }
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      String name = field.getKey();
      JsonNode value = field.getValue();
      if (read.contains(name) || (value.isTextual() && Names.isName(name, value.asText()))) {
        continue;
      }
      if (name.indexOf(' ') >= 0) {
        add(Zone.ASSISTANT, OpenAiChat.ASSISTANT, at, name);
      }
      if (value.isTextual() || value.isContainerNode()) {
        anyText(at + "/" + SegmentCollector.escape(name), value);
      }
    }
  }

  void add(Zone zone, String role, String pointer, String text) {
    if (text.isEmpty()) {
      return;
    }
    boolean room = parts.size() < MOST_PARTS || parts.containsKey(pointer);
    parts
        .computeIfAbsent(room ? pointer : "", at -> new Part(zone, role, new StringBuilder()))
        .text()
        .append(text);
  }

  Answer answer(AnswerFacts facts, boolean truncated) {
    List<Segment> segments = new ArrayList<>();
    List<ToolCall> calls = new ArrayList<>();
    parts.forEach(
        (pointer, part) ->
            segments.add(new Segment(part.zone(), part.role(), pointer, part.text().toString())));
    names.forEach(
        (pointer, name) -> {
          Part part = parts.get(pointer);
          calls.add(new ToolCall(name, part == null ? "" : part.text().toString(), pointer));
        });
    segments.addAll(whole.segments());
    calls.addAll(whole.calls());
    return new Answer(
        segments, calls, facts.refused, facts.finishReason, truncated, whole.uninspectedParts());
  }
}
