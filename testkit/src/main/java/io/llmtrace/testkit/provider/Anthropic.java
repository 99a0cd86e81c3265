package io.llmtrace.testkit.provider;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Messages. Streams always say their usage: the input's at the start, the output's at the end. */
final class Anthropic implements Dialect {
  @Override
  public Map<String, Object> answer(String model, Reply reply) {
    Map<String, Object> block =
        reply
            .call()
            .map(tool -> use(tool.name(), Map.of("city", "Porto")))
            .orElseGet(() -> Map.of("type", "text", "text", reply.text()));
    return message(model, List.of(block), stop(reply), reply.tokens());
  }

  private static String stop(Reply reply) {
    return reply.call().isPresent() ? "tool_use" : "end_turn";
  }

  private static Map<String, Object> use(String tool, Map<String, Object> input) {
    return Map.of("type", "tool_use", "id", "toolu_mock", "name", tool, "input", input);
  }

  @Override
  public Map<String, Object> error(int status, String message) {
    String type =
        switch (status) {
          case 401 -> "authentication_error";
          case 403 -> "permission_error";
          case 404 -> "not_found_error";
          case 413 -> "request_too_large";
          case 429 -> "rate_limit_error";
          case 529 -> "overloaded_error";
          default -> status < 500 ? "invalid_request_error" : "api_error";
        };
    return Map.of("type", "error", "error", Map.of("type", type, "message", message));
  }

  @Override
  public List<Event> stream(String model, Reply reply, Usage usage) {
    List<Event> events = new ArrayList<>();
    events.add(event("message_start", Map.of("message", message(model, List.of(), null, 1))));
    Map<String, Object> block =
        reply
            .call()
            .map(tool -> use(tool.name(), Map.of()))
            .orElseGet(() -> Map.of("type", "text", "text", ""));
    events.add(event("content_block_start", Map.of("index", 0, "content_block", block)));
    events.add(event("ping", Map.of()));
    reply
        .call()
        .ifPresent(
            tool ->
                tool.arguments()
                    .forEach(
                        piece -> events.add(delta("input_json_delta", "partial_json", piece))));
    reply.words().forEach(word -> events.add(delta("text_delta", "text", word)));
    events.add(event("content_block_stop", Map.of("index", 0)));
    Map<String, Object> stop = new LinkedHashMap<>();
    stop.put("stop_reason", stop(reply));
    stop.put("stop_sequence", null);
    events.add(
        event(
            "message_delta",
            Map.of("delta", stop, "usage", Map.of("output_tokens", reply.tokens()))));
    events.add(event("message_stop", Map.of()));
    return events;
  }

  private static Event delta(String type, String key, String piece) {
    Map<String, Object> delta = Map.of("type", type, key, piece);
    return Event.token(
        "content_block_delta", typed("content_block_delta", Map.of("index", 0, "delta", delta)));
  }

  private static Event event(String type, Map<String, Object> rest) {
    return Event.of(type, typed(type, rest));
  }

  private static Map<String, Object> typed(String type, Map<String, Object> rest) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("type", type);
    out.putAll(rest);
    return out;
  }

  private static Map<String, Object> message(
      String model, List<Object> content, @Nullable String stopReason, int outputTokens) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("id", "msg_mock");
    out.put("type", "message");
    out.put("role", "assistant");
    out.put("model", model);
    out.put("content", content);
    out.put("stop_reason", stopReason);
    out.put("stop_sequence", null);
    out.put(
        "usage", Map.of("input_tokens", MockProvider.INPUT_TOKENS, "output_tokens", outputTokens));
    return out;
  }
}
