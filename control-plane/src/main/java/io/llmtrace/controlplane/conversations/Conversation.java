package io.llmtrace.controlplane.conversations;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.http.Page;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * A conversation, as far as it lies in the time that was asked for.
 *
 * @param id 32 hex digits
 * @param route of its first exchange
 * @param consumer likewise
 * @param agent likewise
 * @param firstDecisionId its first exchange
 * @param lastDecisionId its last exchange
 * @param firstAt epoch milliseconds
 * @param lastAt epoch milliseconds
 * @param requests how many exchanges it has
 * @param severity of its worst finding; null without findings
 * @param costUsd of the exchanges whose cost is known
 * @param costUnknown exchanges whose cost is not
 * @param exchanges oldest first; null in lists
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Conversation(
    String id,
    String tenant,
    String route,
    String consumer,
    String agent,
    String firstDecisionId,
    String lastDecisionId,
    long firstAt,
    long lastAt,
    long requests,
    long findings,
    @Nullable String severity,
    BigDecimal costUsd,
    long costUnknown,
    @Nullable Page<ObjectNode> exchanges) {

  Conversation with(Page<ObjectNode> page) {
    return new Conversation(
        id,
        tenant,
        route,
        consumer,
        agent,
        firstDecisionId,
        lastDecisionId,
        firstAt,
        lastAt,
        requests,
        findings,
        severity,
        costUsd,
        costUnknown,
        page);
  }
}
