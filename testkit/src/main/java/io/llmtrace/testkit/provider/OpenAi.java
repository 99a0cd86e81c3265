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
  public Map<String, Object> answer(String model, List<String> words) {
    Map<String, Object> out = head(model, "chat.completion");
    Map<String, Object> message = Map.of("role", "assistant", "content", String.join("", words));
    out.put("choices", List.of(Map.of("index", 0, "message", message, "finish_reason", "stop")));
    out.put("usage", usage(words));
    return out;
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
  public List<Event> stream(String model, List<String> words, Usage usage) {
    List<Event> events = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      Map<String, Object> delta = new LinkedHashMap<>();
      if (i == 0) {
        delta.put("role", "assistant");
      }
      delta.put("content", words.get(i));
      events.add(Event.token("", chunk(model, delta, null, usage)));
    }
    Map<String, Object> finish = chunk(model, Map.of(), "stop", usage);
    if (usage == Usage.WITH_FINISH) {
      finish.put("usage", usage(words));
    }
    events.add(Event.of("", finish));
    if (usage == Usage.AT_THE_END) {
      Map<String, Object> last = head(model, "chat.completion.chunk");
      last.put("choices", List.of());
      last.put("usage", usage(words));
      events.add(Event.of("", last));
    }
    events.add(Event.of("", "[DONE]"));
    return events;
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

  private static Map<String, Object> usage(List<String> words) {
    return Map.of(
        "prompt_tokens",
        MockProvider.INPUT_TOKENS,
        "completion_tokens",
        words.size(),
        "total_tokens",
        MockProvider.INPUT_TOKENS + words.size());
  }
}
