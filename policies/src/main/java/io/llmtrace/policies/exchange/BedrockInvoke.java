package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * InvokeModel of Amazon Bedrock: the body has the model's own dialect. Anthropic's, Cohere's and
 * Mistral's chat, and Nova's, are those of their own APIs or of Converse; Llama, Titan and the
 * older Mistral and Cohere models have a prompt.
 */
final class BedrockInvoke implements DialectFormat {
  private static final DialectFormat ANTHROPIC = AnthropicMessages.messages();
  private static final DialectFormat CONVERSE = new BedrockConverse();
  private static final DialectFormat CHAT = OpenAiChat.chat();
  private static final DialectFormat COHERE = new CohereChat();
  private static final DialectFormat OTHER = PlainBody.json();
  private static final List<String> TEXTS =
      List.of("generation", "outputText", "text", "completion");
  private static final List<String> LISTS = List.of("results", "outputs", "generations");
  private static final Set<String> ANSWER =
      Set.of(
          "generation",
          "outputText",
          "text",
          "completion",
          "results",
          "outputs",
          "generations",
          "prompt",
          "amazon-bedrock-invocationMetrics");
  private static final Set<String> ITEM = Set.of("outputText", "text", "completionReason");

  @Override
  public boolean named(RequestHead head) {
    return head.path().contains("/model/") && head.ends("/invoke", "/invoke-with-response-stream");
  }

  @Override
  public String model(JsonNode body, RequestHead head) {
    return head.between("/model/", "/invoke");
  }

  @Override
  public boolean stream(JsonNode body, RequestHead head) {
    return head.ends("/invoke-with-response-stream");
  }

  @Override
  public void collect(JsonNode body, SegmentCollector out) {
    own(body).collect(body, out);
  }

  private static DialectFormat own(JsonNode body) {
    if (body.has("anthropic_version")) {
      return ANTHROPIC;
    }
    if (body.has("schemaVersion") || body.has("inferenceConfig") || body.has("toolConfig")) {
      return CONVERSE;
    }
    if (body.has("messages")) {
      return CHAT;
    }
    return body.has("message") || body.has("chat_history") ? COHERE : OTHER;
  }

  @Override
  public boolean answers(JsonNode answer) {
    for (String list : LISTS) {
      JsonNode first = answer.path(list).path(0);
      if (first.path("outputText").isTextual() || first.path("text").isTextual()) {
        return true;
      }
    }
    return answer.path("outputText").isTextual()
        || (answer.path("generation").isTextual() && answer.has("stop_reason"));
  }

  @Override
  public void answer(JsonNode root, SegmentCollector out) {
    for (String field : TEXTS) {
      out.everyString(Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/" + field, root.path(field));
    }
    for (String list : LISTS) {
      out.each(
          root.path(list),
          Zone.ASSISTANT,
          OpenAiChat.ASSISTANT,
          "/" + list,
          (item, at) -> {
            for (String field : List.of("outputText", "text")) {
              out.everyString(
                  Zone.ASSISTANT, OpenAiChat.ASSISTANT, at + "/" + field, item.path(field));
            }
            out.textBeside(
                Zone.ASSISTANT,
                OpenAiChat.ASSISTANT,
                at + "/completionReason",
                item.path("completionReason"));
            out.rest(item, ITEM, Zone.ASSISTANT, OpenAiChat.ASSISTANT, at);
          });
    }
    // Some models repeat the prompt.
    out.everyString(Zone.USER, "", "/prompt", root.path("prompt"));
    out.rest(root, ANSWER, Zone.ASSISTANT, OpenAiChat.ASSISTANT, "");
  }

  @Override
  public void event(JsonNode event, AnswerStream out) {
    for (String field : TEXTS) {
      out.piece(Zone.ASSISTANT, "/" + field, event.path(field));
    }
    for (String list : LISTS) {
      int place = 0;
      JsonNode items = event.path(list);
      for (JsonNode item : items.isArray() ? items : MissingNode.getInstance()) {
        String at = "/" + list + "/" + place++;
        for (String field : List.of("outputText", "text")) {
          out.piece(Zone.ASSISTANT, at + "/" + field, item.path(field));
        }
        out.rest(item, Set.of("outputText", "text"), at);
      }
      if (!items.isArray()) {
        out.anyText("/" + list, items);
      }
    }
    out.anyText("/prompt", event.path("prompt"));
    out.rest(event, ANSWER, "");
  }

  @Override
  public void facts(JsonNode answer, AnswerFacts facts) {
    facts.common(answer);
    for (String field : List.of("stop_reason", "completionReason", "finish_reason")) {
      facts.finish(answer.path(field));
      for (String list : LISTS) {
        facts.finish(answer.path(list).path(0).path(field));
      }
    }
    facts.prompt(answer.path("prompt_token_count"));
    facts.completion(answer.path("generation_token_count"));
    facts.prompt(answer.path("inputTextTokenCount"));
    facts.completion(answer.path("totalOutputTextTokenCount"));
    facts.completion(answer.path("results").path(0).path("tokenCount"));
    JsonNode metrics = answer.path("amazon-bedrock-invocationMetrics");
    facts.prompt(metrics.path("inputTokenCount"));
    facts.completion(metrics.path("outputTokenCount"));
  }

  @Override
  public BlockAnswer error(int status, BlockNotice notice) {
    return BedrockConverse.bedrockError(status, notice);
  }

  @Override
  public BlockAnswer limited(Limited limited, BlockNotice notice) {
    return BedrockConverse.bedrockLimited(limited, notice);
  }

  @Override
  public long maxTokens(JsonNode body) {
    long own =
        MaxTokens.largest(
            body, "max_tokens", "max_tokens_to_sample", "max_gen_len", "max_completion_tokens");
    long titan = MaxTokens.largest(body.path("textGenerationConfig"), "maxTokenCount");
    return Math.max(Math.max(own, titan), CONVERSE.maxTokens(body));
  }

  /** In the dialect of the model that was asked; an error where that is not known. */
  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    String model = notice.caller().model().toLowerCase(Locale.ROOT);
    List<ObjectNode> events;
    if (model.contains("anthropic")) {
      events =
          notice.caller().stream()
              ? AnthropicMessages.refusalEvents(notice)
              : List.of(AnthropicMessages.refusalMessage(notice));
    } else if (model.contains("nova") && !notice.caller().stream()) {
      events = List.of(BedrockConverse.refusalMessage(notice));
    } else if (model.contains("llama")) {
      events = List.of(llama(notice.message()));
    } else if (model.contains("titan")) {
      events = List.of(titan(notice));
    } else if (model.contains("mistral")) {
      ObjectNode answer = BlockAnswer.object();
      answer
          .putArray("outputs")
          .addObject()
          .put("text", notice.message())
          .put("stop_reason", "stop");
      events = List.of(answer);
    } else {
      return error(400, notice);
    }
    return notice.caller().stream() ? chunks(events) : BlockAnswer.json(events.get(0));
  }

  private static ObjectNode llama(String text) {
    return BlockAnswer.object()
        .put("generation", text)
        .put("prompt_token_count", 0)
        .put("generation_token_count", 0)
        .put("stop_reason", "stop");
  }

  private static ObjectNode titan(BlockNotice notice) {
    ObjectNode answer = BlockAnswer.object().put("inputTextTokenCount", 0);
    ObjectNode result = notice.caller().stream() ? answer : answer.putArray("results").addObject();
    result.put("outputText", notice.message()).put("completionReason", "CONTENT_FILTERED");
    if (notice.caller().stream()) {
      answer.put("index", 0).put("totalOutputTextTokenCount", 0);
    } else {
      result.put("tokenCount", 0);
    }
    return answer;
  }

  private static BlockAnswer chunks(List<ObjectNode> events) {
    events
        .get(events.size() - 1)
        .putObject("amazon-bedrock-invocationMetrics")
        .put("inputTokenCount", 0)
        .put("outputTokenCount", 0)
        .put("invocationLatency", 0)
        .put("firstByteLatency", 0);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (ObjectNode event : events) {
      String bytes = Base64.getEncoder().encodeToString(BlockAnswer.bytes(event));
      out.writeBytes(EventFrames.encode("chunk", BlockAnswer.object().put("bytes", bytes)));
    }
    return BlockAnswer.stream(EventFrames.CONTENT_TYPE, out.toByteArray());
  }
}
