package io.llmtrace.testkit.provider;

/** When a streamed OpenAI answer says how many tokens it took. */
public enum UsageBlocks {
  /** Always, in the chunk that has the finish reason, as many compatible servers do. */
  ALWAYS,
  /**
   * As OpenAI does: with {@code stream_options.include_usage}, in a last chunk without choices;
   * else never.
   */
  WHEN_ASKED
}
