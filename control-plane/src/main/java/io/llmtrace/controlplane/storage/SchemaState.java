package io.llmtrace.controlplane.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import liquibase.Liquibase;
import liquibase.database.OfflineConnection;
import liquibase.exception.LiquibaseException;
import liquibase.resource.ClassLoaderResourceAccessor;

/**
 * How far a database's schema is from what this build has. Only reads, and takes no lock, so that
 * it can be asked about a database that a control plane works on.
 *
 * @param applied how many changesets of this build the database has
 * @param pending ids of those that it lacks, in their order; all of them in an empty database
 * @param unknown ids that the database has and this build does not: a newer one made them
 * @param lockedFor how long a migration has held its lock; null where none does
 */
public record SchemaState(
    int applied,
    List<String> pending,
    List<String> unknown,
    @org.jspecify.annotations.Nullable Duration lockedFor) {
  private static final String UNDEFINED_TABLE = "42P01";

  public SchemaState {
    pending = List.copyOf(pending);
    unknown = List.copyOf(unknown);
  }

  /**
   * Reads it.
   *
   * @throws SQLException when the tables of migrations are there and cannot be read
   */
  public static SchemaState of(Connection connection) throws SQLException {
    Set<String> ours = new LinkedHashSet<>(changesets());
    Set<String> theirs = new HashSet<>();
    List<String> unknown = new ArrayList<>();
    Duration locked = null;
    try (Statement sql = connection.createStatement()) {
      try (ResultSet rows =
          sql.executeQuery(
              "SELECT filename || ' ' || id FROM databasechangelog ORDER BY orderexecuted")) {
        while (rows.next()) {
          String id = rows.getString(1);
          theirs.add(id);
          if (!ours.contains(id)) {
            unknown.add(id);
          }
        }
      }
      // The time has no zone: it is that of the session that wrote it, which is UTC or the server's
      // own; an age below zero is read as none.
      try (ResultSet rows =
          sql.executeQuery(
              "SELECT extract(epoch FROM localtimestamp - lockgranted)::bigint"
                  + " FROM databasechangeloglock WHERE locked")) {
        if (rows.next()) {
          locked = Duration.ofSeconds(Math.max(0, rows.getLong(1)));
        }
      }
    } catch (SQLException e) {
      if (!UNDEFINED_TABLE.equals(e.getSQLState())) {
        throw e;
      }
    }
    List<String> pending = ours.stream().filter(id -> !theirs.contains(id)).toList();
    return new SchemaState(ours.size() - pending.size(), pending, unknown, locked);
  }

  /** Of this build, each with its file, as the database has them. */
  private static List<String> changesets() {
    ClassLoaderResourceAccessor files =
        new ClassLoaderResourceAccessor(SchemaState.class.getClassLoader());
    try (files;
        Liquibase liquibase =
            new Liquibase(
                Migrations.FILE,
                files,
                // Nothing is written: a changelog is read the same for any server.
                new OfflineConnection("offline:postgresql?outputLiquibaseSql=none", files))) {
      return liquibase.getDatabaseChangeLog().getChangeSets().stream()
          .map(each -> each.getFilePath() + " " + each.getId())
          .toList();
    } catch (LiquibaseException e) {
      throw new IllegalStateException("the migrations of this build cannot be read", e);
    } catch (Exception e) {
      throw new IllegalStateException("the files of this build cannot be closed", e);
    }
  }
}
