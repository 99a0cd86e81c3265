package io.llmtrace.policies.limit;

import org.jspecify.annotations.Nullable;

/**
 * A budget that all nodes spend from together, and what one of them may spend of it by itself.
 *
 * @param id of the budget, a ULID
 * @param tenant whose it is
 * @param dimension {@code tenant}: all of the tenant's; else what of the tenant {@code key} names
 * @param key name of a route, consumer, agent or model; empty for the whole tenant
 * @param unit what {@code granted} counts
 * @param action {@code limit} of a hard budget, {@code flag} of a soft one
 * @param granted what the node may still spend from the moment at which it asked, from 0; null
 *     where it did not ask for a share
 * @param notAfter epoch milliseconds, until when {@code granted} holds
 * @param revision a share with a lower one than another of the same budget is out of date
 * @param resetsAt epoch milliseconds, when something of it is free again at the earliest
 */
public record BudgetLease(
    String id,
    String tenant,
    Dimension dimension,
    String key,
    Unit unit,
    Limit.Action action,
    @Nullable Double granted,
    long notAfter,
    long revision,
    long resetsAt) {

  /** What a budget counts. */
  public enum Unit {
    USD,
    /** Of prompts and answers. */
    TOKENS;

    @com.fasterxml.jackson.annotation.JsonValue
    public String label() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }

    @com.fasterxml.jackson.annotation.JsonCreator
    public static Unit of(String label) {
      return valueOf(label.toUpperCase(java.util.Locale.ROOT));
    }
  }
}
