package io.llmtrace.policies.exchange;

/**
 * How a client asked, as far as an answer of ours depends on it.
 *
 * @param dialect the API shape
 * @param model the model as the client named it
 * @param stream whether the client asked for a stream
 * @param callId what the answer must repeat, as JSON (an id of JSON-RPC), or empty
 */
public record Caller(Dialect dialect, String model, boolean stream, String callId) {
  /** The caller of an exchange that was read. */
  public static Caller of(Exchange exchange) {
    return new Caller(exchange.dialect(), exchange.model(), exchange.stream(), exchange.callId());
  }

  /** A caller of whom only the dialect is known. */
  public static Caller of(Dialect dialect) {
    return new Caller(dialect, Exchange.UNKNOWN_MODEL, false, "");
  }
}
