package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;

/** Requests of Anthropic's messages API. */
final class AnthropicMessages {
  private AnthropicMessages() {}

  static void collect(JsonNode root, SegmentCollector out) {
    content(root.path("system"), Zone.SYSTEM, "system", "/system", out);
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
          out.tool(tool.path("name").asText());
          out.everyString(Zone.METADATA, "tools", at, tool);
        });
  }

  /** The blocks of an answer. */
  static void collectAnswer(JsonNode root, SegmentCollector out) {
    content(root.path("content"), Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/content", out);
  }

  private static void message(JsonNode message, String at, SegmentCollector out) {
    String role = message.path("role").asText();
    Zone zone =
        switch (role) {
          case "assistant" -> Zone.ASSISTANT;
          case "system" -> Zone.SYSTEM;
          default -> Zone.USER;
        };
    content(message.path("content"), zone, role, at + "/content", out);
  }

  private static void content(
      JsonNode content, Zone zone, String role, String pointer, SegmentCollector out) {
    out.each(content, zone, role, pointer, (block, at) -> block(block, zone, role, at, out));
  }

  private static void block(
      JsonNode block, Zone zone, String role, String at, SegmentCollector out) {
    switch (block.path("type").asText()) {
      case "text" -> out.everyString(zone, role, at + "/text", block.path("text"));
      case "thinking" -> out.everyString(zone, role, at + "/thinking", block.path("thinking"));
      case "tool_use", "server_tool_use", "mcp_tool_use" ->
          out.everyString(Zone.TOOL_CALL, role, at + "/input", block.path("input"));
      case "tool_result", "mcp_tool_result", "web_search_tool_result" ->
          content(block.path("content"), Zone.TOOL_RESULT, role, at + "/content", out);
      case "document" -> document(block, role, at, out);
      case "image", "redacted_thinking" -> out.uninspected();
      default -> out.everyString(zone, role, at, block);
    }
  }

  private static void document(JsonNode block, String role, String at, SegmentCollector out) {
    JsonNode source = block.path("source");
    switch (source.path("type").asText()) {
      case "text" -> out.text(Zone.DOCUMENT, role, at + "/source/data", source.path("data"));
      case "content" ->
          content(source.path("content"), Zone.DOCUMENT, role, at + "/source/content", out);
      default -> out.uninspected();
    }
    out.text(Zone.DOCUMENT, role, at + "/title", block.path("title"));
    out.text(Zone.DOCUMENT, role, at + "/context", block.path("context"));
  }
}
