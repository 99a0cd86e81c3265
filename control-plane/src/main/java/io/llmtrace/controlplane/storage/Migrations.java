package io.llmtrace.controlplane.storage;

import static java.util.stream.Collectors.joining;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.DataSourceFactory;
import io.dropwizard.db.ManagedDataSource;
import io.dropwizard.migrations.CloseableLiquibaseWithClassPathMigrationsFile;
import io.dropwizard.util.Duration;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import io.llmtrace.runtime.config.DatabaseConfig;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Properties;
import liquibase.Contexts;
import liquibase.LabelExpression;
import liquibase.changelog.RanChangeSet;
import liquibase.exception.LiquibaseException;

/**
 * Brings a database's schema to this version. A control plane does so when it starts, and {@code
 * llmtrace migrate} before a rollout; of several at once one does the work and the others wait for
 * Liquibase's lock. Stateless.
 */
// An interrupt while closing ends the close; callers see it as it is.
@SuppressWarnings("try")
public final class Migrations {
  /** Includes the files of changesets, in their order. */
  static final String FILE = "migrations.xml";

  /**
   * What was done.
   *
   * @param applied changesets that the database did not have
   */
  public record Result(int applied) {}

  private Migrations() {}

  /**
   * Migrates the database of a configuration: the server of {@code database.url}, else the embedded
   * one, which is started for it and stopped again.
   *
   * @throws DatabaseSetupException when the user may not do it, with what an administrator must
   *     run, or when a newer version has been here
   * @throws SQLException when the database cannot be reached
   * @throws LiquibaseException when a changeset fails; those before it stay applied
   */
  public static Result run(ControlPlaneConfig config) throws Exception {
    if (config.database().url() != null) {
      DataSourceFactory source = source(config.database(), "");
      reach(source);
      return run(source);
    }
    try (EmbeddedDatabase embedded =
        EmbeddedDatabase.start(config.dataDirectory().resolve("postgres"))) {
      return run(source(config.database(), embedded.url()));
    }
  }

  /** One connection before a pool, which would log each that fails with its whole trace. */
  private static void reach(DataSourceFactory source) throws SQLException {
    Properties properties = new Properties();
    properties.putAll(source.getProperties());
    if (source.getUser() != null) {
      properties.put("user", source.getUser());
    }
    if (source.getPassword() != null) {
      properties.put("password", source.getPassword());
    }
    DriverManager.getConnection(source.getUrl(), properties).close();
  }

  static Result run(DataSourceFactory source)
      throws DatabaseSetupException, SQLException, LiquibaseException, IOException {
    source.setMaxSize(2);
    ManagedDataSource upgrading = source.build(new MetricRegistry(), "migrations");
    try (CloseableLiquibaseWithClassPathMigrationsFile migrations =
        new CloseableLiquibaseWithClassPathMigrationsFile(upgrading, FILE)) {
      refuseNewer(migrations.listUnexpectedChangeSets(new Contexts(), new LabelExpression()));
      try (Connection connection = upgrading.getConnection()) {
        ApiRole.ensure(connection);
      }
      int missing = migrations.listUnrunChangeSets(new Contexts(), new LabelExpression()).size();
      migrations.update(new Contexts(), new LabelExpression());
      return new Result(missing);
    }
  }

  /** A schema that this version does not know may hold what it would read or write wrongly. */
  private static void refuseNewer(Collection<RanChangeSet> unknown) throws DatabaseSetupException {
    if (!unknown.isEmpty()) {
      throw new DatabaseSetupException(
          "The database was brought forward by a newer version, which made "
              + unknown.stream().map(RanChangeSet::getId).sorted().collect(joining(", "))
              + ". Start that version again, or restore the backup from before it into a new"
              + " database.");
    }
  }

  /**
   * How the database is reached.
   *
   * @param embedded address of the embedded one, where the configuration names no server
   */
  static DataSourceFactory source(DatabaseConfig database, String embedded) {
    DataSourceFactory factory = new DataSourceFactory();
    factory.setDriverClass("org.postgresql.Driver");
    factory.setUrl(database.url() != null ? database.url().reveal() : embedded);
    if (database.user() != null) {
      factory.setUser(database.user());
    }
    if (database.password() != null) {
      factory.setPassword(database.password().reveal());
    }
    factory.getProperties().put("connectTimeout", "5");
    factory.getProperties().put("socketTimeout", "30");
    // The server's details quote the rows that they are about, and messages are logged.
    factory.getProperties().put("logServerErrorDetail", "false");
    factory.setInitialSize(1);
    factory.setMinSize(1);
    factory.setMaxSize(database.poolSize());
    factory.setMaxWaitForConnection(Duration.seconds(5));
    factory.setCheckConnectionOnBorrow(true);
    return factory;
  }
}
