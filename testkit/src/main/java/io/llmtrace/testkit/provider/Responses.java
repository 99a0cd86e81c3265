package io.llmtrace.testkit.provider;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** OpenAI's Responses. Its errors are those of chat completions; usage is always told. */
final class Responses implements Dialect {
  private static final int CREATED = 1_700_000_000;
  private static final String MESSAGE = "msg_mock";
  private static final String CALL = "fc_mock";

  private final Dialect chat = new OpenAi();

  @Override
  public Map<String, Object> answer(String model, Reply reply) {
    return response(model, "completed", List.of(item(reply)), usage(reply));
  }

  @Override
  public Map<String, Object> error(int status, String message) {
    return chat.error(status, message);
  }

  @Override
  public List<Event> stream(String model, Reply reply, Usage usage) {
    Numbered events = new Numbered();
    Map<String, Object> begun = response(model, "in_progress", List.of(), null);
    events.add("response.created", Map.of("response", begun));
    events.add("response.in_progress", Map.of("response", begun));
    if (reply.call().isPresent()) {
      calls(events, reply.call().get());
    } else {
      says(events, reply);
    }
    events.add("response.completed", Map.of("response", answer(model, reply)));
    return events.all;
  }

  private static void says(Numbered events, Reply reply) {
    events.add(
        "response.output_item.added",
        Map.of("output_index", 0, "item", message("in_progress", List.of())));
    Map<String, Object> where = Map.of("item_id", MESSAGE, "output_index", 0, "content_index", 0);
    events.add("response.content_part.added", where, "part", text(""));
    for (String word : reply.words()) {
      events.token("response.output_text.delta", with(where, "logprobs", List.of()), word);
    }
    events.add(
        "response.output_text.done", with(where, "logprobs", List.of()), "text", reply.text());
    events.add("response.content_part.done", where, "part", text(reply.text()));
    events.add("response.output_item.done", Map.of("output_index", 0, "item", item(reply)));
  }

  private static void calls(Numbered events, Reply.ToolCall tool) {
    events.add(
        "response.output_item.added",
        Map.of("output_index", 0, "item", call(tool.name(), "", "in_progress")));
    Map<String, Object> where = Map.of("item_id", CALL, "output_index", 0);
    for (String piece : tool.arguments()) {
      events.token("response.function_call_arguments.delta", where, piece);
    }
    events.add(
        "response.function_call_arguments.done",
        with(where, "name", tool.name()),
        "arguments",
        tool.json());
    events.add(
        "response.output_item.done",
        Map.of("output_index", 0, "item", call(tool.name(), tool.json(), "completed")));
  }

  private static Map<String, Object> item(Reply reply) {
    return reply
        .call()
        .map(tool -> call(tool.name(), tool.json(), "completed"))
        .orElseGet(() -> message("completed", List.of(text(reply.text()))));
  }

  private static Map<String, Object> message(String status, List<Object> content) {
    Map<String, Object> item = new LinkedHashMap<>();
    item.put("id", MESSAGE);
    item.put("type", "message");
    item.put("status", status);
    item.put("role", "assistant");
    item.put("content", content);
    return item;
  }

  private static Map<String, Object> call(String name, String arguments, String status) {
    Map<String, Object> item = new LinkedHashMap<>();
    item.put("id", CALL);
    item.put("type", "function_call");
    item.put("status", status);
    item.put("call_id", "call_mock");
    item.put("name", name);
    item.put("arguments", arguments);
    return item;
  }

  private static Map<String, Object> text(String text) {
    return Map.of(
        "type", "output_text", "text", text, "annotations", List.of(), "logprobs", List.of());
  }

  private static Map<String, Object> response(
      String model, String status, List<Object> output, @Nullable Map<String, Object> usage) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("id", "resp_mock");
    out.put("object", "response");
    out.put("created_at", CREATED);
    out.put("status", status);
    out.put("error", null);
    out.put("incomplete_details", null);
    out.put("instructions", null);
    out.put("max_output_tokens", null);
    out.put("metadata", Map.of());
    out.put("model", model);
    out.put("output", output);
    out.put("parallel_tool_calls", true);
    out.put("previous_response_id", null);
    out.put("store", true);
    out.put("temperature", 1.0);
    out.put("text", Map.of("format", Map.of("type", "text")));
    out.put("tool_choice", "auto");
    out.put("tools", List.of());
    out.put("top_p", 1.0);
    out.put("truncation", "disabled");
    out.put("usage", usage);
    return out;
  }

  private static Map<String, Object> usage(Reply reply) {
    Map<String, Object> usage = new LinkedHashMap<>();
    usage.put("input_tokens", MockProvider.INPUT_TOKENS);
    usage.put("input_tokens_details", Map.of("cached_tokens", 0));
    usage.put("output_tokens", reply.tokens());
    usage.put("output_tokens_details", Map.of("reasoning_tokens", 0));
    usage.put("total_tokens", MockProvider.INPUT_TOKENS + reply.tokens());
    return usage;
  }

  private static Map<String, Object> with(Map<String, Object> map, String key, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(map);
    more.put(key, value);
    return more;
  }

  /** Events that carry their type and their number. */
  private static final class Numbered {
    private final List<Event> all = new ArrayList<>();

    void add(String type, Map<String, Object> rest) {
      all.add(Event.of(type, numbered(type, rest)));
    }

    void add(String type, Map<String, Object> rest, String key, Object value) {
      add(type, with(rest, key, value));
    }

    void token(String type, Map<String, Object> rest, String delta) {
      all.add(Event.token(type, numbered(type, with(rest, "delta", delta))));
    }

    private Map<String, Object> numbered(String type, Map<String, Object> rest) {
      Map<String, Object> out = new LinkedHashMap<>();
      out.put("type", type);
      out.put("sequence_number", all.size());
      out.putAll(rest);
      return out;
    }
  }
}
