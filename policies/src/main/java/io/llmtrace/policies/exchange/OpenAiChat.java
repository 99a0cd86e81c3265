package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** Requests of OpenAI's chat completions API, and of every server that speaks it. */
final class OpenAiChat {
  static final String ASSISTANT = "assistant";

  /** Texts beside the content: what was refused, and how some servers show a model's reasoning. */
  static final List<String> TEXT_FIELDS = List.of("refusal", "reasoning_content", "reasoning");

  private OpenAiChat() {}

  static void collect(JsonNode root, SegmentCollector out) {
    out.each(
        root.path("messages"),
        Zone.USER,
        "",
        "/messages",
        (message, at) -> message(message, at, out));
    out.each(
        root.path("tools"),
        Zone.METADATA,
        "tools",
        "/tools",
        (tool, at) -> {
          out.tool(tool.path("function").path("name").asText());
          out.everyString(Zone.METADATA, "tools", at, tool);
        });
    // What tools were called before they were called tools.
    out.each(
        root.path("functions"),
        Zone.METADATA,
        "tools",
        "/functions",
        (function, at) -> {
          out.tool(function.path("name").asText());
          out.everyString(Zone.METADATA, "tools", at, function);
        });
    // Older completions carry their text here; a client may send it along to a lenient server.
    out.everyString(Zone.USER, "", "/prompt", root.path("prompt"));
  }

  /** The choices of an answer; older completions have a text instead of a message. */
  static void collectAnswer(JsonNode root, SegmentCollector out) {
    out.each(
        root.path("choices"),
        Zone.ASSISTANT,
        ASSISTANT,
        "/choices",
        (choice, at) -> {
          out.everyString(Zone.ASSISTANT, ASSISTANT, at + "/text", choice.path("text"));
          message(choice.path("message"), ASSISTANT, at + "/message", out);
        });
  }

  private static void message(JsonNode message, String pointer, SegmentCollector out) {
    message(message, message.path("role").asText(), pointer, out);
  }

  private static void message(JsonNode message, String role, String pointer, SegmentCollector out) {
    Zone zone = zone(role);
    content(message.path("content"), zone, role, pointer + "/content", out);
    for (String field : TEXT_FIELDS) {
      out.everyString(zone, role, pointer + "/" + field, message.path(field));
    }
    out.each(
        message.path("tool_calls"),
        Zone.TOOL_CALL,
        role,
        pointer + "/tool_calls",
        (call, at) -> call(call, role, at, out));
    out.everyString(
        Zone.TOOL_CALL, role, pointer + "/function_call", message.path("function_call"));
  }

  private static void call(JsonNode call, String role, String at, SegmentCollector out) {
    if (call.path("function").isObject()) {
      out.everyString(Zone.TOOL_CALL, role, at + "/function", call.path("function"));
    } else {
      out.everyString(Zone.TOOL_CALL, role, at, call);
    }
  }

  private static void content(
      JsonNode content, Zone zone, String role, String pointer, SegmentCollector out) {
    out.each(content, zone, role, pointer, (part, at) -> part(part, zone, role, at, out));
  }

  private static void part(JsonNode part, Zone zone, String role, String at, SegmentCollector out) {
    switch (part.path("type").asText()) {
      case "text", "input_text", "output_text" ->
          out.everyString(zone, role, at + "/text", part.path("text"));
      case "refusal" -> out.everyString(zone, role, at + "/refusal", part.path("refusal"));
      case "image_url", "input_audio", "file", "input_image", "input_file" -> out.uninspected();
      default -> out.everyString(zone, role, at, part);
    }
  }

  private static Zone zone(String role) {
    return switch (role) {
      case "system", "developer" -> Zone.SYSTEM;
      case "assistant" -> Zone.ASSISTANT;
      case "tool", "function" -> Zone.TOOL_RESULT;
      default -> Zone.USER;
    };
  }
}
