package io.llmtrace.cli.doctor;

import io.llmtrace.runtime.config.DatabaseConfig;
import io.llmtrace.runtime.config.Secret;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.postgresql.Driver;

/** Whether the control plane's database can be reached, is new enough and lets it work. */
final class DatabaseCheck implements Check {
  static final String NAME = "database";
  private static final int OLDEST = 13;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Side side() {
    return Side.CONTROL_PLANE;
  }

  @Override
  public Set<String> needs() {
    return Set.of(ConfigurationCheck.NAME);
  }

  @Override
  public Outcome look(Deployment deployment) {
    DatabaseConfig config = deployment.config().controlPlane().database();
    if (config.url() == null) {
      return new Outcome.Skipped(
          "it is embedded, and the control plane looks after it: see \"control_plane\"");
    }
    Findings findings = new Findings(NAME);
    try (Connection connection = Database.open(deployment);
        Statement sql = connection.createStatement()) {
      int version = connection.getMetaData().getDatabaseMajorVersion();
      if (version < OLDEST) {
        findings.error(
            "PostgreSQL " + version + " is too old: expected " + OLDEST + " or newer",
            "pg_upgrade   # to a version that is supported");
      }
      rights(sql, findings);
      connections(sql, config, findings);
      return findings.or("PostgreSQL " + version);
    } catch (SQLException e) {
      return unreachable(deployment, e, findings).or("");
    }
  }

  private static void rights(Statement sql, Findings findings) throws SQLException {
    String user = text(sql, "SELECT quote_ident(current_user)");
    if (is(sql, "SELECT pg_is_in_recovery()")) {
      findings.error(
          "The database is a standby that takes no writes",
          "psql -c 'SELECT pg_promote()'   # or point control_plane.database.url at the primary");
      return;
    }
    if (is(sql, "SELECT current_setting('default_transaction_read_only')::boolean")
        && !is(sql, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")) {
      findings.error(
          "Transactions of the database's user " + user + " are read-only by default",
          "psql -c \"ALTER ROLE " + user + " RESET default_transaction_read_only\"");
    }
    if (!is(sql, "SELECT has_schema_privilege(current_schema(), 'CREATE')")) {
      findings.error(
          "The database's user " + user + " may not create tables, which migrations do",
          "psql -c 'GRANT CREATE ON SCHEMA public TO " + user + "'");
    }
    boolean there = is(sql, "SELECT count(*) > 0 FROM pg_roles WHERE rolname = 'llmtrace_api'");
    boolean creates =
        is(sql, "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user");
    if (!there && !creates) {
      findings.error(
          "There is no role llmtrace_api, and the database's user "
              + user
              + " may not create roles",
          "psql -c 'CREATE ROLE llmtrace_api NOLOGIN; GRANT llmtrace_api TO " + user + "'");
    } else if (there && !is(sql, "SELECT pg_has_role(current_user, 'llmtrace_api', 'MEMBER')")) {
      findings.error(
          "The database's user " + user + " is no member of the role llmtrace_api",
          "psql -c 'GRANT llmtrace_api TO " + user + "'");
    }
  }

  private static void connections(Statement sql, DatabaseConfig config, Findings findings)
      throws SQLException {
    int most = Integer.parseInt(text(sql, "SHOW max_connections"));
    // Two more are used by migrations.
    if (config.poolSize() + 2 > most) {
      findings.error(
          "control_plane.database.pool_size is "
              + config.poolSize()
              + ", and the server takes "
              + most
              + " connections at most",
          "lower control_plane.database.pool_size to "
              + Math.max(1, most / 2)
              + ", or psql -c 'ALTER SYSTEM SET max_connections = "
              + (config.poolSize() + 20)
              + "' and restart the server");
    }
  }

  /** By SQLSTATE; messages are other people's words, and may be in their language. */
  private static Findings unreachable(Deployment deployment, SQLException e, Findings findings) {
    String state = e.getSQLState() == null ? "" : e.getSQLState();
    String file = deployment.fileName();
    return switch (state) {
      case "28P01", "28000" ->
          findings.error(
              "The database refuses the user or its password",
              "mend control_plane.database.user and password in "
                  + file
                  + ", or psql -c '\\password USER'");
      case "3D000" ->
          findings.error(
              "The server has no database of the name in control_plane.database.url",
              "createdb llmtrace   # with the name that the address has");
      case "53300" ->
          findings.error(
              "The database takes no more connections",
              "psql -c 'SELECT usename, count(*) FROM pg_stat_activity GROUP BY 1'   # end some, or"
                  + " raise max_connections");
      case "57P03" ->
          findings.error(
              "The database is starting or stopping",
              "wait, then ./llmtrace doctor" + deployment.configOption());
      default ->
          findings.error(
              "The database of control_plane.database.url cannot be reached: "
                  + reason(e)
                  + " "
                  + address(deployment.config().controlPlane().database())
                  + (state.isEmpty() ? "" : " (SQLSTATE " + state + ")"),
              "start PostgreSQL, or mend control_plane.database.url in " + file);
    };
  }

  /** In words of ours: the driver's repeat the address. */
  private static String reason(SQLException e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    String kind = cause.getClass().getSimpleName();
    return switch (kind) {
      case "ConnectException" -> "nobody listens at";
      case "UnknownHostException" -> "no address is known for";
      case "SocketTimeoutException" -> "no answer in time from";
      case "NoRouteToHostException" -> "no way leads to";
      default -> kind + " from";
    };
  }

  /** Hosts and ports as the driver reads them; nothing else of the URL is shown. */
  private static String address(DatabaseConfig config) {
    Secret url = config.url();
    Properties parsed = url == null ? null : Driver.parseURL(url.reveal(), null);
    if (parsed == null) {
      return "an address that the driver cannot read";
    }
    String[] hosts = parsed.getProperty("PGHOST", "localhost").split(",", -1);
    String[] ports = parsed.getProperty("PGPORT", "5432").split(",", -1);
    return IntStream.range(0, hosts.length)
        .mapToObj(i -> hosts[i] + ":" + ports[Math.min(i, ports.length - 1)])
        .collect(Collectors.joining(", "));
  }

  private static boolean is(Statement sql, String query) throws SQLException {
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
