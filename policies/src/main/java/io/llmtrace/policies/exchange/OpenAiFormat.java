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
  default BlockAnswer limited(Limited limited, BlockNotice notice) {
    return OpenAi.limited(limited);
  }

  @Override
  default long maxTokens(JsonNode body) {
    return MaxTokens.largest(body, "max_completion_tokens", "max_tokens", "max_output_tokens");
  }

  @Override
  default BlockAnswer error(int status, BlockNotice notice) {
    return OpenAi.error(status, notice);
  }
}
