package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * Turns a provider's answer into an {@link Answer}, whatever dialect it has, whole or as a stream,
 * by what is in it. Stateless, linear in the length of the body, and never fails: a body that is
 * cut is read as far as it goes, and what is no JSON is one text.
 */
public final class AnswerReader {
  private AnswerReader() {}

  /**
   * Reads an answer to a request of an unknown API.
   *
   * @param body the answer's text, possibly cut by the logger
   */
  public static Answer read(String body) {
    return read(null, body);
  }

  /**
   * Reads an answer.
   *
   * @param api the request's, or null where it is not known
   * @param body the answer's text, possibly cut by the logger
   */
  public static Answer read(@Nullable Api api, String body) {
    AnswerFacts facts = new AnswerFacts();
    Texts texts = new Texts();
    AnswerBody.End end =
        AnswerBody.read(api == null ? null : Dialects.format(api), body, facts, texts);
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
