package io.llmtrace.policies.wire;

import java.util.Map;

/**
 * The answer to a {@link ContentBatch}: nothing of it needs to be sent again.
 *
 * @param stored records that are stored, now or before
 * @param refused records that never will be, by reason: {@code no_key}, {@code foreign_tenant},
 *     {@code expired}, {@code clock_skew}
 */
public record ContentAck(int stored, Map<String, Integer> refused) {
  public ContentAck {
    refused = Map.copyOf(refused);
  }
}
