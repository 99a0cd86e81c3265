package io.llmtrace.cli.doctor;

import io.llmtrace.runtime.config.DatabaseConfig;
import io.llmtrace.runtime.config.Secret;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/** Connections to the configured database, which read and nothing else. Stateless. */
final class Database {
  private Database() {}

  /**
   * Connects as the control plane does.
   *
   * @throws SQLException where that fails; its message may name host and user, never the password
   */
  static Connection open(Deployment deployment) throws SQLException {
    DatabaseConfig config = deployment.config().controlPlane().database();
    Secret url = config.url();
    if (url == null) {
      throw new SQLException("there is no control_plane.database.url");
    }
    String seconds = Long.toString(Math.max(1, deployment.patience().toSeconds()));
    Properties properties = new Properties();
    if (config.user() != null) {
      properties.put("user", config.user());
    }
    if (config.password() != null) {
      properties.put("password", config.password().reveal());
    }
    properties.put("connectTimeout", seconds);
    properties.put("loginTimeout", seconds);
    properties.put("socketTimeout", seconds);
    properties.put("ApplicationName", "llmtrace doctor");
    Connection connection = DriverManager.getConnection(url.reveal(), properties);
    try {
      connection.setReadOnly(true);
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
    return connection;
  }
}
