package io.llmtrace.controlplane.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.storage.TestStorage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStorage.Extension.class)
class HousekeepingTest {
  private final TestStorage database;

  HousekeepingTest(TestStorage database) {
    this.database = database;
  }

  private void sql(String statement) {
    database.jdbi().useHandle(handle -> handle.execute(statement));
  }

  @Test
  void eachTableKeepsWhatIsOfUse() {
    // Five rows past their age and two within it, in steps of two.
    for (String age : new String[] {"generate_series(32, 36)", "generate_series(29, 30)"}) {
      sql(
          "INSERT INTO batches SELECT 'k', 'n', 'b', d, 1, now() - make_interval(days => d) FROM "
              + age
              + " d");
    }
    for (String age : new String[] {"generate_series(91, 95)", "generate_series(88, 89)"}) {
      sql(
          "INSERT INTO losses (node, reason, count, at) SELECT 'n', 'r', 1,"
              + " (extract(epoch FROM now()) * 1000)::bigint - d * 86400000::bigint FROM "
              + age
              + " d");
    }
    for (String age : new String[] {"generate_series(25, 29)", "generate_series(22, 23)"}) {
      sql(
          "INSERT INTO idempotency SELECT sha256(h::text::bytea), 'c', '', 200, '{}', '',"
              + " now() - make_interval(hours => h) FROM "
              + age
              + " h");
    }
    for (String age : new String[] {"generate_series(31, 35)", "generate_series(28, 29)"}) {
      sql(
          "INSERT INTO set_aside (key_id, node, kind, decision_id, tenant, reason, record,"
              + " received_at) SELECT 'k', 'n', 'inspection', d::text, 't', 'r', '{}',"
              + " now() - make_interval(days => d) FROM "
              + age
              + " d");
      sql(
          "INSERT INTO set_aside_batches (key_id, node, boot_id, sequence, reason, records, body,"
              + " received_at) SELECT 'k', 'n', 'b', d, 'r', 1, '',"
              + " now() - make_interval(days => d) FROM "
              + age
              + " d");
    }
    sql(
        "INSERT INTO set_aside_batches (key_id, node, boot_id, sequence, reason, records, body,"
            + " received_at, replayed_at) SELECT 'k', 'n', 'b', d, 'r', 1, '',"
            + " now() - interval '20 days', now() - make_interval(days => d)"
            + " FROM generate_series(6, 8, 2) d");
    try (Stored stored = new Stored(database)) {
      String kept = stored.exchange(3, "k1", "c");
      for (String id : new String[] {kept, Stored.id(3), Stored.id(3), Stored.id(3)}) {
        sql(
            "INSERT INTO settled_late VALUES ('%s', '%s', 'sweep', now() - interval '2 days')"
                .formatted(id, Stored.day(3)));
      }
      sql(
          "INSERT INTO settled_late VALUES ('%s', '%s', 'sweep', now())"
              .formatted(Stored.id(3), Stored.day(3)));

      new Housekeeping(database::jdbi, 2).run();

      assertThat(
              database.column(
                  "SELECT sequence::text FROM batches WHERE node = 'n' AND boot_id"
                      + " = 'b' AND key_id = 'k' ORDER BY 1"))
          .containsExactly("29", "30");
      assertThat(database.number("SELECT count(*) FROM losses")).isEqualTo(2);
      assertThat(database.number("SELECT count(*) FROM idempotency")).isEqualTo(2);
      assertThat(database.column("SELECT decision_id FROM set_aside ORDER BY 1"))
          .containsExactly("28", "29");
      assertThat(database.column("SELECT sequence::text FROM set_aside_batches ORDER BY 1"))
          .containsExactly("28", "29", "6");
      assertThat(database.number("SELECT count(*) FROM settled_late")).isEqualTo(2);
      assertThat(database.column("SELECT by FROM settled_late WHERE decision_id = '" + kept + "'"))
          .containsExactly("sweep");
    }
  }
}
