package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;

/**
 * The plain completion of Hugging Face's Text Generation Inference ({@code /generate}, {@code
 * /generate_stream}, {@code inputs}), and of SGLang's and vLLM's servers, which take a {@code text}
 * or a {@code prompt} there.
 */
final class TextGeneration implements DialectFormat {
  private static final List<String> PROMPTS = List.of("inputs", "text", "prompt");
  private static final Set<String> SETTINGS = Set.of("parameters");
  private static final Set<String> REQUEST =
      OpenAiChat.with(
          SETTINGS, "inputs", "text", "prompt", "image_data", "audio_data", "video_data");
  private static final Set<String> ANSWER =
      Set.of("generated_text", "details", "token", "top_tokens", "meta_info");
  private static final Set<String> TOKEN = Set.of("text");

  @Override
  public boolean named(RequestHead head) {
    return head.ends("/generate", "/generate_stream");
  }

  @Override
  public boolean resembles(JsonNode body) {
    return body.has("inputs") && (body.size() == 1 || body.path("parameters").isObject());
  }

  @Override
  public String model(JsonNode body, RequestHead head) {
    String named = body.path("model").asText("");
    return named.isEmpty() && head.host().contains("huggingface")
        ? head.between("/models/", "")
        : named;
  }

  @Override
  public boolean stream(JsonNode body, RequestHead head) {
    return head.ends("/generate_stream") || body.path("stream").asBoolean(false);
  }

  @Override
  public void collect(JsonNode body, SegmentCollector out) {
    for (String field : PROMPTS) {
      out.everyString(Zone.USER, "", "/" + field, body.path(field));
    }
    for (String field : List.of("image_data", "audio_data", "video_data")) {
      JsonNode data = body.path(field);
      if (!data.isMissingNode() && !data.isNull()) {
        out.uninspected(Zone.USER, "", "/" + field, data);
      }
    }
    out.settings(body, SETTINGS);
    out.rest(body, REQUEST, Zone.USER, "", "");
  }

  @Override
  public boolean answers(JsonNode answer) {
    return first(answer).has("generated_text")
        || (answer.path("token").has("text") && answer.path("token").has("logprob"));
  }

  private static JsonNode first(JsonNode answer) {
    return answer.isArray() ? answer.path(0) : answer;
  }

  @Override
  public void answer(JsonNode root, SegmentCollector out) {
    if (root.isArray()) {
      out.each(
          root, Zone.ASSISTANT, OpenAiChat.ASSISTANT, "", (one, at) -> generated(one, at, out));
    } else {
      generated(root, "", out);
    }
  }

  /** The details are the same text once more, token by token, and how it ended. */
  private static void generated(JsonNode one, String at, SegmentCollector out) {
    out.everyString(
        Zone.ASSISTANT, OpenAiChat.ASSISTANT, at + "/generated_text", one.path("generated_text"));
    JsonNode sequences = one.path("details").path("best_of_sequences");
    for (int i = 0; i < sequences.size(); i++) {
      out.everyString(
          Zone.ASSISTANT,
          OpenAiChat.ASSISTANT,
          at + "/details/best_of_sequences/" + i + "/generated_text",
          sequences.path(i).path("generated_text"));
    }
    out.rest(one, ANSWER, Zone.ASSISTANT, OpenAiChat.ASSISTANT, at);
  }

  /** The last event has all of the text once more. */
  @Override
  public void event(JsonNode event, AnswerStream out) {
    JsonNode token = event.path("token");
    // The end of a text is a token too, and no part of it.
    String text = token.path("special").asBoolean() ? "/special" : "/generated_text";
    out.piece(Zone.ASSISTANT, text, token.path("text"));
    JsonNode all = event.path("generated_text");
    if (!token.isObject() || !all.isTextual()) {
      out.anyText("/generated_text", all);
    }
    out.rest(token, TOKEN, "/token");
    out.rest(event, ANSWER, "");
  }

  @Override
  public void facts(JsonNode answer, AnswerFacts facts) {
    JsonNode one = first(answer);
    facts.common(one);
    JsonNode details = one.path("details");
    facts.finish(details.path("finish_reason"));
    facts.completion(details.path("generated_tokens"));
    facts.prompt(details.path("input_length"));
    if (details.path("prefill").isArray() && !details.path("prefill").isEmpty()) {
      facts.prompt(BlockAnswer.number(details.path("prefill").size()));
    }
    facts.ended |= one.path("generated_text").isTextual();
  }

  /**
   * huggingface_hub raises {@code ValidationError} by {@code error_type} ({@code
   * raise_text_generation_error}).
   */
  @Override
  public BlockAnswer error(int status, BlockNotice notice) {
    return BlockAnswer.error(
        status,
        BlockAnswer.object().put("error", notice.message()).put("error_type", "validation"));
  }

  /** A model server that is asked too much answers 429 with this type (router/src/server.rs). */
  @Override
  public BlockAnswer limited(Limited limited, BlockNotice notice) {
    return BlockAnswer.error(
        BlockAnswer.LIMITED,
        BlockAnswer.object().put("error", limited.message()).put("error_type", "overloaded"));
  }

  @Override
  public long maxTokens(JsonNode body) {
    long own = MaxTokens.largest(body, "max_tokens", "max_new_tokens");
    JsonNode parameters = body.path("parameters");
    JsonNode sampling = body.path("sampling_params");
    return Math.max(
        own,
        Math.max(
            MaxTokens.largest(parameters, "max_new_tokens"),
            MaxTokens.largest(sampling, "max_new_tokens")));
  }

  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    ObjectNode answer = BlockAnswer.object();
    ObjectNode details = BlockAnswer.object().put("finish_reason", "stop_sequence");
    details.put("generated_tokens", 0).putNull("seed");
    if (!notice.caller().stream()) {
      details.putArray("prefill");
      details.putArray("tokens");
      answer.put("generated_text", notice.message()).set("details", details);
      return BlockAnswer.json(answer);
    }
    answer.put("index", 1);
    answer
        .putObject("token")
        .put("id", 0)
        .put("text", notice.message())
        .put("logprob", 0.0)
        .put("special", false);
    answer.put("generated_text", notice.message()).set("details", details);
    return BlockAnswer.events(List.of(answer));
  }
}
