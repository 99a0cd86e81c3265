package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns a provider's answer into an {@link Answer}. It reads OpenAI chat completions, Anthropic
 * messages, MCP messages and any other JSON, each whole or as an event stream (or as lines of
 * JSON), by what is in them: the tap sees a log line and not always the request's dialect.
 * Stateless, linear in the length of the body, and never fails: a body that is cut is read as far
 * as it goes, and what is no JSON is one text.
 */
public final class AnswerReader {
  private static final Set<String> REFUSALS =
      Set.of("content_filter", "refusal", "safety", "blocklist", "prohibited_content");

  /** Texts kept apart in a stream; an answer has a handful, and the rest is joined in one. */
  private static final int MOST_PARTS = 1024;

  private AnswerReader() {}

  /**
   * Reads an answer.
   *
   * @param body the answer's text, possibly cut by the logger
   */
  public static Answer read(String body) {
    if (body.isBlank()) {
      return new Answer(List.of(), List.of(), false, null, false, 0);
    }
    if (ProviderText.isEventStream(body)) {
      Stream stream = new Stream();
      ProviderText.events(body).forEach(stream::event);
      return stream.answer(!stream.ended);
    }
    if (isLines(body)) {
      Stream stream = new Stream();
      body.lines().forEach(stream::event);
      return stream.answer(false);
    }
    JsonNode root = ProviderText.jsonSoFar(body);
    if (!root.isContainerNode()) {
      Segment text = new Segment(Zone.ASSISTANT, "", "", body);
      return new Answer(List.of(text), List.of(), false, null, false, 0);
    }
    return document(root, ProviderText.json(body).isMissingNode());
  }

  /** JSON documents one a line, as some local servers stream. */
  private static boolean isLines(String body) {
    int line = body.indexOf('\n');
    return line > 0
        && body.startsWith("{")
        && body.startsWith("{", line + 1)
        && !ProviderText.json(body.substring(0, line)).isMissingNode();
  }

  private static Answer document(JsonNode root, boolean truncated) {
    SegmentCollector out = new SegmentCollector();
    if (McpMessages.isMcp(root)) {
      McpMessages.collect(root, out);
    } else if (root.path("choices").isArray()) {
      OpenAiChat.collectAnswer(root, out);
    } else if (root.path("type").asText().equals("message") && root.path("content").isArray()) {
      AnthropicMessages.collectAnswer(root, out);
    } else {
      out.everyString(Zone.ASSISTANT, "", "", root);
    }
    Outcome outcome = new Outcome();
    outcome.read(root);
    return new Answer(
        out.segments(),
        calls(root),
        outcome.refused,
        outcome.finishReason,
        truncated,
        out.uninspectedParts());
  }

  private static List<ToolCall> calls(JsonNode root) {
    List<ToolCall> calls = new ArrayList<>();
    JsonNode choices = root.path("choices");
    for (int i = 0; i < choices.size(); i++) {
      String at = "/choices/" + i + "/message";
      JsonNode message = choices.get(i).path("message");
      JsonNode toolCalls = message.path("tool_calls");
      for (int k = 0; k < toolCalls.size(); k++) {
        call(toolCalls.get(k).path("function"), at + "/tool_calls/" + k + "/function", calls);
      }
      call(message.path("function_call"), at + "/function_call", calls);
    }
    JsonNode content = root.path("content");
    for (int i = 0; i < content.size(); i++) {
      JsonNode block = content.get(i);
      if (block.path("type").asText().endsWith("tool_use")) {
        calls.add(
            new ToolCall(
                block.path("name").asText(),
                block.path("input").toString(),
                "/content/" + i + "/input"));
      }
    }
    return calls;
  }

  private static void call(JsonNode function, String at, List<ToolCall> calls) {
    if (function.isObject()) {
      calls.add(
          new ToolCall(
              function.path("name").asText(),
              function.path("arguments").asText(),
              at + "/arguments"));
    }
  }

  /** How an answer ended, gathered over the events of a stream. */
  private static final class Outcome {
    @Nullable String finishReason;
    boolean refused;

    void read(JsonNode node) {
      JsonNode choices = node.path("choices");
      for (JsonNode choice : choices) {
        finish(choice.path("finish_reason"));
        refusal(choice.path("message").path("refusal"));
        refusal(choice.path("delta").path("refusal"));
      }
      finish(node.path("stop_reason"));
      finish(node.path("delta").path("stop_reason"));
      JsonNode candidate = node.path("candidates").path(0);
      finish(candidate.path("finishReason"));
      refused |= node.path("promptFeedback").path("blockReason").isTextual();
      refused |= node.path("error").path("code").asText().equals("content_filter");
    }

    private void refusal(JsonNode text) {
      refused |= text.isTextual() && !text.asText().isEmpty();
    }

    private void finish(JsonNode reason) {
      if (reason.isTextual()) {
        finishReason = finishReason == null ? reason.asText() : finishReason;
        refused |= REFUSALS.contains(reason.asText().toLowerCase(Locale.ROOT));
      }
    }
  }

  /** Joins the pieces of a stream, each to the text that it belongs to. */
  private static final class Stream {
    /** Fields that name things and are no text of the answer. */
    private static final Set<String> NAMES =
        Set.of(
            "id",
            "object",
            "model",
            "type",
            "role",
            "event",
            "created",
            "created_at",
            "item_id",
            "response_id",
            "finish_reason",
            "system_fingerprint",
            "status",
            "service_tier",
            "signature",
            "done_reason",
            "responseId",
            "modelVersion",
            "finishReason",
            "call_id",
            "obfuscation");

    private final Map<String, Part> parts = new LinkedHashMap<>();
    private final Map<String, String> names = new LinkedHashMap<>();
    private final List<Segment> whole = new ArrayList<>();
    private final Outcome outcome = new Outcome();
    private int uninspected;
    boolean ended;

    private record Part(Zone zone, String role, StringBuilder text) {}

    void event(String data) {
      if (data.equals("[DONE]")) {
        ended = true;
        return;
      }
      // Only the last line of a cut stream is cut: the others pay one failed parse at the most.
      JsonNode event = ProviderText.jsonSoFar(data);
      if (!event.isContainerNode()) {
        add("", Zone.ASSISTANT, "", data);
        return;
      }
      outcome.read(event);
      String type = event.path("type").asText();
      if (McpMessages.isMcp(event)) {
        SegmentCollector out = new SegmentCollector();
        McpMessages.collect(event, out);
        whole.addAll(out.segments());
        uninspected += out.uninspectedParts();
        ended = true;
      } else if (event.path("choices").isArray()) {
        event.path("choices").forEach(this::choice);
      } else if (ANTHROPIC_EVENTS.contains(type)) {
        anthropic(type, event);
      } else {
        anyText("", event);
        ended |= event.path("done").asBoolean() || type.equals("response.completed");
      }
    }

    private static final Set<String> ANTHROPIC_EVENTS =
        Set.of(
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
            "ping");

    private void choice(JsonNode choice) {
      String at = "/choices/" + choice.path("index").asInt(0);
      JsonNode delta = choice.has("delta") ? choice.path("delta") : choice.path("message");
      String message = at + "/message";
      string(at + "/text", Zone.ASSISTANT, choice.path("text"));
      string(message + "/content", Zone.ASSISTANT, delta.path("content"));
      for (String field : OpenAiChat.TEXT_FIELDS) {
        string(message + "/" + field, Zone.ASSISTANT, delta.path(field));
      }
      int place = 0;
      for (JsonNode call : delta.path("tool_calls")) {
        int index = call.path("index").asInt(place++);
        function(message + "/tool_calls/" + index + "/function", call.path("function"));
      }
      function(message + "/function_call", delta.path("function_call"));
    }

    private void function(String at, JsonNode function) {
      if (!function.isObject()) {
        return;
      }
      String arguments = at + "/arguments";
      if (names.size() < MOST_PARTS && function.path("name").isTextual()) {
        names.merge(arguments, function.path("name").asText(), String::concat);
      }
      string(arguments, Zone.TOOL_CALL, function.path("arguments"));
    }

    private void anthropic(String type, JsonNode event) {
      String at = "/content/" + event.path("index").asInt(0);
      switch (type) {
        case "content_block_start" -> start(at, event.path("content_block"));
        case "content_block_delta" -> {
          JsonNode delta = event.path("delta");
          string(at + "/text", Zone.ASSISTANT, delta.path("text"));
          string(at + "/thinking", Zone.ASSISTANT, delta.path("thinking"));
          string(at + "/input", Zone.TOOL_CALL, delta.path("partial_json"));
        }
        case "message_stop" -> ended = true;
        default -> {}
      }
    }

    private void start(String at, JsonNode block) {
      string(at + "/text", Zone.ASSISTANT, block.path("text"));
      string(at + "/thinking", Zone.ASSISTANT, block.path("thinking"));
      if (block.path("type").asText().endsWith("tool_use") && names.size() < MOST_PARTS) {
        names.put(at + "/input", block.path("name").asText());
        if (!block.path("input").isEmpty()) {
          add(at + "/input", Zone.TOOL_CALL, OpenAiChat.ASSISTANT, block.path("input").toString());
        }
      } else if (block.has("content")) {
        SegmentCollector out = new SegmentCollector();
        out.everyString(
            Zone.TOOL_RESULT, OpenAiChat.ASSISTANT, at + "/content", block.path("content"));
        whole.addAll(out.segments());
      }
    }

    private void anyText(String at, JsonNode node) {
      if (node.isTextual()) {
        add(at, Zone.ASSISTANT, OpenAiChat.ASSISTANT, node.asText());
      }
      for (int i = 0; node.isArray() && i < node.size(); i++) {
        anyText(at + "/" + i, node.get(i));
      }
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        if (!NAMES.contains(field.getKey())) {
          anyText(at + "/" + SegmentCollector.escape(field.getKey()), field.getValue());
        }
      }
    }

    private void string(String pointer, Zone zone, JsonNode text) {
      if (text.isTextual()) {
        add(pointer, zone, OpenAiChat.ASSISTANT, text.asText());
      } else if (text.isArray() && pointer.endsWith("/content")) {
        text.forEach(part -> string(pointer, zone, part.path("text")));
      }
    }

    private void add(String pointer, Zone zone, String role, String text) {
      if (text.isEmpty()) {
        return;
      }
      boolean room = parts.size() < MOST_PARTS || parts.containsKey(pointer);
      parts
          .computeIfAbsent(room ? pointer : "", at -> new Part(zone, role, new StringBuilder()))
          .text()
          .append(text);
    }

    Answer answer(boolean truncated) {
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
      segments.addAll(whole);
      return new Answer(
          segments, calls, outcome.refused, outcome.finishReason, truncated, uninspected);
    }
  }
}
