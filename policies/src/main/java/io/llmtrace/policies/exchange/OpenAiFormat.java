package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;

/** What OpenAI's APIs have in common: the model's place, who offers them, and their error. */
interface OpenAiFormat extends DialectFormat {
  @Override
  default String model(JsonNode body, RequestHead head) {
    return OpenAi.model(body, head);
  }

  @Override
  default String provider(RequestHead head) {
    return OpenAi.provider(head);
  }

  @Override
  default BlockAnswer error(int status, BlockNotice notice) {
    return OpenAi.error(status, notice);
  }
}
