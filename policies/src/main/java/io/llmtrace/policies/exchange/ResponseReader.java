package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.json.TreeWeight;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a provider's answer says of itself, from a document or from a stream. The answer is
 * read by what is in it: the tap sees a log line and not always the request's dialect. Stateless.
 */
public final class ResponseReader {
  private static final AnswerBody.Visitor NOBODY =
      new AnswerBody.Visitor() {
        @Override
        public void document(DialectFormat format, JsonNode root) {}

        @Override
        public void event(DialectFormat format, JsonNode event) {}

        @Override
        public void text(String text) {}
      };

  private ResponseReader() {}

  /**
   * Reads an answer; never fails, what cannot be read is absent.
   *
   * @param api the request's, or null where it is not known
   * @param body the answer's text, possibly cut by the logger
   * @param status HTTP status of the answer
   */
  public static ResponseSummary read(@Nullable Api api, String body, int status) {
    DialectFormat format = api == null ? null : Dialects.format(api);
    AnswerFacts facts = new AnswerFacts();
    AnswerBody.End end =
        AnswerBody.read(format, body, facts, NOBODY, new TreeWeight(BodyMemory.UNCOUNTED));
    return new ResponseSummary(
        facts.model,
        facts.usage(),
        facts.finishReason,
        error(status, facts.failed, end == AnswerBody.End.BROKEN),
        end != AnswerBody.End.WHOLE);
  }

  private static @Nullable String error(int status, boolean failed, boolean broken) {
    if (status == 429) {
      return "rate_limited";
    }
    if (status >= 500) {
      return "http_5xx";
    }
    if (status >= 400) {
      return "http_4xx";
    }
    if (failed) {
      return "provider_error";
    }
    return broken ? "broken_stream" : null;
  }
}
