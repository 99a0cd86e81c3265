package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.json.TreeWeight;
import org.jspecify.annotations.Nullable;

/**
 * Turns a provider's answer into an {@link Answer}, whatever dialect it has, whole or as a stream,
 * by what is in it. Stateless and linear in the length of the body; a body that is cut is read as
 * far as it goes, and what is no JSON is one text.
 */
public final class AnswerReader {
  private AnswerReader() {}

  /**
   * Reads an answer to a request of an unknown API; never fails.
   *
   * @param body the answer's text, possibly cut by the logger
   */
  public static Answer read(String body) {
    return read(null, body);
  }

  /**
   * Reads an answer; never fails. What would take too much memory as JSON is one text, and a part
   * that is not inspected.
   *
   * @param api the request's, or null where it is not known
   * @param body the answer's text, possibly cut by the logger
   */
  public static Answer read(@Nullable Api api, String body) {
    TreeWeight weight = new TreeWeight(BodyMemory.UNCOUNTED);
    return read(api, body, weight);
  }

  /**
   * Reads an answer within its memory.
   *
   * @param memory of which is taken what is made of the body beyond its own bytes
   * @throws UnreadableBodyException if that would be too much
   */
  public static Answer read(@Nullable Api api, String body, BodyMemory memory)
      throws UnreadableBodyException {
    TreeWeight weight = new TreeWeight(memory);
    Answer answer = read(api, body, weight);
    String failed = weight.failed();
    if (failed != null) {
      throw new UnreadableBodyException(
          failed, "what is made of the answer would take too much memory");
    }
    return answer;
  }

  private static Answer read(@Nullable Api api, String body, TreeWeight weight) {
    AnswerFacts facts = new AnswerFacts();
    Texts texts = new Texts();
    AnswerBody.End end =
        AnswerBody.read(api == null ? null : Dialects.format(api), body, facts, texts, weight);
    if (weight.failed() != null) {
      texts.stream.whole().uninspected();
    }
    return texts.stream.answer(facts, end != AnswerBody.End.WHOLE);
  }

  /**
   * Whether a body is in the frames that Amazon streams, which are read though they are no text.
   */
  public static boolean isFrames(String body) {
    return EventFrames.isFrames(body);
  }

  private static final class Texts implements AnswerBody.Visitor {
    final AnswerStream stream = new AnswerStream();

    @Override
    public void document(DialectFormat format, JsonNode root) {
      format.answer(root, stream.whole());
    }

    @Override
    public void event(DialectFormat format, JsonNode event) {
      format.event(event, stream);
    }

    @Override
    public void text(String text) {
      stream.add(Zone.ASSISTANT, "", "", text);
    }
  }
}
