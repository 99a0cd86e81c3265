package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * All that is special about one API: how it is recognised, where its texts stand in requests and
 * answers, what it reports, and how it says no. One class implements it for each API and one line
 * of {@link Dialect} registers that class.
 *
 * <p>Implementations are stateless. No method may fail on any JSON, and none may leave a text
 * unread: what has not the expected shape goes to {@link SegmentCollector#everyString}, what is
 * left of an object to {@link SegmentCollector#rest}, what cannot be read to {@link
 * SegmentCollector#uninspected}.
 */
interface DialectFormat {
  /** Whether path, host or headers name this API. */
  boolean named(RequestHead head);

  /** Whether a body has its shape; asked where nothing outside of the body names an API. */
  default boolean resembles(JsonNode body) {
    return false;
  }

  /** Gathers the texts of a request. */
  void collect(JsonNode body, SegmentCollector out);

  /** Whether requests hold nothing that could be read, whatever their bodies look like. */
  default boolean unreadable() {
    return false;
  }

  /** The model as the client named it, empty where it did not. */
  default String model(JsonNode body, RequestHead head) {
    return body.path("model").asText("");
  }

  /** Whether the client asks for a streamed answer. */
  default boolean stream(JsonNode body, RequestHead head) {
    return body.path("stream").asBoolean(false);
  }

  /**
   * The most tokens that a request allows its answer; negative where it says nothing. Of several
   * fields the largest counts, since it is the provider's choice which one it heeds.
   */
  default long maxTokens(JsonNode body) {
    return MaxTokens.largest(body, "max_tokens");
  }

  /** What an answer must repeat to be matched with its request, as JSON; empty for nothing. */
  default String callId(JsonNode body) {
    return "";
  }

  /** The value of the provider label where this API is offered by several; empty for the usual. */
  default String provider(RequestHead head) {
    return "";
  }

  /** Whether a document, or an event of a stream, is an answer of this API. */
  default boolean answers(JsonNode answer) {
    return false;
  }

  /** Whether a whole answer that is a list is a stream of events. */
  default boolean listsEvents() {
    return false;
  }

  /** Gathers the texts and tool calls of a whole answer. */
  default void answer(JsonNode answer, SegmentCollector out) {
    out.everyString(Zone.ASSISTANT, "", "", answer);
  }

  /** Adds the pieces of text that an event of a stream carries. */
  default void event(JsonNode event, AnswerStream out) {
    out.anyText("", event);
  }

  /** Reads what an answer, or an event of a stream, says of itself. */
  default void facts(JsonNode answer, AnswerFacts facts) {
    facts.common(answer);
  }

  /**
   * The error of this API that its official client raises as its own exception and does not retry.
   *
   * @param status 400 or 403
   */
  BlockAnswer error(int status, BlockNotice notice);

  /**
   * The status 429 in the words of this API, as its official client raises its own exception of it.
   * Whether a client tries again is said by headers that {@link Dialect#limited} adds.
   */
  BlockAnswer limited(Limited limited, BlockNotice notice);

  /** A well-formed answer that says no, streamed where a stream was asked for. */
  BlockAnswer refusal(BlockNotice notice);
}
