package io.llmtrace.controlplane.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStorage.Extension.class)
class RollupFoldTest {
  private static final String ROWS = "SELECT count(*) FROM rollup_journal";

  @Test
  void whatIsLittleWaitsAndWhatIsMuchDoesNot(TestStorage database) throws Exception {
    RollupFold fold = new RollupFold(database::jdbi);
    add(database);
    fold.runWhereDue();
    assertThat(database.number(ROWS)).as("nobody has folded for long").isZero();

    add(database);
    fold.runWhereDue();
    assertThat(database.number(ROWS)).as("one row, and just folded").isEqualTo(1);
    assertThat(folded(database)).isEqualTo(1);

    // As if fifty thousand had come in between.
    database
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    "SELECT setval(pg_get_serial_sequence('rollup_journal', 'id'),"
                        + " (SELECT max(id) + 49999 FROM rollup_journal))"));
    add(database);
    fold.runWhereDue();
    assertThat(database.number(ROWS)).isZero();
    assertThat(folded(database)).isEqualTo(3);
  }

  private static long folded(TestStorage database) {
    return database.number("SELECT coalesce(sum(findings), 0) FROM rollups WHERE grain = 'day'");
  }

  private static void add(TestStorage database) throws SQLException {
    database
        .jdbi()
        .useTransaction(
            handle -> {
              RollupJournal journal = new RollupJournal();
              journal.finding(
                  "acme", FindingType.COST_SPIKE, Severity.HIGH, System.currentTimeMillis());
              journal.write(handle);
            });
  }
}
