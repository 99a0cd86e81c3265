package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Cohere's chat, version 2; requests of version 1 are read too. */
final class CohereChat implements DialectFormat {
  private static final Set<String> SETTINGS =
      new TreeSet<>(
          Set.of(
              "response_format", "citation_options", "stop_sequences", "tool_choice", "thinking"));
  private static final Set<String> REQUEST =
      OpenAiChat.with(
          SETTINGS, "messages", "tools", "documents", "preamble", "message", "chat_history");
  private static final Set<String> MESSAGE =
      Set.of("content", "tool_calls", "tool_plan", "citations", "message");
  private static final Set<String> CALL = Set.of("function");
  private static final Set<String> ANSWER = Set.of("message", "usage", "logprobs", "meta");
  private static final Set<String> TEXT = Set.of("text", "thinking");
  private static final Set<String> DELTA = Set.of("message", "usage");
  private static final Set<String> EVENT = Set.of("delta", "logprobs");
  private static final Set<String> EVENTS =
      Set.of(
          "message-start",
          "content-start",
          "content-delta",
          "content-end",
          "tool-plan-delta",
          "tool-call-start",
          "tool-call-delta",
          "tool-call-end",
          "citation-start",
          "citation-end",
          "message-end",
          "debug");

  @Override
  public boolean named(RequestHead head) {
    return head.ends("/v2/chat") || (head.ends("/v1/chat") && head.host().contains("cohere"));
  }

  @Override
  public void collect(JsonNode root, SegmentCollector out) {
    out.everyString(Zone.SYSTEM, "system", "/preamble", root.path("preamble"));
    out.each(
        root.path("chat_history"),
        Zone.USER,
        "",
        "/chat_history",
        (message, at) -> message(message, message.path("role").asText(), at, out));
    out.each(
        root.path("messages"),
        Zone.USER,
        "",
        "/messages",
        (message, at) -> message(message, message.path("role").asText(), at, out));
    out.everyString(Zone.USER, "user", "/message", root.path("message"));
    out.left(root.path("documents"), Zone.DOCUMENT, "", "/documents");
    out.definitions(root.path("tools"), "/tools", "function");
    out.settings(root, SETTINGS);
    out.rest(root, REQUEST, Zone.USER, "", "");
  }

  private static void message(JsonNode message, String role, String at, SegmentCollector out) {
    Zone zone =
        switch (role) {
          case "CHATBOT" -> Zone.ASSISTANT;
          case "SYSTEM" -> Zone.SYSTEM;
          case "TOOL" -> Zone.TOOL_RESULT;
          default -> OpenAiChat.zone(role);
        };
    content(message.path("content"), zone, role, at + "/content", out);
    out.everyString(zone, role, at + "/message", message.path("message"));
    out.everyString(zone, role, at + "/tool_plan", message.path("tool_plan"));
    out.functionCalls(message.path("tool_calls"), role, at + "/tool_calls");
    out.left(message.path("citations"), zone, role, at + "/citations");
    out.rest(message, MESSAGE, zone, role, at);
  }

  private static void content(
      JsonNode content, Zone zone, String role, String pointer, SegmentCollector out) {
    out.each(
        content,
        zone,
        role,
        pointer,
        (part, at) -> {
          switch (part.path("type").asText()) {
            case "text", "thinking" -> {
              out.everyString(zone, role, at + "/thinking", part.path("thinking"));
              out.everyString(zone, role, at + "/text", part.path("text"));
              out.rest(part, TEXT, zone, role, at);
            }
            case "image_url" -> out.uninspected(zone, role, at, part);
            case "document" -> out.left(part, Zone.DOCUMENT, role, at);
            default -> out.everyString(zone, role, at, part);
          }
        });
  }

  @Override
  public boolean answers(JsonNode answer) {
    return EVENTS.contains(answer.path("type").asText())
        || (answer.path("message").path("role").asText().equals(OpenAiChat.ASSISTANT)
            && answer.has("finish_reason"));
  }

  @Override
  public void answer(JsonNode root, SegmentCollector out) {
    JsonNode message = root.path("message");
    if (message.isObject()) {
      message(message, OpenAiChat.ASSISTANT, "/message", out);
    } else {
      out.everyString(Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/message", message);
    }
    JsonNode calls = message.path("tool_calls");
    for (int i = 0; i < calls.size(); i++) {
      JsonNode function = calls.path(i).path("function");
      if (function.isObject()) {
        out.call(
            function.path("name").asText(),
            function.path("arguments").asText(),
            "/message/tool_calls/" + i + "/function/arguments");
      }
    }
    out.rest(root, ANSWER, Zone.ASSISTANT, OpenAiChat.ASSISTANT, "");
  }

  @Override
  public void event(JsonNode event, AnswerStream out) {
    int index = event.path("index").asInt(0);
    JsonNode delta = event.path("delta");
    JsonNode message = delta.path("message");
    String at = "/message/content/" + index;
    JsonNode content = message.path("content");
    if (content.isObject()) {
      out.piece(Zone.ASSISTANT, at + "/text", content.path("text"));
      out.piece(Zone.ASSISTANT, at + "/thinking", content.path("thinking"));
      out.rest(content, TEXT, at);
    } else {
      out.piece(Zone.ASSISTANT, at + "/text", content);
    }
    out.piece(Zone.ASSISTANT, "/message/tool_plan", message.path("tool_plan"));
    call(message.path("tool_calls"), "/message/tool_calls/" + index, out);
    JsonNode citations = message.path("citations");
    if (citations.isContainerNode()) {
      out.whole()
          .left(citations, Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/message/citations/" + index);
    } else {
      out.anyText("/message/citations", citations);
    }
    out.rest(message, MESSAGE, "/message");
    out.rest(delta, DELTA, "");
    out.rest(event, EVENT, "");
  }

  private static final Set<String> FUNCTION = Set.of("name", "arguments");
  private static final Set<String> ARGUMENTS = Set.of("arguments");

  private static void call(JsonNode call, String at, AnswerStream out) {
    JsonNode function = call.path("function");
    if (!function.isObject()) {
      out.anyText(at, call);
      return;
    }
    String name = function.path("name").asText();
    out.call(at + "/function/arguments", name);
    out.piece(Zone.TOOL_CALL, at + "/function/arguments", function.path("arguments"));
    out.rest(function, Names.isToken(name) ? FUNCTION : ARGUMENTS, at + "/function");
    out.rest(call, CALL, at);
  }

  @Override
  public void facts(JsonNode answer, AnswerFacts facts) {
    facts.common(answer);
    JsonNode delta = answer.path("delta");
    for (JsonNode node : new JsonNode[] {answer, delta}) {
      facts.finish(node.path("finish_reason"));
      facts.error(node.path("error"));
      JsonNode tokens = node.path("usage").path("tokens");
      facts.prompt(tokens.path("input_tokens"));
      facts.completion(tokens.path("output_tokens"));
      facts.cached(node.path("usage").path("cached_tokens"));
    }
    facts.ended |= answer.path("type").asText().equals("message-end");
  }

  /** cohere-python raises {@code BadRequestError} and {@code ForbiddenError} by status. */
  @Override
  public BlockAnswer error(int status, BlockNotice notice) {
    return BlockAnswer.error(
        status,
        BlockAnswer.object().put("id", notice.decisionId()).put("message", notice.message()));
  }

  /** cohere-python raises {@code TooManyRequestsError} by status. */
  @Override
  public BlockAnswer limited(Limited limited, BlockNotice notice) {
    return BlockAnswer.error(
        BlockAnswer.LIMITED,
        BlockAnswer.object().put("id", notice.decisionId()).put("message", limited.message()));
  }

  /**
   * Cohere has no reason that means a refusal; clients of closed types fail on an unknown one, so
   * it is {@code COMPLETE}.
   */
  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    ObjectNode usage = BlockAnswer.object();
    usage.putObject("billed_units").put("input_tokens", 0).put("output_tokens", 0);
    usage.putObject("tokens").put("input_tokens", 0).put("output_tokens", 0);
    if (!notice.caller().stream()) {
      ObjectNode answer = BlockAnswer.object().put("id", notice.decisionId());
      ObjectNode message = answer.putObject("message").put("role", OpenAiChat.ASSISTANT);
      message.putArray("content").addObject().put("type", "text").put("text", notice.message());
      answer.put("finish_reason", "COMPLETE").set("usage", usage);
      return BlockAnswer.json(answer);
    }
    List<ObjectNode> events = new ArrayList<>();
    ObjectNode start = event(events, "message-start").put("id", notice.decisionId());
    ObjectNode begun = start.putObject("delta").putObject("message");
    begun.put("role", OpenAiChat.ASSISTANT).putArray("content");
    begun.put("tool_plan", "").putArray("tool_calls");
    begun.putArray("citations");
    content(event(events, "content-start")).put("type", "text").put("text", "");
    content(event(events, "content-delta")).put("text", notice.message());
    event(events, "content-end").put("index", 0);
    ObjectNode end = event(events, "message-end").put("id", notice.decisionId());
    end.putObject("delta").put("finish_reason", "COMPLETE").set("usage", usage);
    return BlockAnswer.typedEvents(events);
  }

  private static ObjectNode event(List<ObjectNode> events, String type) {
    ObjectNode event = BlockAnswer.object().put("type", type);
    events.add(event);
    return event;
  }

  private static ObjectNode content(ObjectNode event) {
    return event.put("index", 0).putObject("delta").putObject("message").putObject("content");
  }
}
