package io.llmtrace.controlplane.storage;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;

/**
 * Who may connect to the embedded PostgreSQL. It is made such that every local user may, as its
 * superuser, who may run programs as the user of this process; so a password is set and asked for
 * as soon as it has started, once for each directory. Not thread-safe.
 */
final class EmbeddedAccess {
  private static final String FIRST_LINE = "# By LLMTrace: nobody without the password.";

  private static final String RULES =
      FIRST_LINE
          + """

          local all all              scram-sha-256
          host  all all 127.0.0.1/32 scram-sha-256
          host  all all ::1/128      scram-sha-256
          """;

  private final Path rules;
  private final Path passwordFile;

  /**
   * @param data the server's directory, of mode 0700
   */
  EmbeddedAccess(Path data) {
    this.rules = data.resolve("pg_hba.conf");
    this.passwordFile = data.resolve("llmtrace.password");
  }

  /** The password, empty where none was set yet: then none is asked for either. */
  String known() throws IOException {
    return PrivateFiles.read(passwordFile).map(bytes -> new String(bytes, US_ASCII)).orElse("");
  }

  /**
   * Has the server that has started ask for a password, if it does not yet.
   *
   * @param url with the user, without a password
   * @return the password
   */
  String close(String url) throws IOException {
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    // The file comes first: a crash after it leaves a server that still lets us in.
    String password =
        new String(
            PrivateFiles.createOrRead(
                passwordFile, HexFormat.of().formatHex(random).getBytes(US_ASCII)),
            US_ASCII);
    if (!password.matches("[0-9a-f]{64}")) {
      throw new IOException(passwordFile + ": expected 64 hex digits");
    }
    if (Files.readString(rules).startsWith(FIRST_LINE)) {
      return password;
    }
    try (Connection connection = DriverManager.getConnection(url);
        Statement sql = connection.createStatement()) {
      sql.execute("SET password_encryption = 'scram-sha-256'");
      sql.execute("ALTER USER postgres PASSWORD '" + password + "'");
      PrivateFiles.write(rules, RULES);
      sql.execute("SELECT pg_reload_conf()");
    } catch (SQLException e) {
      throw new IOException("PostgreSQL takes no password: " + e.getMessage(), e);
    }
    return password;
  }
}
