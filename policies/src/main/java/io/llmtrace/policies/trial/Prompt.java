package io.llmtrace.policies.trial;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.Zone;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * One text as a whole request, so that it goes the way of any other. Immutable.
 *
 * @param path of the API
 * @param body of the request
 * @param textAt JSON Pointer of the text in it
 */
record Prompt(String path, ObjectNode body, String textAt) {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final String QUESTION = "Go on.";

  /** A text that stands in a zone. */
  static Prompt of(String text, Zone zone, String model, List<String> tools) {
    return zone == Zone.DOCUMENT ? document(text, model, tools) : chat(text, zone, model, tools);
  }

  private static Prompt chat(String text, Zone zone, String model, List<String> tools) {
    ObjectNode body = JSON.objectNode().put("model", model);
    ArrayNode messages = body.putArray("messages");
    ArrayNode offered = JSON.arrayNode();
    tools.forEach(tool -> offered.add(function(tool)));
    String at =
        switch (zone) {
          case SYSTEM -> message(messages, "system", text);
          case ASSISTANT -> {
            message(messages, "user", QUESTION);
            yield message(messages, "assistant", text);
          }
          case TOOL_CALL -> {
            message(messages, "user", QUESTION);
            yield call(messages, tools, text);
          }
          case TOOL_RESULT -> {
            message(messages, "user", QUESTION);
            call(messages, tools, "{}");
            String place = message(messages, "tool", text);
            ((ObjectNode) messages.get(2)).put("tool_call_id", "call_1");
            yield place;
          }
          case METADATA -> {
            message(messages, "user", QUESTION);
            ObjectNode tool = function(tools.isEmpty() ? "tool" : tools.get(0));
            ((ObjectNode) tool.get("function")).put("description", text);
            if (offered.isEmpty()) {
              offered.add(tool);
            } else {
              offered.set(0, tool);
            }
            yield "/tools/0/function/description";
          }
          case USER, DOCUMENT -> message(messages, "user", text);
        };
    if (zone == Zone.SYSTEM) {
      message(messages, "user", QUESTION);
    }
    if (!offered.isEmpty()) {
      body.set("tools", offered);
    }
    return new Prompt("/v1/chat/completions", body, at);
  }

  private static ObjectNode function(String name) {
    ObjectNode tool = JSON.objectNode().put("type", "function");
    tool.putObject("function").put("name", name);
    return tool;
  }

  private static String message(ArrayNode messages, String role, String text) {
    messages.addObject().put("role", role).put("content", text);
    return "/messages/" + (messages.size() - 1) + "/content";
  }

  private static String call(ArrayNode messages, List<String> tools, String arguments) {
    ObjectNode call =
        messages
            .addObject()
            .put("role", "assistant")
            .putArray("tool_calls")
            .addObject()
            .put("id", "call_1")
            .put("type", "function");
    call.putObject("function")
        .put("name", tools.isEmpty() ? "tool" : tools.get(0))
        .put("arguments", arguments);
    return "/messages/1/tool_calls/0/function/arguments";
  }

  /** Chat completions have no documents, messages have. */
  private static Prompt document(String text, String model, List<String> tools) {
    ObjectNode body = JSON.objectNode().put("model", model).put("max_tokens", 1024);
    ArrayNode content =
        body.putArray("messages").addObject().put("role", "user").putArray("content");
    content
        .addObject()
        .put("type", "document")
        .putObject("source")
        .put("type", "text")
        .put("media_type", "text/plain")
        .put("data", text);
    content.addObject().put("type", "text").put("text", QUESTION);
    if (!tools.isEmpty()) {
      ArrayNode offered = body.putArray("tools");
      tools.forEach(
          tool ->
              offered
                  .addObject()
                  .put("name", tool)
                  .putObject("input_schema")
                  .put("type", "object"));
    }
    return new Prompt("/v1/messages", body, "/messages/0/content/0/source/data");
  }

  RequestContent content(Map<String, String> headers) {
    return new RequestContent(
        "POST", path, headers, body.toString().getBytes(StandardCharsets.UTF_8));
  }
}
