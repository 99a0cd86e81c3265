package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/**
 * Messages of the Model Context Protocol (JSON-RPC 2.0; revision 2025-06-18), requests and results
 * alike: a definition of a tool is {@link Zone#METADATA} with the role {@code tools}, as it is in a
 * request to a model; what a tool gave back is {@link Zone#TOOL_RESULT}.
 */
final class McpMessages {
  private static final String TOOLS = "tools";
  private static final String SERVER = "server";

  private McpMessages() {}

  /** Whether a document is one message or a batch of them. */
  static boolean isMcp(JsonNode root) {
    JsonNode first = root.isArray() ? root.path(0) : root;
    return first.path("jsonrpc").asText().equals("2.0")
        && (first.has("method") || first.has("result") || first.has("error"));
  }

  static void collect(JsonNode root, SegmentCollector out) {
    if (root.isArray()) {
      out.each(root, Zone.USER, "", "", (message, at) -> message(message, at, out));
    } else {
      message(root, "", out);
    }
  }

  private static void message(JsonNode message, String at, SegmentCollector out) {
    out.everyString(Zone.TOOL_RESULT, SERVER, at + "/error", message.path("error"));
    JsonNode result = message.path("result");
    if (result.isObject()) {
      for (Map.Entry<String, JsonNode> field : result.properties()) {
        String child = at + "/result/" + field.getKey();
        result(field.getKey(), field.getValue(), child, out);
      }
    } else {
      out.everyString(Zone.TOOL_RESULT, SERVER, at + "/result", result);
    }
    JsonNode params = message.path("params");
    String pointer = at + "/params";
    switch (message.path("method").asText()) {
      case "tools/call" -> {
        out.tool(params.path("name").asText());
        out.everyString(Zone.TOOL_CALL, "", pointer + "/arguments", params.path("arguments"));
      }
      case "sampling/createMessage" -> {
        out.everyString(
            Zone.SYSTEM, SERVER, pointer + "/systemPrompt", params.path("systemPrompt"));
        messages(params.path("messages"), pointer + "/messages", out);
      }
      default -> out.everyString(Zone.USER, "", pointer, params);
    }
  }

  private static void result(String name, JsonNode value, String at, SegmentCollector out) {
    switch (name) {
      case TOOLS ->
          out.each(
              value,
              Zone.METADATA,
              TOOLS,
              at,
              (tool, place) -> {
                out.tool(tool.path("name").asText());
                out.everyString(Zone.METADATA, TOOLS, place, tool);
              });
      // A server's instructions and its lists are read by the model before any call is made.
      case "instructions", "prompts", "resources", "resourceTemplates", "serverInfo" ->
          out.everyString(Zone.METADATA, SERVER, at, value);
      case "contents" -> out.everyString(Zone.DOCUMENT, SERVER, at, value);
      case "messages" -> messages(value, at, out);
      case "content" ->
          out.each(value, Zone.TOOL_RESULT, SERVER, at, (part, place) -> part(part, place, out));
      default -> out.everyString(Zone.TOOL_RESULT, SERVER, at, value);
    }
  }

  private static void part(JsonNode part, String at, SegmentCollector out) {
    switch (part.path("type").asText()) {
      case "text" -> out.everyString(Zone.TOOL_RESULT, SERVER, at + "/text", part.path("text"));
      case "image", "audio" -> out.uninspected();
      case "resource" ->
          out.everyString(
              Zone.DOCUMENT, SERVER, at + "/resource/text", part.path("resource").path("text"));
      default -> out.everyString(Zone.TOOL_RESULT, SERVER, at, part);
    }
  }

  private static void messages(JsonNode messages, String pointer, SegmentCollector out) {
    out.each(
        messages,
        Zone.USER,
        "",
        pointer,
        (message, at) -> {
          String role = message.path("role").asText();
          Zone zone = role.equals(OpenAiChat.ASSISTANT) ? Zone.ASSISTANT : Zone.USER;
          out.everyString(zone, role, at + "/content", message.path("content"));
        });
  }
}
