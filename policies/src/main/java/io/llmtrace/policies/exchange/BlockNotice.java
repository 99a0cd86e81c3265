package io.llmtrace.policies.exchange;

import org.jspecify.annotations.Nullable;

/**
 * What a blocked client is to be told, before it is put into the words of a dialect.
 *
 * @param caller how the client asked
 * @param decisionId ULID of the exchange
 * @param category label of the finding type that decided, or of the reason
 * @param text what a policy wants said instead of the usual sentence, or null
 */
public record BlockNotice(
    Caller caller, String decisionId, String category, @Nullable String text) {
  /** Stands for the decision in a text of a policy. */
  public static final String DECISION = "{decision}";

  /** With the usual sentence. */
  public BlockNotice(Caller caller, String decisionId, String category) {
    this(caller, decisionId, category, null);
  }

  /** The sentence: it names the decision, so that it can be looked up; never what matched. */
  public String message() {
    return text == null
        ? "Request blocked by security policy (" + category + "), decision " + decisionId + "."
        : written(text, decisionId);
  }

  /** A text of a policy with its decision, which is put behind it where it does not say where. */
  public static String written(String text, String decisionId) {
    return text.contains(DECISION)
        ? text.replace(DECISION, decisionId)
        : text + " (decision " + decisionId + ")";
  }
}
