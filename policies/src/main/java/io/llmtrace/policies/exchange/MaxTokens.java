package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;

/** The bound that a request sets to its answer. */
final class MaxTokens {
  /** The request says nothing of it. */
  static final long NONE = -1;

  private MaxTokens() {}

  /** The largest of these fields, {@link #NONE} where none of them is a number from 0. */
  static long largest(JsonNode node, String... fields) {
    long largest = NONE;
    for (String field : fields) {
      largest = Math.max(largest, of(node.path(field)));
    }
    return largest;
  }

  /** The bound that a value sets, {@link #NONE} where it is no number from 0. */
  static long of(JsonNode value) {
    // A double too large for a long becomes the largest one.
    double most = value.isNumber() ? value.asDouble() : NONE;
    return most >= 0 ? (long) most : NONE;
  }
}
