package io.llmtrace.controlplane.ingest;

import java.sql.SQLException;

/** What a failure says about its cause; classes of PostgreSQL's appendix A. */
final class SqlStates {
  private SqlStates() {}

  /** The SQLState of a failure, or an empty text. */
  static String of(Throwable fault) {
    for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return sql.getSQLState();
      }
    }
    return "";
  }

  /** Data exceptions and broken constraints: the same values are refused whenever they come. */
  static boolean isRefusal(Throwable fault) {
    String state = of(fault);
    return state.startsWith("22") || state.startsWith("23");
  }
}
