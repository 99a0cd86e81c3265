package io.llmtrace.testkit.provider;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Chat completions. */
final class OpenAi implements Dialect {
  private static final int CREATED = 1_700_000_000;

  @Override
  public Map<String, Object> answer(String model, Reply reply) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("role", "assistant");
    message.put("content", reply.call().isPresent() ? null : reply.text());
    message.put("refusal", null);
    reply
        .call()
        .ifPresent(
            tool -> message.put("tool_calls", List.of(call(tool.name(), tool.json(), Map.of()))));
    Map<String, Object> choice = new LinkedHashMap<>();
    choice.put("index", 0);
    choice.put("message", message);
    choice.put("logprobs", null);
    choice.put("finish_reason", finish(reply));
    Map<String, Object> out = head(model, "chat.completion");
    out.put("choices", List.of(choice));
    out.put("usage", usage(reply));
    return out;
  }

  private static String finish(Reply reply) {
    return reply.call().isPresent() ? "tool_calls" : "stop";
  }

  private static Map<String, Object> call(String name, String arguments, Map<String, Object> more) {
    Map<String, Object> call = new LinkedHashMap<>(more);
    call.put("id", "call_mock");
    call.put("type", "function");
    call.put("function", Map.of("name", name, "arguments", arguments));
    return call;
  }

  @Override
  public Map<String, Object> error(int status, String message) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("message", message);
    error.put(
        "type",
        switch (status) {
          case 429 -> "requests";
          default -> status < 500 ? "invalid_request_error" : "server_error";
        });
    error.put("param", null);
    error.put(
        "code",
        switch (status) {
          case 401 -> "invalid_api_key";
          case 404 -> "model_not_found";
          case 429 -> "rate_limit_exceeded";
          default -> null;
        });
    return Map.of("error", error);
  }

  @Override
  public List<Event> stream(String model, Reply reply, Usage usage) {
    List<Event> events = new ArrayList<>();
    for (Map<String, Object> delta : deltas(reply)) {
      events.add(Event.token("", chunk(model, delta, null, usage)));
    }
    Map<String, Object> finish = chunk(model, Map.of(), finish(reply), usage);
    if (usage == Usage.WITH_FINISH) {
      finish.put("usage", usage(reply));
    }
    events.add(Event.of("", finish));
    if (usage == Usage.AT_THE_END) {
      Map<String, Object> last = head(model, "chat.completion.chunk");
      last.put("choices", List.of());
      last.put("usage", usage(reply));
      events.add(Event.of("", last));
    }
    events.add(Event.of("", "[DONE]"));
    return events;
  }

  private static List<Map<String, Object>> deltas(Reply reply) {
    List<Map<String, Object>> deltas = new ArrayList<>();
    reply
        .call()
        .ifPresent(
            tool -> {
              Map<String, Object> first = call(tool.name(), "", Map.of("index", 0));
              deltas.add(assistant(null));
              deltas.get(0).put("tool_calls", List.of(first));
              for (String piece : tool.arguments()) {
                Map<String, Object> more =
                    Map.of("index", 0, "function", Map.of("arguments", piece));
                deltas.add(Map.of("tool_calls", List.of(more)));
              }
            });
    for (String word : reply.words()) {
      deltas.add(deltas.isEmpty() ? assistant(word) : Map.of("content", word));
    }
    return deltas;
  }

  private static Map<String, Object> assistant(@Nullable String content) {
    Map<String, Object> delta = new LinkedHashMap<>();
    delta.put("role", "assistant");
    delta.put("content", content);
    return delta;
  }

  private static Map<String, Object> chunk(
      String model, Map<String, Object> delta, @Nullable String finish, Usage usage) {
    Map<String, Object> choice = new LinkedHashMap<>();
    choice.put("index", 0);
    choice.put("delta", delta);
    choice.put("finish_reason", finish);
    Map<String, Object> out = head(model, "chat.completion.chunk");
    out.put("choices", List.of(choice));
    if (usage == Usage.AT_THE_END) {
      out.put("usage", null);
    }
    return out;
  }

  private static Map<String, Object> head(String model, String object) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("id", "chatcmpl-mock");
    out.put("object", object);
    out.put("created", CREATED);
    out.put("model", model);
    return out;
  }

  private static Map<String, Object> usage(Reply reply) {
    return Map.of(
        "prompt_tokens",
        MockProvider.INPUT_TOKENS,
        "completion_tokens",
        reply.tokens(),
        "total_tokens",
        MockProvider.INPUT_TOKENS + reply.tokens());
  }
}
