package io.llmtrace.policies.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.wire.Ulid;
import io.llmtrace.policies.wire.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Block answers in the caller's own dialect. They name the decision and the category, so that a
 * user can ask and an operator can look it up; never what matched, which would teach an attacker.
 * Stateless.
 */
public final class BlockAnswers {
  private static final String JSON = "application/json";
  private static final String EVENTS = "text/event-stream";

  private BlockAnswers() {}

  /**
   * The answer to a blocked request.
   *
   * @param stream whether the client asked for a stream; a refusal comes as one then
   * @param model the model as the client named it, repeated in a refusal
   * @param decisionId ULID of the exchange
   * @param category label of the finding type that decided, or of the reason
   */
  public static BlockAnswer answer(
      Dialect dialect,
      boolean stream,
      String model,
      BlockStyle style,
      String decisionId,
      String category) {
    return switch (style) {
      case ERROR -> error(400, dialect, decisionId, category);
      case FORBIDDEN -> error(403, dialect, decisionId, category);
      case REFUSAL -> refusal(dialect, stream, model, decisionId, category);
    };
  }

  private static String message(String decisionId, String category) {
    return "Request blocked by security policy (" + category + "), decision " + decisionId + ".";
  }

  private static BlockAnswer error(
      int status, Dialect dialect, String decisionId, String category) {
    ObjectNode body = WireJson.mapper().createObjectNode();
    if (dialect == Dialect.ANTHROPIC_MESSAGES) {
      body.put("type", "error");
      body.putObject("error")
          .put("type", status == 403 ? "permission_error" : "invalid_request_error")
          .put("message", message(decisionId, category));
      body.put("request_id", decisionId);
    } else {
      body.putObject("error")
          .put("message", message(decisionId, category))
          .put("type", "invalid_request_error")
          .putNull("param")
          .put("code", "content_filter");
    }
    return new BlockAnswer(
        status, Map.of("content-type", JSON, "x-should-retry", "false"), bytes(body));
  }

  private static BlockAnswer refusal(
      Dialect dialect, boolean stream, String model, String decisionId, String category) {
    String text = message(decisionId, category);
    if (dialect == Dialect.ANTHROPIC_MESSAGES) {
      ObjectNode message = anthropic(model, decisionId);
      if (stream) {
        return events(anthropicEvents(message, text));
      }
      message.put("stop_reason", "refusal");
      ((ArrayNode) message.path("content")).addObject().put("type", "text").put("text", text);
      return json(message);
    }
    ObjectNode completion = WireJson.mapper().createObjectNode();
    completion
        .put("id", "chatcmpl-" + decisionId)
        .put("object", stream ? "chat.completion.chunk" : "chat.completion")
        .put("created", Ulid.time(decisionId).getEpochSecond())
        .put("model", model);
    ObjectNode choice = completion.putArray("choices").addObject().put("index", 0);
    choice.putObject(stream ? "delta" : "message").put("role", "assistant").put("content", text);
    if (!stream) {
      choice.put("finish_reason", "content_filter");
      usage(completion, "prompt_tokens", "completion_tokens").put("total_tokens", 0);
      return json(completion);
    }
    choice.putNull("finish_reason");
    ObjectNode last = completion.deepCopy();
    ObjectNode lastChoice = (ObjectNode) last.path("choices").path(0);
    lastChoice.putObject("delta");
    lastChoice.put("finish_reason", "content_filter");
    return events("data: " + text(completion) + "\n\ndata: " + text(last) + "\n\ndata: [DONE]\n\n");
  }

  private static ObjectNode anthropic(String model, String decisionId) {
    ObjectNode message = WireJson.mapper().createObjectNode();
    message
        .put("id", "msg_" + decisionId)
        .put("type", "message")
        .put("role", "assistant")
        .put("model", model);
    message.putArray("content");
    message.putNull("stop_reason").putNull("stop_sequence");
    usage(message, "input_tokens", "output_tokens");
    return message;
  }

  private static String anthropicEvents(ObjectNode message, String text) {
    ObjectNode start = event("message_start");
    start.set("message", message);
    ObjectNode open = event("content_block_start").put("index", 0);
    open.putObject("content_block").put("type", "text").put("text", "");
    ObjectNode delta = event("content_block_delta").put("index", 0);
    delta.putObject("delta").put("type", "text_delta").put("text", text);
    ObjectNode close = event("content_block_stop").put("index", 0);
    ObjectNode end = event("message_delta");
    end.putObject("delta").put("stop_reason", "refusal").putNull("stop_sequence");
    end.putObject("usage").put("output_tokens", 0);
    StringBuilder out = new StringBuilder();
    for (ObjectNode event :
        new ObjectNode[] {start, open, delta, close, end, event("message_stop")}) {
      out.append("event: ").append(event.path("type").asText()).append("\ndata: ");
      out.append(text(event)).append("\n\n");
    }
    return out.toString();
  }

  private static ObjectNode event(String type) {
    return WireJson.mapper().createObjectNode().put("type", type);
  }

  private static ObjectNode usage(ObjectNode parent, String prompt, String completion) {
    return parent.putObject("usage").put(prompt, 0).put(completion, 0);
  }

  private static BlockAnswer json(ObjectNode body) {
    return new BlockAnswer(200, Map.of("content-type", JSON), bytes(body));
  }

  private static BlockAnswer events(String text) {
    return new BlockAnswer(
        200,
        Map.of("content-type", EVENTS, "cache-control", "no-cache"),
        text.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] bytes(ObjectNode body) {
    return text(body).getBytes(StandardCharsets.UTF_8);
  }

  private static String text(ObjectNode body) {
    try {
      return WireJson.mapper().writeValueAsString(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of our own cannot be written", e);
    }
  }
}
