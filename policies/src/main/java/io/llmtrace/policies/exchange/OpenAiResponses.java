package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.id.Ulid;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** OpenAI's Responses API: a list of typed items in, a list of typed items out. */
final class OpenAiResponses implements OpenAiFormat {
  private static final Set<String> SETTINGS =
      new TreeSet<>(
          Set.of(
              "metadata",
              "tool_choice",
              "include",
              "reasoning",
              "text",
              "stream_options",
              "context_management",
              "conversation"));

  private static final Set<String> REQUEST =
      OpenAiChat.with(SETTINGS, "instructions", "input", "tools", "prompt");
  private static final Set<String> MESSAGE = Set.of("content");
  private static final Set<String> CALL = Set.of("arguments", "input", "name", "action", "code");
  private static final Set<String> CALL_AND_OUTPUT =
      OpenAiChat.with(CALL, "output", "results", "outputs");
  private static final Set<String> OUTPUT = Set.of("output");
  private static final Set<String> REASONING = Set.of("summary", "content", "encrypted_content");

  /** An answer repeats the request's settings and texts; these are read with the request. */
  private static final Set<String> ANSWER =
      OpenAiChat.with(REQUEST, "output", "usage", "error", "output_text", "incomplete_details");

  private static final Set<String> EVENT = Set.of("response", "item", "part", "delta", "logprobs");
  private static final Set<String> DONE =
      OpenAiChat.with(EVENT, "text", "arguments", "input", "code", "refusal");
  private static final String OBJECT = "response";

  @Override
  public boolean named(RequestHead head) {
    return head.ends("/responses", "/responses/compact", "/responses/input_tokens");
  }

  @Override
  public boolean resembles(JsonNode body) {
    return body.path("model").isTextual()
        && (body.path("input").isTextual()
            || body.path("input").path(0).path("type").isTextual()
            || body.path("input").path(0).path("role").isTextual());
  }

  @Override
  public void collect(JsonNode root, SegmentCollector out) {
    items(root.path("instructions"), Zone.SYSTEM, "system", "/instructions", out);
    items(root.path("input"), Zone.USER, "user", "/input", out);
    tools(root.path("tools"), out);
    // Variables of a stored prompt; the prompt itself is with the provider.
    out.left(root.path("prompt"), Zone.USER, "", "/prompt");
    out.settings(root, SETTINGS);
    out.rest(root, REQUEST, Zone.USER, "", "");
  }

  private static String name(JsonNode tool) {
    String label = tool.path("server_label").asText();
    return label.isEmpty() || tool.hasNonNull("name")
        ? SegmentCollector.toolName(tool, "function")
        : label;
  }

  private static void tools(JsonNode tools, SegmentCollector out) {
    out.each(
        tools,
        Zone.METADATA,
        "tools",
        "/tools",
        (tool, at) -> {
          out.tool(name(tool));
          if (tool.has("server_url")) {
            // The label is the client's own word for it; where it leads is not.
            out.tool("mcp:" + SegmentCollector.host(tool.path("server_url").asText()));
          }
          for (Map.Entry<String, JsonNode> field : tool.properties()) {
            // A server's credentials are for the server and no text.
            if (field.getKey().equals("headers") || field.getKey().equals("authorization")) {
              out.textBeside(Zone.METADATA, "tools", at + "/" + field.getKey(), field.getValue());
            } else {
              String child = at + "/" + SegmentCollector.escape(field.getKey());
              out.name(Zone.METADATA, "tools", child, field.getKey());
              out.everyString(Zone.METADATA, "tools", child, field.getValue());
            }
          }
        });
  }

  private static void items(
      JsonNode items, Zone zone, String role, String pointer, SegmentCollector out) {
    out.each(items, zone, role, pointer, (item, at) -> item(item, zone, role, at, out));
  }

  private static void item(JsonNode item, Zone zone, String role, String at, SegmentCollector out) {
    String type = item.path("type").asText("message");
    switch (type) {
      case "message" -> {
        String said = item.path("role").asText(role);
        Zone spoken = item.has("role") ? OpenAiChat.zone(said) : zone;
        OpenAiChat.content(item.path("content"), spoken, said, at + "/content", out);
        out.rest(item, MESSAGE, spoken, said, at);
      }
      case "reasoning" -> {
        Zone own = Zone.ASSISTANT;
        OpenAiChat.content(item.path("summary"), own, OpenAiChat.ASSISTANT, at + "/summary", out);
        OpenAiChat.content(item.path("content"), own, OpenAiChat.ASSISTANT, at + "/content", out);
        JsonNode sealed = item.path("encrypted_content");
        if (!sealed.isMissingNode() && !sealed.isNull()) {
          out.uninspected(own, OpenAiChat.ASSISTANT, at + "/encrypted_content", sealed);
        }
        out.rest(item, REASONING, own, OpenAiChat.ASSISTANT, at);
      }
      case "function_call", "custom_tool_call", "mcp_call", "mcp_approval_request" -> {
        call(item, at, out);
        // A call to a remote server carries what came back.
        results(item, at, out);
        out.rest(item, CALL_AND_OUTPUT, Zone.TOOL_CALL, OpenAiChat.ASSISTANT, at);
      }
      case "local_shell_call",
          "shell_call",
          "computer_call",
          "web_search_call",
          "file_search_call",
          "code_interpreter_call",
          "apply_patch_call" -> {
        call(item, at, out);
        results(item, at, out);
        out.rest(item, CALL_AND_OUTPUT, Zone.TOOL_CALL, OpenAiChat.ASSISTANT, at);
      }
      case "function_call_output",
          "custom_tool_call_output",
          "computer_call_output",
          "local_shell_call_output",
          "shell_call_output",
          "apply_patch_call_output" -> {
        JsonNode output = item.path("output");
        if (output.isObject()) {
          OpenAi.part(output, Zone.TOOL_RESULT, "tool", at + "/output", out);
        } else {
          OpenAiChat.content(output, Zone.TOOL_RESULT, "tool", at + "/output", out);
        }
        out.rest(item, OUTPUT, Zone.TOOL_RESULT, "tool", at);
      }
      // What a remote server offers, as it comes back with the history.
      case "mcp_list_tools" -> {
        out.definitions(item.path("tools"), at + "/tools", "");
        out.rest(item, Set.of("tools"), Zone.METADATA, "tools", at);
      }
      case "image_generation_call", "compaction" ->
          out.uninspected(Zone.ASSISTANT, OpenAiChat.ASSISTANT, at, item);
      case "item_reference" -> out.rest(item, Set.of(), zone, role, at);
      // A list of parts where a list of messages belongs.
      default -> OpenAi.part(item, zone, role, at, out);
    }
  }

  private static void results(JsonNode item, String at, SegmentCollector out) {
    for (String field : List.of("output", "results", "outputs")) {
      out.everyString(Zone.TOOL_RESULT, "tool", at + "/" + field, item.path(field));
    }
  }

  private static void call(JsonNode item, String at, SegmentCollector out) {
    out.nameOrText(Zone.TOOL_CALL, OpenAiChat.ASSISTANT, at + "/name", item.path("name"));
    for (String field : List.of("arguments", "input", "action", "code")) {
      out.everyString(Zone.TOOL_CALL, OpenAiChat.ASSISTANT, at + "/" + field, item.path(field));
    }
  }

  @Override
  public boolean answers(JsonNode answer) {
    return (answer.path("object").asText().equals(OBJECT) && answer.has("output"))
        || answer.path("type").asText().startsWith("response.");
  }

  @Override
  public void answer(JsonNode root, SegmentCollector out) {
    JsonNode output = root.path("output");
    items(output, Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/output", out);
    for (int i = 0; i < output.size(); i++) {
      JsonNode item = output.path(i);
      String field = item.has("arguments") ? "arguments" : "input";
      if (item.path("type").asText().endsWith("call") && item.path(field).isTextual()) {
        out.call(
            item.path("name").asText(), item.path(field).asText(), "/output/" + i + "/" + field);
      }
    }
    out.everyString(Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/error", root.path("error"));
    out.textBeside(
        Zone.ASSISTANT,
        OpenAiChat.ASSISTANT,
        "/incomplete_details",
        root.path("incomplete_details"));
    if (output.isEmpty()) {
      // Some servers add all text once more; where there is nothing else, it is the only one.
      out.everyString(
          Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/output_text", root.path("output_text"));
    }
    out.rest(root, ANSWER, Zone.ASSISTANT, OpenAiChat.ASSISTANT, "");
  }

  /**
   * Texts come as deltas; what says at the end of a text, a part or an item what it has become is
   * the same once more and not read, but for items that had no deltas.
   */
  @Override
  public void event(JsonNode event, AnswerStream out) {
    String type = event.path("type").asText();
    String item = "/output/" + event.path("output_index").asInt(0);
    String part = item + "/content/" + event.path("content_index").asInt(0);
    switch (type) {
      case "response.output_text.delta" ->
          out.piece(Zone.ASSISTANT, part + "/text", event.path("delta"));
      case "response.refusal.delta" ->
          out.piece(Zone.ASSISTANT, part + "/refusal", event.path("delta"));
      case "response.reasoning_text.delta" ->
          out.piece(Zone.ASSISTANT, part + "/text", event.path("delta"));
      case "response.reasoning_summary_text.delta" ->
          out.piece(
              Zone.ASSISTANT,
              item + "/summary/" + event.path("summary_index").asInt(0) + "/text",
              event.path("delta"));
      case "response.function_call_arguments.delta", "response.mcp_call_arguments.delta" ->
          out.piece(Zone.TOOL_CALL, item + "/arguments", event.path("delta"));
      case "response.custom_tool_call_input.delta" ->
          out.piece(Zone.TOOL_CALL, item + "/input", event.path("delta"));
      case "response.code_interpreter_call_code.delta" ->
          out.piece(Zone.TOOL_CALL, item + "/code", event.path("delta"));
      case "response.audio.delta", "response.image_generation_call.partial_image" -> {
        out.whole().uninspected(Zone.ASSISTANT, OpenAiChat.ASSISTANT, item, event);
        return;
      }
      case "response.output_item.added" -> added(event.path("item"), item, out);
      case "response.output_item.done" -> done(event.path("item"), item, out);
      case "response.output_text.done",
          "response.refusal.done",
          "response.reasoning_text.done",
          "response.reasoning_summary_text.done",
          "response.reasoning_summary_part.added",
          "response.reasoning_summary_part.done",
          "response.function_call_arguments.done",
          "response.mcp_call_arguments.done",
          "response.custom_tool_call_input.done",
          "response.code_interpreter_call_code.done",
          "response.content_part.added",
          "response.content_part.done" -> {}
      case "response.created", "response.in_progress", "response.queued", "response.completed" -> {}
      case "response.failed", "response.incomplete" ->
          out.anyText("/error", event.path("response").path("error"));
      default -> {
        out.anyText(item, event);
        return;
      }
    }
    out.rest(event, type.endsWith(".done") ? DONE : EVENT, item);
  }

  private static void added(JsonNode item, String at, AnswerStream out) {
    String type = item.path("type").asText();
    if (type.endsWith("call")) {
      String field = type.equals("custom_tool_call") ? "/input" : "/arguments";
      if (item.has("name")) {
        out.call(at + field, item.path("name").asText());
      }
    }
  }

  /** Items of the kinds whose text came in deltas are known by then. */
  private static void done(JsonNode item, String at, AnswerStream out) {
    switch (item.path("type").asText()) {
      case "message", "reasoning", "function_call", "custom_tool_call" -> {}
      default -> {
        if (item.isObject()) {
          item(item, Zone.ASSISTANT, OpenAiChat.ASSISTANT, at, out.whole());
        } else {
          out.anyText(at, item);
        }
      }
    }
  }

  @Override
  public void facts(JsonNode answer, AnswerFacts facts) {
    String type = answer.path("type").asText();
    JsonNode response = type.startsWith("response.") ? answer.path("response") : answer;
    facts.common(response);
    String status = response.path("status").asText();
    JsonNode reason = response.path("incomplete_details").path("reason");
    if (reason.isTextual()) {
      facts.finish(reason);
    } else if (Set.of("completed", "failed", "cancelled", "incomplete").contains(status)) {
      facts.finish(response.path("status"));
    }
    facts.failed |= status.equals("failed");
    for (JsonNode item : response.path("output")) {
      for (JsonNode part : item.path("content")) {
        facts.refusal(part.path("refusal"));
      }
    }
    facts.refused |= type.startsWith("response.refusal.");
    facts.ended |=
        Set.of("response.completed", "response.failed", "response.incomplete").contains(type);
  }

  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    String text = notice.message();
    ObjectNode part = BlockAnswer.object().put("type", "refusal").put("refusal", text);
    ObjectNode item =
        BlockAnswer.object()
            .put("type", "message")
            .put("id", "msg_" + notice.decisionId())
            .put("status", "completed")
            .put("role", OpenAiChat.ASSISTANT);
    item.putArray("content").add(part);
    ObjectNode response = response(notice, "completed");
    response.putArray("output").add(item);
    response
        .putObject("usage")
        .put("input_tokens", 0)
        .put("output_tokens", 0)
        .put("total_tokens", 0)
        .set("input_tokens_details", BlockAnswer.object().put("cached_tokens", 0));
    ((ObjectNode) response.path("usage"))
        .set("output_tokens_details", BlockAnswer.object().put("reasoning_tokens", 0));
    if (!notice.caller().stream()) {
      return BlockAnswer.json(response);
    }
    ObjectNode empty = item.deepCopy().put("status", "in_progress");
    empty.putArray("content");
    ObjectNode nothing = BlockAnswer.object().put("type", "refusal").put("refusal", "");
    List<ObjectNode> events = new ArrayList<>();
    ObjectNode begun = response(notice, "in_progress");
    begun.putArray("output");
    event(events, "response.created").set("response", begun);
    event(events, "response.in_progress").set("response", begun);
    event(events, "response.output_item.added").put("output_index", 0).set("item", empty);
    place(event(events, "response.content_part.added"), item).set("part", nothing);
    place(event(events, "response.refusal.delta"), item).put("delta", text);
    place(event(events, "response.refusal.done"), item).put("refusal", text);
    place(event(events, "response.content_part.done"), item).set("part", part);
    event(events, "response.output_item.done").put("output_index", 0).set("item", item);
    event(events, "response.completed").set("response", response);
    return BlockAnswer.typedEvents(events);
  }

  private static ObjectNode response(BlockNotice notice, String status) {
    ObjectNode response =
        BlockAnswer.object()
            .put("id", "resp_" + notice.decisionId())
            .put("object", OBJECT)
            .put("created_at", Ulid.time(notice.decisionId()).getEpochSecond())
            .put("status", status)
            .put("model", notice.caller().model())
            .put("parallel_tool_calls", true)
            .put("tool_choice", "auto");
    response.putNull("error").putNull("incomplete_details").putNull("instructions");
    response.putArray("tools");
    response.putObject("metadata");
    return response;
  }

  private static ObjectNode event(List<ObjectNode> events, String type) {
    ObjectNode event = BlockAnswer.object().put("type", type).put("sequence_number", events.size());
    events.add(event);
    return event;
  }

  private static ObjectNode place(ObjectNode event, ObjectNode item) {
    return event
        .put("item_id", item.path("id").asText())
        .put("output_index", 0)
        .put("content_index", 0);
  }
}
