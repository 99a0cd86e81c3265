package io.llmtrace.cli.doctor;

import io.llmtrace.controlplane.storage.SchemaState;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;

/** Whether the database's schema is that of this build. */
final class MigrationsCheck implements Check {
  static final String NAME = "migrations";

  /** The longest ones rewrite tables; a lock that is held for longer belongs to nobody. */
  private static final Duration LONG = Duration.ofMinutes(30);

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
    return Set.of(ConfigurationCheck.NAME, DatabaseCheck.NAME);
  }

  @Override
  public Outcome look(Deployment deployment) {
    if (deployment.config().controlPlane().database().url() == null) {
      return new Outcome.Skipped("the database is embedded, and migrated at each start");
    }
    Findings findings = new Findings(NAME);
    String start = "./llmtrace control-plane" + deployment.configOption();
    SchemaState state;
    try (Connection connection = Database.open(deployment)) {
      state = SchemaState.of(connection);
    } catch (SQLException e) {
      return findings
          .error(
              "The tables of migrations cannot be read (SQLSTATE " + e.getSQLState() + ")",
              "psql -c 'GRANT SELECT ON databasechangelog, databasechangeloglock TO USER'   # the"
                  + " user of control_plane.database")
          .or("");
    }
    Duration locked = state.lockedFor();
    if (locked != null && locked.compareTo(LONG) > 0) {
      findings.error(
          "A migration has held its lock for "
              + locked.toMinutes()
              + " minutes: it was killed, and no control plane can start until the lock is gone",
          "psql -c \"UPDATE databasechangeloglock SET locked = false, lockgranted = NULL, lockedby"
              + " = NULL\"   # when no control plane is starting");
    }
    if (!state.unknown().isEmpty()) {
      findings.error(
          "The database has "
              + state.unknown().size()
              + " changesets that this build does not know, such as \""
              + state.unknown().get(state.unknown().size() - 1)
              + "\": a newer version has migrated it",
          "run the newer version of the control plane, or restore a backup from before the"
              + " upgrade");
    } else if (state.applied() == 0) {
      findings.warning("The database is empty: no control plane has migrated it yet", start);
    } else if (!state.pending().isEmpty()) {
      findings.warning(
          state.pending().size()
              + " changesets of this build are pending, the first is \""
              + state.pending().get(0)
              + "\"",
          start + "   # migrates when it starts");
    }
    return findings.or(state.applied() + " changesets, none pending");
  }
}
