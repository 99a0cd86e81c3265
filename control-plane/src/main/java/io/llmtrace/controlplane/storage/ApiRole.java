package io.llmtrace.controlplane.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * The database role behind row-level security. Roles belong to a server and not to a database, so
 * this one is made before the migrations that grant to it, and by whoever may.
 */
final class ApiRole {
  static final String NAME = "llmtrace_api";

  private static final String NOT_ALLOWED = "42501";

  /** Another control plane, for this or another database of the server, was faster. */
  private static final String EXISTS_ALREADY = "42710";

  private static final String RACED = "23505";

  private ApiRole() {}

  /**
   * Makes the role where there is none, and lets the connection's user take it on.
   *
   * @throws DatabaseSetupException when that user may not; with the SQL for an administrator
   */
  static void ensure(Connection connection) throws SQLException, DatabaseSetupException {
    try (Statement sql = connection.createStatement()) {
      if (!isTrue(sql, "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '" + NAME + "')")) {
        create(sql);
      }
      if (!mayTakeOn(sql)) {
        String user = text(sql, "SELECT quote_ident(current_user)");
        give(sql, user);
      }
    }
  }

  private static void create(Statement sql) throws SQLException, DatabaseSetupException {
    try {
      sql.execute("CREATE ROLE " + NAME + " NOLOGIN");
    } catch (SQLException e) {
      if (NOT_ALLOWED.equals(e.getSQLState())) {
        String user = text(sql, "SELECT quote_ident(current_user)");
        throw new DatabaseSetupException(
            "The database's user may not create roles. As an administrator run: CREATE ROLE "
                + NAME
                + " NOLOGIN; GRANT "
                + NAME
                + " TO "
                + user
                + ";",
            e);
      }
      if (!EXISTS_ALREADY.equals(e.getSQLState()) && !RACED.equals(e.getSQLState())) {
        throw e;
      }
    }
  }

  private static void give(Statement sql, String user) throws SQLException, DatabaseSetupException {
    try {
      sql.execute("GRANT " + NAME + " TO " + user);
    } catch (SQLException e) {
      if (NOT_ALLOWED.equals(e.getSQLState())) {
        throw new DatabaseSetupException(
            "The database's user may not take on the role "
                + NAME
                + ". As an administrator run: GRANT "
                + NAME
                + " TO "
                + user
                + ";",
            e);
      }
      throw e;
    }
  }

  /** Tried and not asked: what a membership allows is told differently from version to version. */
  private static boolean mayTakeOn(Statement sql) throws SQLException {
    try {
      sql.execute("SET ROLE " + NAME);
    } catch (SQLException e) {
      if (NOT_ALLOWED.equals(e.getSQLState())) {
        return false;
      }
      throw e;
    }
    sql.execute("RESET ROLE");
    return true;
  }

  private static boolean isTrue(Statement sql, String query) throws SQLException {
    try (ResultSet rows = sql.executeQuery(query)) {
      return rows.next() && rows.getBoolean(1);
    }
  }

  private static String text(Statement sql, String query) throws SQLException {
    try (ResultSet rows = sql.executeQuery(query)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
