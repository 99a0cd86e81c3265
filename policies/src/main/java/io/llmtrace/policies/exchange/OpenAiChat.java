package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.id.Ulid;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * OpenAI's chat completions and legacy completions, and every server that speaks them: Azure,
 * Mistral, vLLM, SGLang, Groq and many more. The two share a class because lenient servers, and
 * their answers, mix them.
 */
final class OpenAiChat implements OpenAiFormat {
  static final String ASSISTANT = "assistant";

  /** Texts beside the content: what was refused, and how some servers show a model's reasoning. */
  private static final List<String> TEXT_FIELDS =
      List.of("refusal", "reasoning_content", "reasoning");

  private static final Set<String> MESSAGE =
      Set.of(
          "content",
          "refusal",
          "reasoning_content",
          "reasoning",
          "tool_calls",
          "function_call",
          "audio");

  /** Sorted, as the settings of other dialects: the order of segments must not be chance's. */
  static final Set<String> SETTINGS =
      new TreeSet<>(
          Set.of(
              "response_format",
              "metadata",
              "tool_choice",
              "function_call",
              "stop",
              "modalities",
              "audio",
              "models",
              "provider",
              "guided_regex",
              "reasoning_effort",
              "verbosity"));

  private static final Set<String> REQUEST =
      with(SETTINGS, "messages", "tools", "functions", "prompt");
  private static final Set<String> CALL = Set.of("function");

  /** What Azure says of its own filters: grades, and no text. */
  private static final Set<String> FILTERS =
      new TreeSet<>(Set.of("content_filter_results", "prompt_filter_results", "logprobs"));

  private static final Set<String> CHOICE = with(FILTERS, "text", "message", "delta");
  private static final Set<String> ANSWER = with(FILTERS, "choices", "usage", "x_groq");

  private final boolean chat;

  private OpenAiChat(boolean chat) {
    this.chat = chat;
  }

  static OpenAiChat chat() {
    return new OpenAiChat(true);
  }

  static OpenAiChat completions() {
    return new OpenAiChat(false);
  }

  static Set<String> with(Set<String> some, String... others) {
    Set<String> all = new TreeSet<>(some);
    all.addAll(List.of(others));
    return Set.copyOf(all);
  }

  @Override
  public boolean named(RequestHead head) {
    return head.ends(chat ? "/chat/completions" : "/completions");
  }

  @Override
  public boolean resembles(JsonNode body) {
    return chat && body.path("messages").isArray() && body.path("model").isTextual();
  }

  @Override
  public void collect(JsonNode root, SegmentCollector out) {
    out.each(
        root.path("messages"),
        Zone.USER,
        "",
        "/messages",
        (message, at) -> message(message, message.path("role").asText(), at, out));
    out.definitions(root.path("tools"), "/tools", "function");
    // What tools were called before they were called tools.
    out.definitions(root.path("functions"), "/functions", "");
    // Older completions carry their text here; a client may send it along to a lenient server.
    out.everyString(Zone.USER, "", "/prompt", root.path("prompt"));
    out.settings(root, SETTINGS);
    out.rest(root, REQUEST, Zone.USER, "", "");
  }

  private static void message(JsonNode message, String role, String pointer, SegmentCollector out) {
    Zone zone = zone(role);
    content(message.path("content"), zone, role, pointer + "/content", out);
    for (String field : TEXT_FIELDS) {
      if (message.has(field)) {
        out.everyString(zone, role, pointer + "/" + field, message.path(field));
      }
    }
    out.functionCalls(message.path("tool_calls"), role, pointer + "/tool_calls");
    out.everyString(
        Zone.TOOL_CALL, role, pointer + "/function_call", message.path("function_call"));
    if (message.path("audio").has("data")) {
      out.uninspected(zone, role, pointer + "/audio", message.path("audio"));
    } else if (message.has("audio")) {
      out.textBeside(zone, role, pointer + "/audio", message.path("audio"));
    }
    out.rest(message, MESSAGE, zone, role, pointer);
  }

  static void content(
      JsonNode content, Zone zone, String role, String pointer, SegmentCollector out) {
    out.each(content, zone, role, pointer, (part, at) -> OpenAi.part(part, zone, role, at, out));
  }

  static Zone zone(String role) {
    return switch (role) {
      case "system", "developer" -> Zone.SYSTEM;
      case ASSISTANT -> Zone.ASSISTANT;
      case "tool", "function" -> Zone.TOOL_RESULT;
      default -> Zone.USER;
    };
  }

  @Override
  public boolean answers(JsonNode answer) {
    return answer.path("choices").isArray();
  }

  @Override
  public void answer(JsonNode root, SegmentCollector out) {
    out.each(
        root.path("choices"),
        Zone.ASSISTANT,
        ASSISTANT,
        "/choices",
        (choice, at) -> {
          out.everyString(Zone.ASSISTANT, ASSISTANT, at + "/text", choice.path("text"));
          JsonNode message = choice.path("message");
          message(message, ASSISTANT, at + "/message", out);
          calls(message, at + "/message", out);
          out.rest(choice, CHOICE, Zone.ASSISTANT, ASSISTANT, at);
          out.everyString(Zone.ASSISTANT, ASSISTANT, at + "/delta", choice.path("delta"));
        });
    out.rest(root, ANSWER, Zone.ASSISTANT, ASSISTANT, "");
  }

  private static void calls(JsonNode message, String at, SegmentCollector out) {
    JsonNode calls = message.path("tool_calls");
    for (int i = 0; i < calls.size(); i++) {
      call(calls.path(i).path("function"), at + "/tool_calls/" + i + "/function", out);
    }
    call(message.path("function_call"), at + "/function_call", out);
  }

  private static void call(JsonNode function, String at, SegmentCollector out) {
    if (function.isObject()) {
      out.call(
          function.path("name").asText(), function.path("arguments").asText(), at + "/arguments");
    }
  }

  @Override
  public void event(JsonNode event, AnswerStream out) {
    event.path("choices").forEach(choice -> choice(choice, out));
    out.rest(event, ANSWER, "");
  }

  private static void choice(JsonNode choice, AnswerStream out) {
    String at = "/choices/" + choice.path("index").asInt(0);
    String message = at + "/message";
    out.piece(Zone.ASSISTANT, at + "/text", choice.path("text"));
    delta(choice.path("delta"), message, out);
    delta(choice.path("message"), message, out);
    out.rest(choice, CHOICE, at);
  }

  private static void delta(JsonNode delta, String message, AnswerStream out) {
    out.piece(Zone.ASSISTANT, message + "/content", delta.path("content"));
    for (String field : TEXT_FIELDS) {
      out.piece(Zone.ASSISTANT, message + "/" + field, delta.path(field));
    }
    int place = 0;
    JsonNode calls = delta.path("tool_calls");
    for (JsonNode call : calls.isArray() ? calls : NOTHING) {
      String at = message + "/tool_calls/" + call.path("index").asInt(place++);
      function(at + "/function", call.path("function"), out);
      out.rest(call, CALL, at);
    }
    if (!calls.isArray()) {
      out.anyText(message + "/tool_calls", calls);
    }
    function(message + "/function_call", delta.path("function_call"), out);
    if (delta.path("audio").has("data")) {
      out.whole().uninspected();
    }
    out.piece(
        Zone.ASSISTANT, message + "/audio/transcript", delta.path("audio").path("transcript"));
    out.rest(delta, MESSAGE, message);
  }

  private static void function(String at, JsonNode function, AnswerStream out) {
    String arguments = at + "/arguments";
    if (!function.isObject()) {
      out.anyText(at, function);
      return;
    }
    String name = function.path("name").asText();
    out.call(arguments, name);
    out.piece(Zone.TOOL_CALL, arguments, function.path("arguments"));
    out.rest(function, Names.isToken(name) ? NAME_AND_ARGUMENTS : ARGUMENTS, at);
  }

  private static final JsonNode NOTHING = MissingNode.getInstance();
  private static final Set<String> ARGUMENTS = Set.of("arguments");
  private static final Set<String> NAME_AND_ARGUMENTS = Set.of("name", "arguments");

  @Override
  public void facts(JsonNode answer, AnswerFacts facts) {
    facts.common(answer);
    // Groq's streams.
    facts.usage(answer.path("x_groq").path("usage"));
    for (JsonNode choice : answer.path("choices")) {
      facts.finish(choice.path("finish_reason"));
      facts.refusal(choice.path("message").path("refusal"));
      facts.refusal(choice.path("delta").path("refusal"));
    }
  }

  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    boolean stream = notice.caller().stream();
    ObjectNode completion = BlockAnswer.object();
    completion
        .put("id", (chat ? "chatcmpl-" : "cmpl-") + notice.decisionId())
        .put("object", object(stream))
        .put("created", Ulid.time(notice.decisionId()).getEpochSecond())
        .put("model", notice.caller().model());
    ObjectNode choice = completion.putArray("choices").addObject().put("index", 0);
    if (chat) {
      choice
          .putObject(stream ? "delta" : "message")
          .put("role", ASSISTANT)
          .put("content", notice.message());
    } else {
      choice.put("text", notice.message());
    }
    if (!stream) {
      choice.put("finish_reason", "content_filter");
      completion
          .putObject("usage")
          .put("prompt_tokens", 0)
          .put("completion_tokens", 0)
          .put("total_tokens", 0);
      return BlockAnswer.json(completion);
    }
    choice.putNull("finish_reason");
    ObjectNode last = completion.deepCopy();
    ObjectNode lastChoice = (ObjectNode) last.path("choices").path(0);
    if (chat) {
      lastChoice.putObject("delta");
    } else {
      lastChoice.put("text", "");
    }
    lastChoice.put("finish_reason", "content_filter");
    return BlockAnswer.events(
        "data: "
            + BlockAnswer.text(completion)
            + "\n\ndata: "
            + BlockAnswer.text(last)
            + "\n\ndata: [DONE]\n\n");
  }

  private String object(boolean stream) {
    if (!chat) {
      return "text_completion";
    }
    return stream ? "chat.completion.chunk" : "chat.completion";
  }
}
