package io.llmtrace.policies.exchange;

/**
 * How a client asked, as far as an answer of ours depends on it.
 *
 * @param api what the request was written in
 * @param model the model as the client named it
 * @param stream whether the client asked for a stream
 * @param callId what the answer must repeat, as JSON (an id of JSON-RPC), or empty
 */
public record Caller(Api api, String model, boolean stream, String callId) {
  /** The caller of an exchange that was read. */
  public static Caller of(Exchange exchange) {
    return new Caller(exchange.api(), exchange.model(), exchange.stream(), exchange.callId());
  }

  /** A caller of whom only the API is known. */
  public static Caller of(Api api) {
    return new Caller(api, Exchange.UNKNOWN_MODEL, false, "");
  }
}
