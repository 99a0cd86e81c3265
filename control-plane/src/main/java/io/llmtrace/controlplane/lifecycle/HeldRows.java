package io.llmtrace.controlplane.lifecycle;

import org.jdbi.v3.core.Handle;

/** What deletes rows by their age asks here. Stateless. */
public final class HeldRows {
  /**
   * That a row {@code e}, with the columns tenant, consumer and day, must not be deleted: an active
   * hold covers it, or its tenant's class is hold, which is as if somebody had said so of each row.
   */
  public static final String HELD =
      "("
          + Hold.HOLDS_EXCHANGE
          + " OR EXISTS (SELECT FROM tenants t WHERE t.id = e.tenant"
          + " AND t.settings->>'retention' = 'hold'))";

  private HeldRows() {}

  /**
   * Begins deletes: until the transaction ends, no new hold is answered that would forbid them.
   * Waits for whoever else deletes.
   */
  public static void beginDeletes(Handle handle) {
    Turns.take(handle, Turns.DELETES);
  }
}
