package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import java.util.function.Predicate;

/**
 * OpenAI's APIs that take an {@code input} and generate no text: embeddings and moderations. Both
 * say no by an error only: there is no number that would mean it.
 */
final class OpenAiInput implements OpenAiFormat {
  private static final Set<String> REQUEST = Set.of("input");
  private static final Set<String> ANSWER = Set.of("data", "results", "usage");
  private static final Set<String> EMBEDDING = Set.of("embedding");

  private final String path;
  private final Predicate<JsonNode> answers;

  private OpenAiInput(String path, Predicate<JsonNode> answers) {
    this.path = path;
    this.answers = answers;
  }

  static OpenAiInput embeddings() {
    return new OpenAiInput(
        "/embeddings",
        answer -> answer.path("data").path(0).path("object").asText().equals("embedding"));
  }

  static OpenAiInput moderations() {
    return new OpenAiInput(
        "/moderations", answer -> answer.path("results").path(0).has("category_scores"));
  }

  @Override
  public boolean named(RequestHead head) {
    return head.ends(path);
  }

  @Override
  public void collect(JsonNode body, SegmentCollector out) {
    OpenAiChat.content(body.path("input"), Zone.USER, "user", "/input", out);
    out.rest(body, REQUEST, Zone.USER, "", "");
  }

  @Override
  public boolean answers(JsonNode answer) {
    return answers.test(answer);
  }

  /** Vectors and grades; an embedding may be base64, which is a number too. */
  @Override
  public void answer(JsonNode answer, SegmentCollector out) {
    for (String list : new String[] {"data", "results"}) {
      out.each(
          answer.path(list),
          Zone.ASSISTANT,
          OpenAiChat.ASSISTANT,
          "/" + list,
          (item, at) -> {
            out.textBeside(
                Zone.ASSISTANT, OpenAiChat.ASSISTANT, at + "/embedding", item.path("embedding"));
            out.rest(item, EMBEDDING, Zone.ASSISTANT, OpenAiChat.ASSISTANT, at);
          });
    }
    out.rest(answer, ANSWER, Zone.ASSISTANT, OpenAiChat.ASSISTANT, "");
  }

  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    return error(400, notice);
  }

  /** OpenAI's realtime API: a websocket, whose messages the gateway does not show to a plugin. */
  static final class Realtime implements DialectFormat {
    @Override
    public boolean named(RequestHead head) {
      return head.ends("/realtime") || head.path().contains("/realtime/calls");
    }

    @Override
    public boolean unreadable() {
      return true;
    }

    @Override
    public void collect(JsonNode body, SegmentCollector out) {
      out.everyString(Zone.USER, "", "", body);
    }

    /** A handshake that is answered by an error fails with its status and text. */
    @Override
    public BlockAnswer error(int status, BlockNotice notice) {
      ObjectNode body = BlockAnswer.object().put("type", "error");
      body.putObject("error")
          .put("type", "invalid_request_error")
          .put("code", "content_filter")
          .put("message", notice.message());
      return BlockAnswer.error(status, body);
    }

    @Override
    public BlockAnswer limited(Limited limited, BlockNotice notice) {
      return OpenAi.limited(limited);
    }

    @Override
    public BlockAnswer refusal(BlockNotice notice) {
      return error(400, notice);
    }
  }
}
