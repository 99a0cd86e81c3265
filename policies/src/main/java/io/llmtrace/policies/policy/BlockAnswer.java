package io.llmtrace.policies.policy;

import java.util.Map;

/**
 * What a blocked client gets.
 *
 * @param status HTTP status
 * @param headers to set, beside those of identity
 * @param body UTF-8 bytes, not copied
 */
// Made for one answer and written out once: a copy would protect nothing.
@SuppressWarnings("ArrayRecordComponent")
public record BlockAnswer(int status, Map<String, String> headers, byte[] body) {
  public BlockAnswer {
    headers = Map.copyOf(headers);
  }
}
