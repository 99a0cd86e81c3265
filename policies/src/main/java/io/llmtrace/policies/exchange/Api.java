package io.llmtrace.policies.exchange;

/**
 * The API that an exchange is written in: one that the product knows, or one that an operator's
 * mapping describes. Immutable.
 */
public sealed interface Api permits Dialect, MappedDialect {
  /** The name by which a route asks for it, for example {@code openai_chat}. */
  String label();

  /** The name on the wire and in storage: {@link Dialect#MAPPED} for every mapping. */
  Dialect dialect();

  /** Whether requests of this shape are prompts, that is, cost tokens. */
  boolean spendsTokens();

  /**
   * The error that a client of this API raises as its own exception and does not retry.
   *
   * @param status 400 or 403; a mapping may give another one in the place of 400
   */
  BlockAnswer error(int status, BlockNotice notice);

  /**
   * The answer to a request that a limit stops: 429 in the words of this API. Where it passes in a
   * moment it says so with {@code retry-after}; where it does not, {@code x-should-retry} keeps the
   * clients of OpenAI and Anthropic from trying again, as they otherwise do at this status.
   */
  BlockAnswer limited(Limited limited, BlockNotice notice);

  /**
   * A well-formed answer that says no, streamed where a stream was asked for; an error where the
   * API has no such answer.
   */
  BlockAnswer refusal(BlockNotice notice);
}
