package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.id.Ulid;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Ollama's own API, chat and generate; embeddings go with generate. An answer is streamed as lines
 * of JSON unless the request says otherwise.
 */
final class Ollama implements DialectFormat {
  private static final Set<String> SETTINGS = new TreeSet<>(Set.of("format", "options"));
  private static final Set<String> REQUEST =
      OpenAiChat.with(
          SETTINGS,
          "messages",
          "tools",
          "prompt",
          "suffix",
          "system",
          "template",
          "images",
          "input");
  private static final Set<String> MESSAGE =
      Set.of("content", "thinking", "images", "tool_calls", "tool_name");
  private static final Set<String> ANSWER =
      Set.of("message", "response", "thinking", "logprobs", "tool_calls");

  private final boolean chat;

  private Ollama(boolean chat) {
    this.chat = chat;
  }

  static Ollama chat() {
    return new Ollama(true);
  }

  static Ollama generate() {
    return new Ollama(false);
  }

  @Override
  public boolean named(RequestHead head) {
    return chat
        ? head.ends("/api/chat")
        : head.ends("/api/generate", "/api/embed", "/api/embeddings");
  }

  @Override
  public boolean stream(JsonNode body, RequestHead head) {
    return body.path("stream").asBoolean(chat || head.ends("/api/generate"));
  }

  @Override
  public void collect(JsonNode root, SegmentCollector out) {
    out.everyString(Zone.SYSTEM, "system", "/system", root.path("system"));
    out.everyString(Zone.SYSTEM, "system", "/template", root.path("template"));
    out.each(
        root.path("messages"),
        Zone.USER,
        "",
        "/messages",
        (message, at) -> message(message, message.path("role").asText(), at, out));
    for (String field : List.of("prompt", "suffix", "input")) {
      out.everyString(Zone.USER, "user", "/" + field, root.path(field));
    }
    images(root.path("images"), Zone.USER, "user", "/images", out);
    out.definitions(root.path("tools"), "/tools", "function");
    out.settings(root, SETTINGS);
    out.rest(root, REQUEST, Zone.USER, "", "");
  }

  private static void message(JsonNode message, String role, String at, SegmentCollector out) {
    Zone zone = OpenAiChat.zone(role);
    out.everyString(zone, role, at + "/content", message.path("content"));
    out.everyString(zone, role, at + "/thinking", message.path("thinking"));
    images(message.path("images"), zone, role, at + "/images", out);
    out.nameOrText(zone, role, at + "/tool_name", message.path("tool_name"));
    out.functionCalls(message.path("tool_calls"), role, at + "/tool_calls");
    out.rest(message, MESSAGE, zone, role, at);
  }

  private static void images(
      JsonNode images, Zone zone, String role, String at, SegmentCollector out) {
    for (int i = 0; i < images.size() && images.isArray(); i++) {
      out.uninspected(zone, role, at + "/" + i, images.get(i));
    }
    if (!images.isArray()) {
      out.everyString(zone, role, at, images);
    }
  }

  @Override
  public boolean answers(JsonNode answer) {
    return answer.path("done").isBoolean()
        && (chat ? answer.has("message") : answer.has("response"));
  }

  @Override
  public void answer(JsonNode root, SegmentCollector out) {
    JsonNode message = root.path("message");
    if (message.isObject()) {
      message(message, OpenAiChat.ASSISTANT, "/message", out);
      calls(message.path("tool_calls"), 0, out);
    } else {
      out.everyString(Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/message", message);
    }
    out.everyString(Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/response", root.path("response"));
    out.everyString(Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/thinking", root.path("thinking"));
    out.rest(root, ANSWER, Zone.ASSISTANT, OpenAiChat.ASSISTANT, "");
  }

  private static void calls(JsonNode calls, int before, SegmentCollector out) {
    for (int i = 0; i < calls.size(); i++) {
      JsonNode function = calls.path(i).path("function");
      if (function.isObject()) {
        JsonNode arguments = function.path("arguments");
        out.call(
            function.path("name").asText(),
            arguments.isTextual() ? arguments.asText() : arguments.toString(),
            "/message/tool_calls/" + (before + i) + "/function/arguments");
      }
    }
  }

  /** Text comes in pieces; a call comes whole. */
  @Override
  public void event(JsonNode event, AnswerStream out) {
    JsonNode message = event.path("message");
    out.piece(Zone.ASSISTANT, "/message/content", message.path("content"));
    out.piece(Zone.ASSISTANT, "/message/thinking", message.path("thinking"));
    JsonNode calls = message.path("tool_calls");
    int before = out.whole().calls().size();
    for (int i = 0; i < calls.size() && calls.isArray(); i++) {
      out.whole()
          .everyString(
              Zone.TOOL_CALL,
              OpenAiChat.ASSISTANT,
              "/message/tool_calls/" + (before + i),
              calls.get(i));
    }
    calls(calls, before, out.whole());
    if (!calls.isArray()) {
      out.anyText("/message/tool_calls", calls);
    }
    JsonNode images = message.path("images");
    images(images, Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/message/images", out.whole());
    out.rest(message, MESSAGE, "/message");
    out.piece(Zone.ASSISTANT, "/response", event.path("response"));
    out.piece(Zone.ASSISTANT, "/thinking", event.path("thinking"));
    out.rest(event, ANSWER, "");
  }

  @Override
  public void facts(JsonNode answer, AnswerFacts facts) {
    facts.common(answer);
    facts.finish(answer.path("done_reason"));
    facts.ended |= answer.path("done").asBoolean();
    facts.prompt(answer.path("prompt_eval_count"));
    facts.completion(answer.path("eval_count"));
  }

  /** ollama-python raises {@code ResponseError} with the text of {@code error} and the status. */
  @Override
  public BlockAnswer error(int status, BlockNotice notice) {
    return BlockAnswer.error(status, BlockAnswer.object().put("error", notice.message()));
  }

  @Override
  public BlockAnswer limited(Limited limited, BlockNotice notice) {
    return BlockAnswer.error(
        BlockAnswer.LIMITED, BlockAnswer.object().put("error", limited.message()));
  }

  /** A negative {@code num_predict} is no bound. */
  @Override
  public long maxTokens(JsonNode body) {
    return MaxTokens.largest(body.path("options"), "num_predict");
  }

  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    ObjectNode answer =
        BlockAnswer.object()
            .put("model", notice.caller().model())
            .put("created_at", Ulid.time(notice.decisionId()).toString());
    if (chat) {
      answer
          .putObject("message")
          .put("role", OpenAiChat.ASSISTANT)
          .put("content", notice.message());
    } else {
      answer.put("response", notice.message());
    }
    if (!notice.caller().stream()) {
      return BlockAnswer.json(end(answer));
    }
    ObjectNode last = answer.deepCopy();
    if (chat) {
      ((ObjectNode) last.path("message")).put("content", "");
    } else {
      last.put("response", "");
    }
    return BlockAnswer.lines(List.of(answer.put("done", false), end(last)));
  }

  private static ObjectNode end(ObjectNode answer) {
    return answer
        .put("done", true)
        .put("done_reason", "content_filter")
        .put("total_duration", 0)
        .put("prompt_eval_count", 0)
        .put("eval_count", 0);
  }
}
