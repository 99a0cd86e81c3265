package io.llmtrace.policies.exchange;

/**
 * How a limit stops a request, as far as an API has words of its own for it.
 *
 * @param what what there was too much of
 * @param retryAfterSeconds when to try again; 0 where that is no use
 * @param message the sentence for the client
 */
public record Limited(What what, int retryAfterSeconds, String message) {
  /** What there can be too much of. */
  public enum What {
    REQUESTS,
    TOKENS,
    /** What may be spent. */
    QUOTA
  }

  /** Whether a client does well to try again by itself; a budget says when, but that is long. */
  boolean passes() {
    return retryAfterSeconds > 0 && what != What.QUOTA;
  }
}
