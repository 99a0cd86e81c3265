package io.llmtrace.policies.exchange;

/**
 * What a blocked client is to be told, before it is put into the words of a dialect.
 *
 * @param caller how the client asked
 * @param decisionId ULID of the exchange
 * @param category label of the finding type that decided, or of the reason
 */
public record BlockNotice(Caller caller, String decisionId, String category) {
  /** The sentence: it names category and decision, never what matched. */
  public String message() {
    return "Request blocked by security policy (" + category + "), decision " + decisionId + ".";
  }
}
