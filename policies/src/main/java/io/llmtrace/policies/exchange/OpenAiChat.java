package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;

/** Requests of OpenAI's chat completions API, and of every server that speaks it. */
final class OpenAiChat {
  private OpenAiChat() {}

  static void collect(JsonNode root, SegmentCollector out) {
    JsonNode messages = root.path("messages");
    for (int i = 0; i < messages.size(); i++) {
      message(messages.get(i), "/messages/" + i, out);
    }
    JsonNode tools = root.path("tools");
    for (int i = 0; i < tools.size(); i++) {
      JsonNode function = tools.get(i).path("function");
      out.tool(function.path("name").asText());
      out.everyString(Zone.METADATA, "tools", "/tools/" + i, tools.get(i));
    }
    // Older completions carry their text here; a client may send it along to a lenient server.
    out.everyString(Zone.USER, "", "/prompt", root.path("prompt"));
  }

  private static void message(JsonNode message, String pointer, SegmentCollector out) {
    String role = message.path("role").asText();
    Zone zone = zone(role);
    content(message.path("content"), zone, role, pointer + "/content", out);
    JsonNode calls = message.path("tool_calls");
    for (int i = 0; i < calls.size(); i++) {
      out.everyString(
          Zone.TOOL_CALL,
          role,
          pointer + "/tool_calls/" + i + "/function",
          calls.get(i).path("function"));
    }
    out.everyString(
        Zone.TOOL_CALL, role, pointer + "/function_call", message.path("function_call"));
  }

  private static void content(
      JsonNode content, Zone zone, String role, String pointer, SegmentCollector out) {
    if (content.isTextual()) {
      out.text(zone, role, pointer, content);
      return;
    }
    for (int i = 0; i < content.size(); i++) {
      JsonNode part = content.get(i);
      String at = pointer + "/" + i;
      switch (part.path("type").asText()) {
        case "text", "input_text", "output_text" ->
            out.text(zone, role, at + "/text", part.path("text"));
        case "refusal" -> out.text(zone, role, at + "/refusal", part.path("refusal"));
        case "image_url", "input_audio", "file", "input_image", "input_file" -> out.uninspected();
        default -> out.everyString(zone, role, at, part);
      }
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
