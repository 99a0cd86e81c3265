package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Anthropic's messages, and the count of their tokens, which has the same requests. */
final class AnthropicMessages implements DialectFormat {
  private static final Set<String> SETTINGS =
      new TreeSet<>(
          Set.of(
              "metadata",
              "stop_sequences",
              "tool_choice",
              "thinking",
              "mcp_servers",
              "anthropic_beta",
              "container",
              "context_management",
              "output_config",
              "output_format"));

  private static final Set<String> REQUEST =
      OpenAiChat.with(SETTINGS, "system", "messages", "tools");
  private static final Set<String> MESSAGE = Set.of("content");
  private static final Set<String> TEXT = Set.of("text");
  private static final Set<String> THINKING = Set.of("thinking");
  private static final Set<String> TOOL_USE = Set.of("input", "name");
  private static final Set<String> DOCUMENT = Set.of("source", "title", "context");
  private static final Set<String> ANSWER = Set.of("content", "usage", "message", "stop_sequence");
  private static final Set<String> EVENTS =
      Set.of(
          "message_start",
          "content_block_start",
          "content_block_delta",
          "content_block_stop",
          "message_delta",
          "message_stop",
          "ping");

  private final boolean counts;

  private AnthropicMessages(boolean counts) {
    this.counts = counts;
  }

  static AnthropicMessages messages() {
    return new AnthropicMessages(false);
  }

  /** {@code /v1/messages/count_tokens}: the answer is a number. */
  static AnthropicMessages countTokens() {
    return new AnthropicMessages(true);
  }

  @Override
  public boolean named(RequestHead head) {
    if (counts) {
      return head.ends("/messages/count_tokens");
    }
    return (head.ends("/messages") && !head.path().contains("/threads/"))
        || head.headers().containsKey("anthropic-version")
        || (head.ends(":rawPredict", ":streamRawPredict") && head.path().contains("/anthropic/"));
  }

  @Override
  public boolean resembles(JsonNode body) {
    return !counts && body.path("anthropic_version").isTextual();
  }

  @Override
  public String model(JsonNode body, RequestHead head) {
    String named = body.path("model").asText("");
    return named.isEmpty() ? head.between("/publishers/anthropic/models/", ":") : named;
  }

  @Override
  public boolean stream(JsonNode body, RequestHead head) {
    return body.path("stream").asBoolean(false) || head.ends(":streamRawPredict");
  }

  @Override
  public void collect(JsonNode root, SegmentCollector out) {
    content(root.path("system"), Zone.SYSTEM, "system", "/system", out);
    out.each(
        root.path("messages"),
        Zone.USER,
        "",
        "/messages",
        (message, at) -> message(message, at, out));
    out.definitions(root.path("tools"), "/tools", "");
    out.settings(root, SETTINGS);
    out.rest(root, REQUEST, Zone.USER, "", "");
  }

  private static void message(JsonNode message, String at, SegmentCollector out) {
    String role = message.path("role").asText();
    Zone zone =
        switch (role) {
          case OpenAiChat.ASSISTANT -> Zone.ASSISTANT;
          case "system" -> Zone.SYSTEM;
          default -> Zone.USER;
        };
    content(message.path("content"), zone, role, at + "/content", out);
    out.rest(message, MESSAGE, zone, role, at);
  }

  private static void content(
      JsonNode content, Zone zone, String role, String pointer, SegmentCollector out) {
    out.each(content, zone, role, pointer, (block, at) -> block(block, zone, role, at, out));
  }

  private static void block(
      JsonNode block, Zone zone, String role, String at, SegmentCollector out) {
    switch (block.path("type").asText()) {
      case "text" -> {
        out.everyString(zone, role, at + "/text", block.path("text"));
        out.rest(block, TEXT, zone, role, at);
      }
      case "thinking" -> {
        out.everyString(zone, role, at + "/thinking", block.path("thinking"));
        out.rest(block, THINKING, zone, role, at);
      }
      case "tool_use", "server_tool_use", "mcp_tool_use" -> {
        out.everyString(Zone.TOOL_CALL, role, at + "/input", block.path("input"));
        out.nameOrText(Zone.TOOL_CALL, role, at + "/name", block.path("name"));
        out.rest(block, TOOL_USE, Zone.TOOL_CALL, role, at);
      }
      case "tool_result",
          "mcp_tool_result",
          "web_search_tool_result",
          "web_fetch_tool_result",
          "code_execution_tool_result",
          "bash_code_execution_tool_result",
          "text_editor_code_execution_tool_result" -> {
        content(block.path("content"), Zone.TOOL_RESULT, role, at + "/content", out);
        out.rest(block, MESSAGE, Zone.TOOL_RESULT, role, at);
      }
      case "document" -> document(block, role, at, out);
      case "search_result" -> {
        content(block.path("content"), Zone.DOCUMENT, role, at + "/content", out);
        out.rest(block, MESSAGE, Zone.DOCUMENT, role, at);
      }
      // Of these the text is sealed: only Anthropic can read it.
      case "image", "redacted_thinking", "web_search_result" ->
          out.uninspected(zone, role, at, block);
      default -> out.everyString(zone, role, at, block);
    }
  }

  private static void document(JsonNode block, String role, String at, SegmentCollector out) {
    JsonNode source = block.path("source");
    switch (source.path("type").asText()) {
      case "text" -> {
        out.everyString(Zone.DOCUMENT, role, at + "/source/data", source.path("data"));
        out.rest(source, Set.of("data"), Zone.DOCUMENT, role, at + "/source");
      }
      case "content" -> {
        content(source.path("content"), Zone.DOCUMENT, role, at + "/source/content", out);
        out.rest(source, MESSAGE, Zone.DOCUMENT, role, at + "/source");
      }
      default -> out.uninspected(Zone.DOCUMENT, role, at + "/source", source);
    }
    out.everyString(Zone.DOCUMENT, role, at + "/title", block.path("title"));
    out.everyString(Zone.DOCUMENT, role, at + "/context", block.path("context"));
    out.rest(block, DOCUMENT, Zone.DOCUMENT, role, at);
  }

  @Override
  public boolean answers(JsonNode answer) {
    String type = answer.path("type").asText();
    return !counts
        && (EVENTS.contains(type) || (type.equals("message") && answer.path("content").isArray()));
  }

  @Override
  public void answer(JsonNode root, SegmentCollector out) {
    JsonNode content = root.path("content");
    content(content, Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/content", out);
    for (int i = 0; i < content.size(); i++) {
      JsonNode block = content.path(i);
      if (block.path("type").asText().endsWith("tool_use")) {
        out.call(
            block.path("name").asText(),
            block.path("input").toString(),
            "/content/" + i + "/input");
      }
    }
    out.rest(root, MESSAGE, Zone.ASSISTANT, OpenAiChat.ASSISTANT, "");
  }

  @Override
  public void event(JsonNode event, AnswerStream out) {
    String at = "/content/" + event.path("index").asInt(0);
    start(at, event.path("content_block"), out);
    JsonNode delta = event.path("delta");
    out.piece(Zone.ASSISTANT, at + "/text", delta.path("text"));
    out.piece(Zone.ASSISTANT, at + "/thinking", delta.path("thinking"));
    out.piece(Zone.TOOL_CALL, at + "/input", delta.path("partial_json"));
    out.rest(delta, DELTA, at);
    JsonNode message = event.path("message");
    if (message.path("content").isArray() && !message.path("content").isEmpty()) {
      answer(message, out.whole());
    } else {
      out.rest(message, ANSWER, "");
      out.anyText("/content", message.path("content"));
    }
    out.rest(event, EVENT, "");
  }

  private static final Set<String> DELTA =
      Set.of("text", "thinking", "partial_json", "stop_sequence");
  private static final Set<String> EVENT = Set.of("content_block", "delta", "message", "usage");

  private static void start(String at, JsonNode block, AnswerStream out) {
    out.piece(Zone.ASSISTANT, at + "/text", block.path("text"));
    out.piece(Zone.ASSISTANT, at + "/thinking", block.path("thinking"));
    if (block.path("type").asText().endsWith("tool_use")) {
      String name = block.path("name").asText();
      out.call(at + "/input", name);
      if (!block.path("input").isEmpty()) {
        out.add(
            Zone.TOOL_CALL, OpenAiChat.ASSISTANT, at + "/input", block.path("input").toString());
      }
      out.rest(block, Names.isToken(name) ? TOOL_BLOCK : INPUT_BLOCK, at);
    } else if (block.path("type").asText().equals("redacted_thinking")) {
      out.whole().uninspected(Zone.ASSISTANT, OpenAiChat.ASSISTANT, at, block);
    } else if (block.has("content")) {
      content(
          block.path("content"),
          Zone.TOOL_RESULT,
          OpenAiChat.ASSISTANT,
          at + "/content",
          out.whole());
      out.rest(block, CONTENT_BLOCK, at);
    } else {
      out.rest(block, INPUT_BLOCK, at);
      out.anyText(at + "/input", block.path("input"));
    }
  }

  private static final Set<String> INPUT_BLOCK = Set.of("text", "thinking", "input");
  private static final Set<String> TOOL_BLOCK = Set.of("text", "thinking", "input", "name");
  private static final Set<String> CONTENT_BLOCK = Set.of("text", "thinking", "content");

  @Override
  public void facts(JsonNode answer, AnswerFacts facts) {
    facts.common(answer);
    // message_start carries the message, message_delta the end of it.
    facts.common(answer.path("message"));
    facts.finish(answer.path("stop_reason"));
    facts.finish(answer.path("delta").path("stop_reason"));
    facts.ended |= answer.path("type").asText().equals("message_stop");
  }

  @Override
  public BlockAnswer error(int status, BlockNotice notice) {
    ObjectNode body = BlockAnswer.object().put("type", "error");
    body.putObject("error")
        .put("type", status == 403 ? "permission_error" : "invalid_request_error")
        .put("message", notice.message());
    body.put("request_id", notice.decisionId());
    return BlockAnswer.error(status, body);
  }

  /** What anthropic's clients raise as {@code RateLimitError}; there is one type for all limits. */
  @Override
  public BlockAnswer limited(Limited limited, BlockNotice notice) {
    ObjectNode body = BlockAnswer.object().put("type", "error");
    body.putObject("error").put("type", "rate_limit_error").put("message", limited.message());
    body.put("request_id", notice.decisionId());
    return BlockAnswer.error(BlockAnswer.LIMITED, body);
  }

  /** A count cannot say no in any other way than by an error. */
  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    if (counts) {
      return error(400, notice);
    }
    return notice.caller().stream()
        ? BlockAnswer.typedEvents(refusalEvents(notice))
        : BlockAnswer.json(refusalMessage(notice));
  }

  static ObjectNode refusalMessage(BlockNotice notice) {
    ObjectNode message = message(notice).put("stop_reason", "refusal");
    message.putArray("content").addObject().put("type", "text").put("text", notice.message());
    return message;
  }

  static List<ObjectNode> refusalEvents(BlockNotice notice) {
    return events(message(notice), notice.message());
  }

  private static ObjectNode message(BlockNotice notice) {
    ObjectNode message = BlockAnswer.object();
    message
        .put("id", "msg_" + notice.decisionId())
        .put("type", "message")
        .put("role", OpenAiChat.ASSISTANT)
        .put("model", notice.caller().model());
    message.putArray("content");
    message.putNull("stop_reason").putNull("stop_sequence");
    message.putObject("usage").put("input_tokens", 0).put("output_tokens", 0);
    return message;
  }

  private static List<ObjectNode> events(ObjectNode message, String text) {
    ObjectNode start = event("message_start");
    start.set("message", message);
    ObjectNode open = event("content_block_start").put("index", 0);
    open.putObject("content_block").put("type", "text").put("text", "");
    ObjectNode delta = event("content_block_delta").put("index", 0);
    delta.putObject("delta").put("type", "text_delta").put("text", text);
    ObjectNode close = event("content_block_stop").put("index", 0);
    ObjectNode end = event("message_delta");
    end.putObject("delta").put("stop_reason", "refusal").putNull("stop_sequence");
    end.putObject("usage").put("output_tokens", 0);
    return List.of(start, open, delta, close, end, event("message_stop"));
  }

  private static ObjectNode event(String type) {
    return BlockAnswer.object().put("type", type);
  }
}
