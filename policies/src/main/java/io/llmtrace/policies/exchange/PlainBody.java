package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;

/** Any other JSON, every string of which is a segment, and any other text. */
final class PlainBody implements DialectFormat {
  private final boolean text;

  private PlainBody(boolean text) {
    this.text = text;
  }

  static PlainBody json() {
    return new PlainBody(false);
  }

  static PlainBody text() {
    return new PlainBody(true);
  }

  @Override
  public boolean named(RequestHead head) {
    return text && head.header("content-type").startsWith("text/");
  }

  @Override
  public void collect(JsonNode body, SegmentCollector out) {
    out.everyString(Zone.USER, "", "", body);
  }

  @Override
  public void facts(JsonNode answer, AnswerFacts facts) {
    facts.common(answer);
    facts.finish(answer.path("stop_reason"));
    facts.ended |= answer.path("done").asBoolean();
  }

  @Override
  public BlockAnswer error(int status, BlockNotice notice) {
    return OpenAi.error(status, notice);
  }

  @Override
  public BlockAnswer limited(Limited limited, BlockNotice notice) {
    return OpenAi.limited(limited);
  }

  /** Most clients of an unknown API expect a chat completion, if anything. */
  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    return OpenAiChat.chat().refusal(notice);
  }
}
