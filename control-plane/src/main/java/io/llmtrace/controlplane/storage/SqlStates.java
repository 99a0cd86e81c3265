package io.llmtrace.controlplane.storage;

import java.sql.SQLException;
import java.util.Set;

/** What a failure says about its cause; classes and codes of PostgreSQL's appendix A. */
public final class SqlStates {
  private static final String MISSING_PARTITION = "23514";
  private static final String DUPLICATE = "23505";

  /**
   * Broken constraints that another moment mends: a row that somebody else added at the same time
   * ({@code unique_violation}) is known the next time, a partition that is not there ({@code
   * check_violation}) is made.
   */
  private static final Set<String> OF_THE_MOMENT = Set.of(DUPLICATE, MISSING_PARTITION);

  private SqlStates() {}

  /** The SQLState of a failure, or an empty text. */
  public static String of(Throwable fault) {
    for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return sql.getSQLState();
      }
    }
    return "";
  }

  /** Data exceptions and broken constraints: the same values are refused whenever they come. */
  public static boolean isRefusal(Throwable fault) {
    String state = of(fault);
    return (state.startsWith("22") || state.startsWith("23")) && !OF_THE_MOMENT.contains(state);
  }

  /** A row that is there already. */
  public static boolean isDuplicate(Throwable fault) {
    return of(fault).equals(DUPLICATE);
  }

  /** A row whose partition is not there; no table of ours has another check that rows can break. */
  public static boolean isMissingPartition(Throwable fault) {
    return of(fault).equals(MISSING_PARTITION);
  }
}
