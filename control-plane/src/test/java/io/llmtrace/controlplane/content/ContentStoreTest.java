package io.llmtrace.controlplane.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Grant;
import io.llmtrace.controlplane.access.Origin;
import io.llmtrace.controlplane.access.Role;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.lifecycle.Erasures;
import io.llmtrace.controlplane.metrics.Totals;
import io.llmtrace.controlplane.signing.SigningKey;
import io.llmtrace.controlplane.storage.Partitions;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.wire.ContentAck;
import io.llmtrace.policies.wire.ContentBatch;
import io.llmtrace.policies.wire.ContentPart;
import io.llmtrace.policies.wire.ContentRecord;
import jakarta.ws.rs.WebApplicationException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestStorage.Extension.class)
class ContentStoreTest {
  private static final int DAYS = 3;
  private static final Caller ADMIN = caller(Role.ADMIN, TenantScope.all());

  @TempDir static Path folder;
  private static TestStorage database;
  private static Keyring keyring;
  private static ContentKeys keys;
  private static ContentStore store;

  @BeforeAll
  static void open(TestStorage given) throws Exception {
    database = given;
    keyring = Keyring.open(folder.resolve("content.keys"));
    keys = new ContentKeys(database::jdbi, keyring);
    store = store(keyring);
  }

  private static ContentStore store(KeyEncryption encryption) {
    return new ContentStore(database::jdbi, encryption, days(0), new Totals("content"));
  }

  /** Days as they are looked after in some days. */
  private static ContentDays days(int ahead) {
    return new ContentDays(
        database::jdbi, Clock.offset(Clock.systemUTC(), Duration.ofDays(ahead)), DAYS);
  }

  private static Caller caller(Role role, TenantScope tenants) {
    return new Caller(
        "key",
        Caller.Kind.KEY,
        "key",
        List.of(new Grant(role, tenants)),
        Set.of(),
        new Origin("127.0.0.1", "", "r"));
  }

  private static ContentAck send(ContentRecord... records) {
    return store.accept(
        caller(Role.INSTANCE, TenantScope.all()),
        new ContentBatch(ContentBatch.SCHEMA, "n", List.of(records)));
  }

  private static String stored(int daysAgo, String tenant, String consumer) {
    String id = Contents.id(daysAgo);
    assertThat(
            send(
                Contents.of(id, tenant, ContentPart.REQUEST, consumer),
                Contents.of(id, tenant, ContentPart.ANSWER, consumer)))
        .isEqualTo(new ContentAck(2, Map.of()));
    return id;
  }

  private static long rows(String id) {
    return database.number("SELECT count(*) FROM content WHERE decision_id = '" + id + "'");
  }

  @Test
  void nothingOfItIsPlainInAnyTable() {
    stored(0, "acme", "alice");

    for (String table :
        database.column("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")) {
      // As text, and as the text that bytes of bytea would be.
      assertThat(
              database.number(
                  ("SELECT count(*) FROM \"%1$s\" x WHERE x::text LIKE '%%%2$s%%'"
                          + " OR x::text LIKE '%%' || encode('%2$s', 'hex') || '%%'")
                      .formatted(table, Contents.MARKER)))
          .as(table)
          .isZero();
    }
    assertThat(database.number("SELECT count(*) FROM content")).isPositive();
  }

  @Test
  void whatIsSentAgainIsStoredOnceAndCountedOnce() {
    String id = stored(0, "acme", "alice");
    long counted = captured();

    assertThat(send(Contents.request(id, "acme")).stored()).isEqualTo(1);

    assertThat(rows(id)).isEqualTo(2);
    assertThat(captured()).isEqualTo(counted);
  }

  private static long captured() {
    return database.number(
        "SELECT coalesce(sum(value), 0)::bigint FROM metric_totals"
            + " WHERE metric = 'llmtrace_content_captured_total'");
  }

  @Test
  void whatMayNotBeStoredIsRefusedAndTheRestIsStored() {
    String good = Contents.id(0);
    ContentAck ack =
        store.accept(
            caller(Role.INSTANCE, TenantScope.of("acme")),
            new ContentBatch(
                1,
                "n",
                List.of(
                    Contents.request(good, "acme"),
                    Contents.request(Contents.id(0), "zebra"),
                    Contents.request(Contents.id(DAYS), "acme"),
                    Contents.request(Contents.id(-3), "acme"))));

    assertThat(ack)
        .isEqualTo(new ContentAck(1, Map.of("foreign_tenant", 1, "expired", 1, "clock_skew", 1)));
    assertThat(rows(good)).isEqualTo(1);
    assertThat(
            database.column(
                "SELECT labels FROM metric_totals WHERE metric = 'llmtrace_content_refused_total'"))
        .contains("[\"foreign_tenant\"]", "[\"expired\"]", "[\"clock_skew\"]");
  }

  @Test
  void withoutAKeyEverythingIsRefusedAndCounted() {
    String id = Contents.id(0);
    ContentAck ack =
        new ContentStore(database::jdbi, null, days(0), new Totals("no-key"))
            .accept(
                caller(Role.INSTANCE, TenantScope.all()),
                new ContentBatch(1, "n", List.of(Contents.request(id, "acme"))));

    assertThat(ack).isEqualTo(new ContentAck(0, Map.of("no_key", 1)));
    assertThat(rows(id)).isZero();
    assertThat(
            database.number(
                "SELECT value::bigint FROM metric_totals WHERE slot = 'no-key' AND metric ="
                    + " 'llmtrace_content_refused_total' AND labels = '[\"no_key\"]'"))
        .isEqualTo(1);
  }

  @Test
  void keysThatAreAwayForAMomentAreNoReasonToLoseContent() {
    KeyEncryption away =
        new KeyEncryption() {
          @Override
          public String activeKeyId() {
            return "away";
          }

          @Override
          public Wrapped wrap(byte[] dek, byte[] context) throws UndecryptableException {
            throw new UndecryptableException("the service does not answer");
          }

          @Override
          public byte[] unwrap(Wrapped wrapped, byte[] context) throws UndecryptableException {
            throw new UndecryptableException("the service does not answer");
          }
        };
    assertThatThrownBy(
            () ->
                store(away)
                    .accept(
                        caller(Role.INSTANCE, TenantScope.all()),
                        new ContentBatch(
                            1, "n", List.of(Contents.request(Contents.id(0), "acme")))))
        .isInstanceOf(WebApplicationException.class)
        .satisfies(
            e ->
                assertThat(((WebApplicationException) e).getResponse().getStatus()).isEqualTo(429));
  }

  @Test
  void aRotationMovesAllRowsOverAndThenTheOldKeyCanGo() {
    String id = stored(0, "acme", "alice");
    List<String> bodies = bodies(id);
    String old = keyring.activeKeyId();

    String fresh = keys.rotate(ADMIN).id();
    assertThat(status(() -> keys.retire(ADMIN, fresh))).isEqualTo(409);
    assertThat(status(() -> keys.retire(ADMIN, old))).isEqualTo(409);
    assertThat(status(() -> keys.retire(ADMIN, "none"))).isEqualTo(404);
    keys.rewrap();

    assertThat(database.column("SELECT DISTINCT key_id FROM content")).containsExactly(fresh);
    assertThat(bodies(id)).isEqualTo(bodies);
    keys.retire(ADMIN, old);
    assertThat(keyring.keys()).extracting(Keyring.Key::id).doesNotContain(old);
    assertThat(database.column("SELECT action FROM audit WHERE target = 'content_key:" + old + "'"))
        .contains("content_key.retire");
  }

  private static List<String> bodies(String id) {
    return database.column(
        "SELECT encode(body, 'hex') FROM content WHERE decision_id = '" + id + "' ORDER BY part");
  }

  private static int status(Runnable call) {
    try {
      call.run();
      return 200;
    } catch (WebApplicationException e) {
      return e.getResponse().getStatus();
    }
  }

  @Test
  void noContentIsEverUnderAKeyThatWasDestroyed() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    CompletableFuture<Void> sending =
        CompletableFuture.runAsync(
            () -> {
              while (!stop.get()) {
                send(Contents.request(Contents.id(0), "acme"));
              }
            });
    for (int i = 0; i < 5; i++) {
      String old = keyring.activeKeyId();
      keys.rotate(ADMIN);
      int status = 409;
      while (status == 409) {
        keys.rewrap();
        status = status(() -> keys.retire(ADMIN, old));
      }
      assertThat(status).isEqualTo(200);
    }
    stop.set(true);
    sending.get();

    assertThat(keyring.keys())
        .extracting(Keyring.Key::id)
        .containsAll(database.column("SELECT DISTINCT key_id FROM content"));
  }

  @Test
  void aDayPastItsRetentionGoesAndWhatIsHeldStaysUntilTheHoldEnds() {
    String plain = stored(0, "drops", "bob");
    String held = stored(0, "drops", "carol");
    String ofHoldClass = stored(0, "keeps", "bob");
    String hold = new Ulid().next();
    database
        .jdbi()
        .useHandle(
            handle -> {
              handle.execute(
                  "INSERT INTO holds (id, tenant, consumer, from_day, reason, created_by)"
                      + " VALUES (?, 'drops', 'carol', ?, 'case', 'key:k')",
                  hold,
                  Contents.day(1));
              handle.execute(
                  "INSERT INTO tenants (id, name, settings) VALUES ('keeps', 'keeps',"
                      + " '{\"retention\":\"hold\"}')");
            });

    days(DAYS - 1).maintain();
    assertThat(rows(plain)).isEqualTo(2);
    days(DAYS).maintain();

    assertThat(rows(plain)).isZero();
    assertThat(rows(held)).isEqualTo(2);
    assertThat(rows(ofHoldClass)).isEqualTo(2);
    assertThat(database.column("SELECT DISTINCT kept FROM content WHERE tenant = 'drops'"))
        .containsExactly("hold");

    // The key of what is held is moved over like any other.
    keys.rotate(ADMIN);
    keys.rewrap();
    assertThat(
            database.column(
                "SELECT DISTINCT key_id FROM content WHERE decision_id = '" + held + "'"))
        .containsExactly(keyring.activeKeyId());

    database
        .jdbi()
        .useHandle(
            handle -> handle.execute("UPDATE holds SET ended_at = now() WHERE id = ?", hold));
    days(DAYS).maintain();
    assertThat(rows(held)).isZero();
    assertThat(rows(ofHoldClass)).isEqualTo(2);
    // For the other tests: the day is there again.
    days(0).maintain();
    days(0).ensure(List.of(Contents.day(0)));
    store = store(keyring);
  }

  @Test
  void anErasureDeletesContentAlsoWithoutItsExchangeAndLeavesWhatIsHeld() throws Exception {
    String mine = stored(0, "erases", "dora");
    String others = stored(0, "erases", "eve");
    String elsewhere = stored(0, "erases-not", "dora");
    String heldBefore = stored(1, "erases", "dora");
    database
        .jdbi()
        .useHandle(
            handle -> {
              handle.execute(
                  "INSERT INTO holds (id, tenant, consumer, from_day, until_day, reason, created_by)"
                      + " VALUES (?, 'erases', 'dora', ?, ?, 'case', 'key:k')",
                  new Ulid().next(),
                  Contents.day(1),
                  Contents.day(1));
              handle.execute(
                  "INSERT INTO erasures (id, tenant, kind, subject, subject_sha256, reason,"
                      + " requested_by) VALUES ('E1', 'erases', 'consumer', 'dora', 'x', 'r', 'k')");
            });

    new Erasures(
            database::jdbi,
            new Partitions(Clock.systemUTC(), Map.of()),
            SigningKey.load(null, folder))
        .run();

    assertThat(rows(mine)).isZero();
    assertThat(rows(others)).isEqualTo(2);
    assertThat(rows(elsewhere)).isEqualTo(2);
    assertThat(rows(heldBefore)).isEqualTo(2);
    assertThat(database.number("SELECT (counts->>'content')::bigint FROM erasures WHERE id = 'E1'"))
        .isEqualTo(2);
  }
}
