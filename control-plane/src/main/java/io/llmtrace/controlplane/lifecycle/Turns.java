package io.llmtrace.controlplane.lifecycle;

import org.jdbi.v3.core.Handle;

/** Locks of the database that this package takes; each ends with its transaction. */
final class Turns {
  /** Deletes of exchanges, and new holds that forbid them. */
  static final long DELETES = 7366005;

  /** Moves of rows: one replica at a time. */
  static final long MOVES = 7366006;

  /** Erasures: one replica at a time. */
  static final long ERASURES = 7366007;

  /** Deletes of what has no partitions: one replica at a time. */
  static final long HOUSEKEEPING = 7366008;

  private Turns() {}

  static void take(Handle handle, long turn) {
    handle.execute("SELECT pg_advisory_xact_lock(?)", turn);
  }

  /** False while another replica has the turn. */
  static boolean tryTake(Handle handle, long turn) {
    return handle
        .createQuery("SELECT pg_try_advisory_xact_lock(:turn)")
        .bind("turn", turn)
        .mapTo(Boolean.class)
        .one();
  }
}
