package io.llmtrace.policies.wire;

import java.util.List;

/**
 * Captured content of one half of an exchange. It is held in memory and on its way only; no spool
 * and no log has it.
 *
 * @param decisionId ULID of the exchange
 * @param at when it was captured, epoch milliseconds
 * @param tenant whose it is, as the exchange's inspection says
 * @param route the gateway's id of the route
 * @param consumer the gateway's consumer, or empty
 * @param agent the agent, or empty
 * @param mode {@link CaptureMode#REDACTED} or {@link CaptureMode#FULL}
 * @param texts in the order of the body
 * @param leftOut why texts are missing as a whole: {@code max_bytes}, {@code too_many}, or why the
 *     body was not read ({@code overload}, {@code unparsable}, …); empty where none is missing
 * @param leftOutBytes bytes of these texts, or of the body
 */
public record ContentRecord(
    String decisionId,
    ContentPart part,
    long at,
    String tenant,
    String route,
    String consumer,
    String agent,
    CaptureMode mode,
    List<ContentText> texts,
    String leftOut,
    long leftOutBytes) {
  public ContentRecord {
    texts = List.copyOf(texts);
  }

  /** Without names and texts: they must not get into a log. */
  @Override
  public String toString() {
    return "ContentRecord[" + decisionId + ", " + part.label() + ", " + texts.size() + " texts]";
  }
}
