package io.llmtrace.controlplane.lifecycle;

import static io.llmtrace.controlplane.lifecycle.Stored.in;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.Records;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.signing.SigningKey;
import io.llmtrace.controlplane.statistics.RollupFold;
import io.llmtrace.controlplane.statistics.RollupPacks;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPInputStream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestStorage.Extension.class)
class ErasuresTest {
  @TempDir private static Path directory;

  private final TestStorage database;
  private final Stored stored;
  private SigningKey key;

  ErasuresTest(TestStorage database) {
    this.database = database;
    stored = new Stored(database);
  }

  @BeforeEach
  void start() throws Exception {
    key = SigningKey.load(null, directory);
  }

  @AfterEach
  void stop() {
    stored.close();
  }

  private Erasures erasures() {
    return new Erasures(database::jdbi, stored.partitions, key, 2);
  }

  private String ask(String tenant, String kind, String name) {
    String id = new Ulid().next();
    database
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    "INSERT INTO erasures (id, tenant, kind, subject, subject_sha256, reason,"
                        + " requested_by) VALUES (?, ?, ?, ?, ?, 'article 17', 'key:k')",
                    id,
                    tenant,
                    kind,
                    name,
                    Subject.sha256(name)));
    return id;
  }

  private Erasure read(String id) {
    return database
        .jdbi()
        .withHandle(
            handle ->
                handle
                    .createQuery(Erasure.SELECT + " WHERE id = :id")
                    .bind("id", id)
                    .map((row, context) -> Erasure.of(row))
                    .one());
  }

  /**
   * Everything that a subject can leave: exchanges, sums, records and batches that were set aside.
   */
  private void leave(String tenant, String name) {
    for (int i = 0; i < 3; i++) {
      String unused = stored.exchange(i, tenant, name);
    }
    String foreign = Stored.id(1);
    stored.send(
        TenantScope.of("nobody"),
        Stored.asked(foreign, Stored.who(tenant, name, "bot")),
        Records.completion(foreign));
    // Its answer comes with a key that may, and waits for the request.
    stored.send(TenantScope.all(), Records.completion(foreign));
    String ahead = Stored.id(-5);
    stored.send(
        TenantScope.all(),
        Stored.asked(ahead, Stored.who(tenant, name, "bot")),
        Stored.asked(Stored.id(-5), Stored.who(tenant, "stays", "bot")),
        Records.completion(ahead));
    new RollupFold(database::jdbi).run();
    new RollupPacks(database::jdbi).runToTheEnd();
    String journal = stored.exchange(1, tenant, name);
    assertThat(journal).isNotEmpty();
  }

  /** Tables with a text in any column of text or JSON, in a batch that was set aside or a pack. */
  private List<String> found(String text) throws Exception {
    List<String> found = new ArrayList<>();
    for (String column :
        database.column(
            "SELECT table_name || '.' || column_name FROM information_schema.columns"
                + " WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'ARRAY',"
                + " 'character varying') ORDER BY 1")) {
      String[] parts = column.split("\\.", -1);
      if (database.number(
              "SELECT count(*) FROM \"%s\" WHERE \"%s\"::text LIKE '%%%s%%'"
                  .formatted(parts[0], parts[1], text))
          > 0) {
        found.add(column);
      }
    }
    if (database.number(
            "SELECT count(*) FROM rollup_packs WHERE position(convert_to('%s', 'UTF8') IN sums) > 0"
                .formatted(text))
        > 0) {
      found.add("rollup_packs.sums");
    }
    List<byte[]> bodies =
        database
            .jdbi()
            .withHandle(
                handle ->
                    handle
                        .createQuery("SELECT body FROM set_aside_batches")
                        .mapTo(byte[].class)
                        .list());
    for (byte[] body : bodies) {
      try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(body))) {
        if (new String(in.readAllBytes(), UTF_8).contains(text)) {
          found.add("set_aside_batches.body");
        }
      }
    }
    return found;
  }

  @Test
  void nothingOfTheSubjectIsLeftAndNothingOfOthersIsGone() throws Exception {
    leave("e1", "mallory-7f3");
    String neighbour = stored.exchange(1, "e1", "bob");
    String namesake = stored.exchange(1, "e1-other", "mallory-x");
    long others = database.number("SELECT count(*) FROM rollups WHERE key = 'bob'");
    assertThat(found("mallory-7f3"))
        .contains(
            "exchanges.consumer",
            "exchanges.record",
            "rollups.key",
            "rollup_journal.key",
            "rollup_packs.sums",
            "set_aside.record",
            "set_aside_batches.body");
    long waiting = database.number("SELECT count(*) FROM waiting_completions");
    long cost =
        database.number(
            "SELECT (sum(cost_usd) * 100)::bigint FROM rollups WHERE dimension = 'consumer'"
                + " AND tenant = 'e1' AND grain = 'day'");

    String id = ask("e1", "consumer", "mallory-7f3");
    erasures().run();

    assertThat(found("mallory-7f3")).isEmpty();
    assertThat(stored.rows(neighbour)).isEqualTo(in("standard"));
    assertThat(stored.rows(namesake)).isEqualTo(in("standard"));
    assertThat(database.number("SELECT count(*) FROM rollups WHERE key = 'bob'")).isEqualTo(others);
    assertThat(found("stays")).contains("set_aside_batches.body");
    assertThat(database.number("SELECT count(*) FROM waiting_completions")).isEqualTo(waiting - 1);
    // What was spent stays in the sums, and so does how long it took.
    assertThat(
            database.number(
                "SELECT (sum(cost_usd) * 100)::bigint FROM rollups WHERE dimension = 'consumer'"
                    + " AND tenant = 'e1' AND grain = 'day'"))
        .isEqualTo(cost);
    assertThat(
            database.number(
                "SELECT count(*) FROM rollups WHERE key = 'erased' AND tenant = 'e1'"
                    + " AND latency IS NOT NULL AND grain = 'day'"))
        .isEqualTo(3);
    Erasure done = read(id);
    assertThat(done.state()).isEqualTo("done");
    assertThat(done.counts().get("exchanges").asLong()).isEqualTo(4);
    assertThat(done.counts().get("completions").asLong()).isEqualTo(4);
    assertThat(done.counts().get("findings").asLong()).isEqualTo(8);
    assertThat(done.counts().get("set_aside").asLong()).isEqualTo(2);
    assertThat(done.counts().get("waiting_completions").asLong()).isEqualTo(1);
    assertThat(done.counts().get("set_aside_batches").asLong()).isEqualTo(2);
    assertThat(done.counts().get("held").asLong()).isZero();
  }

  @Test
  void theReceiptIsSignedAndSaysWhatWasDone() throws Exception {
    String unused = stored.exchange(1, "e2", "carol-5");
    String id = ask("e2", "consumer", "carol-5");
    erasures().run();
    Erasure done = read(id);
    assertThat(
            key.verifies(
                done.receipt().getBytes(UTF_8),
                java.util.Base64.getDecoder().decode(done.signature())))
        .isTrue();
    JsonNode receipt = WireJson.mapper().readTree(done.receipt());
    assertThat(receipt.get("subject_sha256").asText())
        .isEqualTo(Subject.sha256("carol-5"))
        .isEqualTo(done.subjectSha256());
    assertThat(receipt.get("id").asText()).isEqualTo(id);
    assertThat(receipt.get("key_id").asText()).isEqualTo(key.id());
    assertThat(receipt.get("counts")).isEqualTo(done.counts());
    assertThat(receipt.get("done_at").asText()).isNotEmpty();
    assertThat(
            database.column(
                "SELECT action || ' ' || actor FROM audit WHERE target = 'erasure:" + id + "'"))
        .containsExactly("erasure.done system");
  }

  @Test
  void heldRowsStayAndAreReportedAlsoWhereTheyWereNotMovedYet() throws Exception {
    String held = stored.exchange(3, "e3", "dave-9");
    String notYet = stored.exchange(0, "e3", "dave-9");
    String free = stored.exchange(5, "e3", "dave-9");
    String hold = stored.hold("e3", "dave-9", 4, null);
    new Holds(database::jdbi, stored.partitions, Stored::retention).run();

    String id = ask("e3", "consumer", "dave-9");
    erasures().run();

    assertThat(stored.rows(held)).isEqualTo(in("hold"));
    assertThat(stored.rows(notYet)).isEqualTo(in("standard"));
    assertThat(stored.rows(free)).isEmpty();
    assertThat(read(id).counts().get("held").asLong()).isEqualTo(2);
    assertThat(read(id).counts().get("exchanges").asLong()).isEqualTo(1);

    // Once the hold is over, whoever asks again gets the rest, wherever it is.
    stored.end(hold);
    ask("e3", "consumer", "dave-9");
    erasures().run();
    assertThat(stored.rows(held)).isEmpty();
    assertThat(stored.rows(notYet)).isEmpty();
    new Holds(database::jdbi, stored.partitions, Stored::retention).run();
    ask("e3", "consumer", "dave-9");
    erasures().run();
    assertThat(found("dave-9")).isEmpty();
  }

  @Test
  void anAgentIsASubjectToo() throws Exception {
    String id = Stored.id(1);
    stored.send(
        TenantScope.all(), Stored.asked(id, Stored.who("e4", "erin", "key-00c0ffee00c0ffee")));
    String other = stored.exchange(1, "e4", "erin");
    sql(
        "INSERT INTO anomalies (id, tenant, type, severity, dimension, key, key2, measure,"
            + " started_at, last_at, hours, excess, peak_at, observed, expected_low, expected_mid,"
            + " expected_high, expected_limit, score, baseline) VALUES ('an-1', 'e4', 'cost_spike',"
            + " 'high', 'agent', 'key-00c0ffee00c0ffee', '', 'cost_usd', now(), now(), 1, 1, now(),"
            + " 1, 0, 0, 0, 0, 1, '{}')");
    assertThat(found("key-00c0ffee00c0ffee")).contains("anomalies.key");
    String asked = ask("e4", "agent", "key-00c0ffee00c0ffee");
    erasures().run();
    assertThat(found("key-00c0ffee00c0ffee")).isEmpty();
    assertThat(read(asked).counts().get("anomalies").asLong()).isEqualTo(1);
    assertThat(stored.rows(other)).isEqualTo(in("standard"));
  }

  @Test
  void aCrashAnywhereGoesOnAfterwardsAndCountsEachRowOnce() throws Exception {
    leave("e5", "frank-3");
    String id = ask("e5", "consumer", "frank-3");
    int crashes = 0;
    for (int allowed = 2; read(id).doneAt() == null; allowed++) {
      AtomicInteger left = new AtomicInteger(allowed);
      Erasures crashing =
          new Erasures(
              () -> {
                if (left.getAndDecrement() == 0) {
                  throw new Crash();
                }
                return database.jdbi();
              },
              stored.partitions,
              key,
              2);
      try {
        crashing.run();
      } catch (Crash e) {
        crashes++;
      }
    }
    assertThat(crashes).isGreaterThan(5);
    assertThat(found("frank-3")).isEmpty();
    assertThat(read(id).counts().get("exchanges").asLong()).isEqualTo(4);
    assertThat(read(id).counts().get("findings").asLong()).isEqualTo(8);
    assertThat(read(id).counts().get("set_aside").asLong()).isEqualTo(2);
  }

  @Test
  void whatAFailedStepDeletedIsThereAgainAndNotCounted() throws Exception {
    String mine = stored.exchange(1, "e7", "oscar-2");
    String id = ask("e7", "consumer", "oscar-2");
    sql(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN RAISE EXCEPTION 'cut'; END $$");
    sql("CREATE TRIGGER fail AFTER DELETE ON exchanges FOR EACH ROW EXECUTE FUNCTION fail()");
    assertThatThrownBy(() -> erasures().run()).hasStackTraceContaining("cut");
    assertThat(stored.rows(mine)).isEqualTo(in("standard"));
    assertThat(read(id).counts().path("findings").asLong()).isZero();
    sql("DROP TRIGGER fail ON exchanges");
    erasures().run();
    assertThat(stored.rows(mine)).isEmpty();
    assertThat(read(id).counts().path("findings").asLong()).isEqualTo(2);
  }

  @Test
  void whatHangsOnAnExchangeOrAFindingGoesWithIt() throws Exception {
    String mine = stored.exchange(1, "e8", "peggy-4");
    String other = stored.exchange(1, "e8", "bob");
    sql("CREATE TABLE remarks (decision_id text, remark text)");
    sql("CREATE TABLE opinions (finding_id text, opinion text)");
    for (String id : List.of(mine, other)) {
      sql("INSERT INTO remarks VALUES ('%s', 'of %s')".formatted(id, id));
      sql("INSERT INTO opinions VALUES ('%s.request.1', 'of %s')".formatted(id, id));
    }
    String id = ask("e8", "consumer", "peggy-4");
    erasures().run();
    assertThat(database.column("SELECT decision_id FROM remarks")).containsExactly(other);
    assertThat(database.column("SELECT finding_id FROM opinions"))
        .containsExactly(other + ".request.1");
    assertThat(read(id).counts().get("remarks").asLong()).isEqualTo(1);
    assertThat(read(id).counts().get("opinions").asLong()).isEqualTo(1);
    sql("DROP TABLE remarks, opinions");
  }

  private void sql(String statement) {
    database.jdbi().useHandle(handle -> handle.execute(statement));
  }

  @Test
  void oneReplicaAtATimeErases() {
    String mine = stored.exchange(1, "e6", "grace-1");
    String id = ask("e6", "consumer", "grace-1");
    Jdbi.create(database.url())
        .useTransaction(
            handle -> {
              Turns.take(handle, Turns.ERASURES);
              erasures().run();
            });
    assertThat(stored.rows(mine)).isEqualTo(in("standard"));
    assertThat(read(id).state()).isEqualTo("pending");
    erasures().run();
    assertThat(stored.rows(mine)).isEmpty();
  }

  private static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1;
  }
}
