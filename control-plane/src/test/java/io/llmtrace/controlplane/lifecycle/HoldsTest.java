package io.llmtrace.controlplane.lifecycle;

import static io.llmtrace.controlplane.lifecycle.Stored.day;
import static io.llmtrace.controlplane.lifecycle.Stored.in;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.storage.DropGuard;
import io.llmtrace.controlplane.storage.Partitions;
import io.llmtrace.controlplane.storage.TestStorage;
import java.time.LocalDate;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStorage.Extension.class)
class HoldsTest {
  private final Stored stored;
  private Holds holds;

  HoldsTest(TestStorage database) {
    stored = new Stored(database);
  }

  @BeforeEach
  void start() {
    holds = holds(stored.partitions);
  }

  @AfterEach
  void stop() {
    stored.database.jdbi().useHandle(handle -> handle.execute("DELETE FROM holds"));
    stored.close();
  }

  // Steps of two rows, so that every move takes several.
  private Holds holds(Partitions partitions) {
    return new Holds(stored.database::jdbi, partitions, Stored::retention, 2);
  }

  @Test
  void whatAHoldCoversIsMovedAndNothingElse() {
    String held = stored.exchange(3, "h1", "alice");
    String lastDay = stored.exchange(2, "h1", "alice");
    String other = stored.exchange(3, "h1", "bob");
    String early = stored.exchange(5, "h1", "alice");
    String late = stored.exchange(1, "h1", "alice");
    String foreign = stored.exchange(3, "h1-other", "alice");
    String hold = stored.hold("h1", "alice", 4, day(2).toString());

    holds.run();

    assertThat(stored.rows(held)).isEqualTo(in("hold"));
    assertThat(stored.rows(lastDay)).isEqualTo(in("hold"));
    for (String free : new String[] {other, early, late, foreign}) {
      assertThat(stored.rows(free)).isEqualTo(in("standard"));
    }
    assertThat(stored.database.column("SELECT moved_until::text FROM holds"))
        .containsExactly(day(0).toString());
    stored.end(hold);
  }

  @Test
  void aHoldOfATenantTakesEverybodysRowsAndTodaysTomorrow() {
    String alice = stored.exchange(3, "h2", "alice");
    String nobody = stored.exchange(1, "h2", "");
    String today = stored.exchange(0, "h2", "alice");
    String hold = stored.hold("h2", null, 10, null);

    holds.run();
    assertThat(stored.rows(alice)).isEqualTo(in("hold"));
    assertThat(stored.rows(nobody)).isEqualTo(in("hold"));
    assertThat(stored.rows(today)).isEqualTo(in("standard"));

    holds(Stored.at(1)).run();
    assertThat(stored.rows(today)).isEqualTo(in("hold"));
    stored.end(hold);
  }

  @Test
  void rowsThatComeAfterTheirDayWasMovedAreMovedBeforeRetentionDropsIt() {
    String before = stored.exchange(3, "hasty-3", "alice");
    String hold = stored.hold("hasty-3", "alice", 10, null);
    holds.run();
    String late = stored.exchange(3, "hasty-3", "alice");
    String free = stored.exchange(3, "hasty-3", "bob");
    assertThat(stored.rows(late)).isEqualTo(in("short"));

    Partitions later = Stored.at(7);
    later.maintain(stored.database.jdbi(), holds(later));

    assertThat(stored.rows(before)).isEqualTo(in("hold"));
    assertThat(stored.rows(late)).isEqualTo(in("hold"));
    assertThat(stored.rows(free)).isEmpty();
    assertThat(stored.database.column(partition("short", 3))).isEmpty();
    stored.end(hold);
  }

  @Test
  void aDayThatAHoldStillHasToMoveIsNotDropped() {
    String id = stored.exchange(4, "hasty-4", "alice");
    String free = stored.exchange(5, "hasty-4", "alice");
    String hold = stored.hold("hasty-4", "alice", 4, null);
    Partitions later = Stored.at(6);
    DropGuard withoutMoving = onlyAsked(holds(later));

    later.maintain(stored.database.jdbi(), withoutMoving);

    assertThat(stored.rows(id)).isEqualTo(in("short"));
    assertThat(stored.rows(free)).isEmpty();
    stored.end(hold);
    later.maintain(stored.database.jdbi(), withoutMoving);
    assertThat(stored.rows(id)).isEmpty();
  }

  @Test
  void aHoldThatIsBeingMadeIsNotMissedByADrop() throws Exception {
    String id = stored.exchange(4, "hasty-7", "alice");
    Partitions later = Stored.at(7);
    Holds dropping = holds(later);
    CompletableFuture<Void> dropped =
        Jdbi.create(stored.database.url())
            .inTransaction(
                handle -> {
                  Turns.take(handle, Turns.DELETES);
                  CompletableFuture<Void> other =
                      CompletableFuture.runAsync(
                          () -> later.maintain(stored.database.jdbi(), onlyAsked(dropping)));
                  handle.execute(
                      "INSERT INTO holds (id, tenant, from_day, reason, created_by)"
                          + " VALUES (?, 'hasty-7', ?, 'case', 'key:k')",
                      Stored.id(0),
                      day(4));
                  while (!other.isDone()
                      && stored.database.number(
                              "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                                  + " AND NOT granted AND objid = "
                                  + Turns.DELETES)
                          == 0) {
                    Thread.sleep(5);
                  }
                  assertThat(other).isNotDone();
                  return other;
                });
    dropped.get(60, TimeUnit.SECONDS);
    assertThat(stored.rows(id)).isEqualTo(in("short"));
  }

  /** Retention that cannot move rows, so that only the last question is between it and a day. */
  private static DropGuard onlyAsked(Holds holds) {
    return new DropGuard() {
      @Override
      public void save(LocalDate day) {}

      @Override
      public boolean mayDrop(Handle handle, String parent, String table, LocalDate day) {
        return holds.mayDrop(handle, parent, table, day);
      }
    };
  }

  @Test
  void theEndOfAHoldGivesRowsBackOrDeletesWhatIsPastItsClass() {
    String kept = stored.exchange(3, "hasty-5", "alice");
    String twice = stored.exchange(3, "hasty-5", "bob");
    String old = stored.exchange(6, "hasty-5", "alice");
    String all = stored.hold("hasty-5", null, 10, null);
    String bobs = stored.hold("hasty-5", "bob", 10, null);
    holds.run();
    assertThat(stored.rows(twice)).isEqualTo(in("hold"));

    stored.end(all);
    Partitions later = Stored.at(2);
    holds(later).run();

    assertThat(stored.rows(kept)).isEqualTo(in("short"));
    assertThat(stored.rows(old)).isEmpty();
    assertThat(stored.rows(twice)).isEqualTo(in("hold"));
    assertThat(
            stored.database.column(
                "SELECT after FROM audit WHERE action = 'hold.release' AND target = 'hold:"
                    + all
                    + "'"))
        .singleElement()
        .asString()
        .contains("\"moved exchanges\":1", "\"deleted exchanges\":1", "\"deleted findings\":2");
    assertThat(
            stored.database.column(
                "SELECT (released_at IS NOT NULL)::text FROM holds WHERE id = '" + all + "'"))
        .containsExactly("true");
    stored.end(bobs);
    holds(later).run();
    assertThat(stored.rows(twice)).isEqualTo(in("short"));
  }

  @Test
  void oneReplicaAtATimeMoves() {
    String id = stored.exchange(3, "h6", "alice");
    String hold = stored.hold("h6", null, 10, null);
    // A connection of its own: on one thread Jdbi goes on in the transaction that is open.
    Jdbi.create(stored.database.url())
        .useTransaction(
            handle -> {
              Turns.take(handle, Turns.MOVES);
              holds.run();
            });
    assertThat(stored.rows(id)).isEqualTo(in("standard"));
    assertThat(stored.database.column("SELECT moved_until::text FROM holds"))
        .containsExactly((String) null);
    holds.run();
    assertThat(stored.rows(id)).isEqualTo(in("hold"));
    stored.end(hold);
  }

  private static String partition(String retention, int daysAgo) {
    return "SELECT relname FROM pg_class WHERE relname LIKE '%\\_"
        + retention
        + "\\_"
        + day(daysAgo).toString().replace("-", "")
        + "'";
  }
}
