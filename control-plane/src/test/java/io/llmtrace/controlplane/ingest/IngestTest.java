package io.llmtrace.controlplane.ingest;

import static io.llmtrace.controlplane.Records.completion;
import static io.llmtrace.controlplane.Records.finding;
import static io.llmtrace.controlplane.Records.inspection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.Records.Who;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Grant;
import io.llmtrace.controlplane.access.Origin;
import io.llmtrace.controlplane.access.Role;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.metrics.Totals;
import io.llmtrace.controlplane.statistics.RollupFold;
import io.llmtrace.controlplane.storage.DropGuard;
import io.llmtrace.controlplane.storage.Partitions;
import io.llmtrace.controlplane.storage.RetentionClass;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.controlplane.tenants.ListedTenants;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.BatchAck;
import io.llmtrace.policies.wire.TelemetryRecord;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStorage.Extension.class)
class IngestTest {
  private static final Ulid IDS = new Ulid();
  private static final AtomicLong SEQUENCE = new AtomicLong();
  private static final AtomicLong SLOTS = new AtomicLong();

  private final TestStorage database;
  private final Totals totals = new Totals("slot-" + SLOTS.incrementAndGet());
  private final Partitions partitions =
      new Partitions(
          Clock.systemUTC(), Map.of(RetentionClass.STANDARD, 30, RetentionClass.SHORT, 7));
  private Ingest ingest;
  private Sweep sweep;

  IngestTest(TestStorage database) {
    this.database = database;
  }

  @BeforeEach
  void start() {
    ingest = ingest(totals);
    sweep = new Sweep(database::jdbi, totals, partitions, ExchangeListener.NONE);
  }

  private Ingest ingest(Totals counting) {
    return ingest(
        counting,
        tenant -> tenant.equals("hasty") ? RetentionClass.SHORT : RetentionClass.STANDARD);
  }

  private Ingest ingest(Totals counting, Function<String, RetentionClass> retention) {
    return new Ingest(
        database::jdbi,
        new ListedTenants(),
        counting,
        partitions,
        retention,
        ExchangeListener.NONE);
  }

  @AfterEach
  void stop() {
    ingest.close();
  }

  private static Caller instance(TenantScope tenants) {
    return new Caller(
        "key",
        Caller.Kind.KEY,
        "key",
        List.of(new Grant(Role.INSTANCE, tenants)),
        Set.of(),
        new Origin("127.0.0.1", "", "r"));
  }

  private static Batch batch(String node, List<? extends TelemetryRecord> records) {
    return new Batch(Batch.SCHEMA, node, "boot", SEQUENCE.incrementAndGet(), List.copyOf(records));
  }

  private boolean send(String node, TelemetryRecord... records) {
    return !ingest.accept(instance(TenantScope.all()), batch(node, List.of(records))).duplicate();
  }

  private long count(String table, String tenant) {
    return database.number("SELECT count(*) FROM " + table + " WHERE tenant = '" + tenant + "'");
  }

  private long counted(String metric, String label) {
    return database.number(
        "SELECT coalesce(sum(value), 0)::bigint FROM metric_totals WHERE metric = '"
            + metric
            + "' AND labels LIKE '%\""
            + label
            + "\"%'");
  }

  @Test
  void whatComesAgainIsKnownAlsoAfterItsTenantsClassWasChanged() {
    String whole = IDS.next();
    String half = IDS.next();
    List<TelemetryRecord> records =
        List.of(
            inspection(whole, Who.tenant("mover")),
            completion(whole),
            inspection(half, Who.tenant("mover")));
    send("mover", records.toArray(TelemetryRecord[]::new));
    // By a process that has not met a duplicate yet, and by one that has.
    try (Ingest other = ingest(new Totals("slot-mover"), tenant -> RetentionClass.SHORT)) {
      for (int i = 0; i < 2; i++) {
        other.accept(instance(TenantScope.all()), batch("mover-" + i, records));
        other.accept(instance(TenantScope.all()), batch("mover-b" + i, List.of(completion(half))));
      }
    }
    send("mover", records.toArray(TelemetryRecord[]::new));
    send("mover", completion(half), completion(whole));
    assertThat(count("exchanges", "mover")).isEqualTo(2);
    assertThat(
            database.number(
                "SELECT count(*) FROM completions WHERE decision_id IN ('%s', '%s')"
                    .formatted(whole, half)))
        .isEqualTo(2);
    assertThat(
            database.number(
                "SELECT count(*) FROM waiting_completions WHERE decision_id IN ('%s', '%s')"
                    .formatted(whole, half)))
        .isZero();
  }

  @Test
  void aHundredInstancesAtOnceAreStoredAndCountedExactly() throws Exception {
    Random random = new Random(1);
    List<Callable<Void>> senders = new ArrayList<>();
    for (int node = 0; node < 100; node++) {
      String name = "crowd-" + node;
      List<Batch> batches = new ArrayList<>();
      List<TelemetryRecord> late = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        List<TelemetryRecord> records = new ArrayList<>();
        for (int j = 0; j < 10; j++) {
          String id = IDS.next();
          records.add(
              inspection(
                  id,
                  Who.tenant("crowd").withRoute("r" + random.nextInt(5)),
                  Action.FLAG,
                  Coverage.INSPECTED,
                  List.of(finding(FindingType.JAILBREAK, Severity.HIGH))));
          (random.nextBoolean() ? records : late)
              .add(
                  completion(id, random.nextInt(4) == 0 ? 500 : 200, 5, BigDecimal.ONE, List.of()));
        }
        batches.add(batch(name, records));
      }
      batches.add(batch(name, late));
      batches.add(random.nextInt(batches.size()), batch(name, List.of()));
      // Some come twice, and answers may come before what they answer.
      batches.add(batches.get(random.nextInt(batches.size())));
      Collections.shuffle(batches, random);
      senders.add(
          () -> {
            for (Batch each : batches) {
              boolean sent = false;
              while (!sent) {
                try {
                  ingest.accept(instance(TenantScope.all()), each);
                  sent = true;
                } catch (BusyException e) {
                  Thread.sleep(5);
                }
              }
            }
            return null;
          });
    }
    ExecutorService threads = Executors.newFixedThreadPool(100);
    try {
      for (Future<Void> each : threads.invokeAll(senders)) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(count("exchanges", "crowd")).isEqualTo(4_000);
    assertThat(count("completions", "crowd")).isEqualTo(4_000);
    assertThat(count("findings", "crowd")).isEqualTo(4_000);
    assertThat(database.number("SELECT count(*) FROM waiting_completions")).isZero();
    assertThat(counted("llmtrace_requests_total", "crowd")).isEqualTo(4_000);
    new RollupFold(database::jdbi).run();
    assertThat(
            database.column(
                "SELECT exchanges || ' ' || requests || ' ' || flagged || ' ' || findings || ' ' ||"
                    + " errors || ' ' || cost_usd FROM (SELECT sum(exchanges) exchanges,"
                    + " sum(requests) requests, sum(flagged) flagged, sum(findings) findings,"
                    + " sum(errors) errors, sum(cost_usd) cost_usd FROM rollups"
                    + " WHERE tenant = 'crowd' AND dimension = 'route' AND grain = 'hour') s"))
        .containsExactly(
            "4000 4000 4000 4000 "
                + database.number(
                    "SELECT count(*) FROM completions WHERE tenant = 'crowd' AND status = 500")
                + " 4000");
  }

  @Test
  void aBatchThatTheDatabaseRefusesIsSetAsideCostsNoOtherAndCanBeReplayed() throws Exception {
    database
        .jdbi()
        .useHandle(
            handle -> {
              handle.execute(
                  "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                      + " 'BEGIN IF NEW.tenant = ''poison'' THEN RAISE EXCEPTION"
                      + " USING ERRCODE = ''22000''; END IF; RETURN NEW; END'");
              handle.execute(
                  "CREATE TRIGGER refuse BEFORE INSERT ON exchanges"
                      + " FOR EACH ROW EXECUTE FUNCTION refuse()");
            });
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Callable<Boolean>> sends = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        String tenant = i == 3 ? "poison" : "beside";
        sends.add(() -> send("poisoned", inspection(IDS.next(), Who.tenant(tenant))));
      }
      for (Future<Boolean> each : threads.invokeAll(sends)) {
        assertThat(each.get()).isTrue();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(count("exchanges", "beside")).isEqualTo(7);
    assertThat(count("exchanges", "poison")).isZero();
    SetAside.SetAsideBatch kept = ingest.setAside().get(0);
    assertThat(kept.reason()).isEqualTo("refused");
    assertThat(kept.records()).isEqualTo(1);
    assertThat(counted("llmtrace_batches_set_aside_total", "refused")).isEqualTo(1);

    database.jdbi().useHandle(handle -> handle.execute("DROP TRIGGER refuse ON exchanges"));
    assertThat(ingest.replay(instance(TenantScope.all()), kept.id())).isPresent();
    assertThat(ingest.replay(instance(TenantScope.all()), kept.id())).isEmpty();
    assertThat(count("exchanges", "poison")).isEqualTo(1);
    assertThat(ingest.setAside().get(0).replayed()).isTrue();
  }

  @Test
  void whatComesFromDaysAheadWaitsAsideAndWhatComesLateGoesToItsDay() {
    Instant now = Instant.now();
    String ahead = Ulid.of(now.plus(Duration.ofDays(3)).toEpochMilli(), 0, 1);
    String late = Ulid.of(now.minus(Duration.ofDays(12)).toEpochMilli(), 0, 2);
    String gone = Ulid.of(now.minus(Duration.ofDays(40)).toEpochMilli(), 0, 3);
    assertThat(send("skewed", inspection(ahead, Who.tenant("skewed")))).isTrue();
    assertThat(ingest.setAside().get(0).reason()).isEqualTo("clock_skew");
    send(
        "late",
        inspection(late, Who.tenant("late")),
        completion(late),
        inspection(gone, Who.tenant("late")));
    assertThat(
            database.column("SELECT tableoid::regclass::text FROM exchanges WHERE tenant = 'late'"))
        .containsExactly("exchanges_standard_" + Prepared.day(late).toString().replace("-", ""));
    assertThat(count("completions", "late")).isEqualTo(1);
    assertThat(counted("llmtrace_events_lost_total", "expired")).isEqualTo(1);
  }

  @Test
  void aTenantsClassDecidesWhereItsExchangesAreKept() throws Exception {
    String old = Ulid.of(Instant.now().minus(Duration.ofDays(6)).toEpochMilli(), 0, 7);
    send("hasty", inspection(old, Who.tenant("hasty")), completion(old));
    send("steady", inspection(IDS.next(), Who.tenant("steady")));
    assertThat(database.column("SELECT DISTINCT retention FROM exchanges WHERE tenant = 'hasty'"))
        .containsExactly("short");
    assertThat(database.column("SELECT DISTINCT retention FROM completions WHERE tenant = 'hasty'"))
        .containsExactly("short");
    // Two days later the day is over for the short class, and for no other.
    Partitions later =
        new Partitions(
            Clock.offset(Clock.systemUTC(), Duration.ofDays(2)),
            Map.of(RetentionClass.STANDARD, 30, RetentionClass.SHORT, 7));
    later.maintain(database.jdbi(), DropGuard.NONE);
    assertThat(count("exchanges", "hasty")).isZero();
    assertThat(count("completions", "hasty")).isZero();
    assertThat(count("exchanges", "steady")).isEqualTo(1);
  }

  @Test
  void rowsOfTenantsThatAKeyDoesNotListAreSetAside() {
    String own = IDS.next();
    String foreign = IDS.next();
    ingest.accept(
        instance(TenantScope.of("mine")),
        batch(
            "bounded",
            List.of(
                inspection(own, Who.tenant("mine")),
                inspection(foreign, Who.tenant("theirs")),
                completion(own),
                completion(foreign))));
    assertThat(count("exchanges", "mine")).isEqualTo(1);
    assertThat(count("completions", "mine")).isEqualTo(1);
    assertThat(count("exchanges", "theirs")).isZero();
    assertThat(count("set_aside", "theirs")).isEqualTo(2);
    assertThat(database.number("SELECT count(*) FROM waiting_completions")).isZero();
  }

  @Test
  void halvesThatTwoReplicasStoreInTheSameMomentAreJoinedByTheSweep() throws Exception {
    String id = IDS.next();
    // The other replica's transaction sees no exchange yet, and keeps the answer waiting.
    try (Handle other = database.jdbi().open()) {
      other.begin();
      other.execute(
          "INSERT INTO waiting_completions (decision_id, node, record) VALUES (?, 'n', ?::jsonb)",
          id,
          Prepared.row("n", completion(id)).json());
      send("raced", inspection(id, Who.tenant("raced")));
      other.commit();
    }
    assertThat(count("completions", "raced")).isZero();
    sweep.run();
    assertThat(count("completions", "raced")).isEqualTo(1);
    assertThat(counted("llmtrace_requests_total", "raced")).isEqualTo(1);
  }

  @Test
  void theSweepAndALateAnswerCountAnExchangeOnce() throws Exception {
    List<String> swept = List.of(IDS.next(), IDS.next(), IDS.next());
    for (String id : swept) {
      send("quiet", inspection(id, Who.tenant("quiet")));
    }
    sweep.run();
    assertThat(counted("llmtrace_requests_total", "quiet")).isZero();
    database
        .jdbi()
        .useHandle(
            handle -> {
              handle.execute(
                  "UPDATE exchanges SET received_at = now() - interval '20 minutes'"
                      + " WHERE tenant = 'quiet'");
              handle.execute("UPDATE sweeps SET done_until = now() - interval '25 minutes'");
            });
    // One is answered late, before anybody swept.
    send("quiet", completion(swept.get(0)));
    sweep.run();
    send("quiet", completion(swept.get(1)));
    sweep.run();
    assertThat(counted("llmtrace_requests_total", "quiet")).isEqualTo(3);
    assertThat(count("completions", "quiet")).isEqualTo(2);
    assertThat(
            database.number(
                "SELECT count(*) FROM settled_late s JOIN exchanges e USING (decision_id)"
                    + " WHERE e.tenant = 'quiet' AND s.by = 'sweep'"))
        .isEqualTo(2);
  }

  @Test
  void anAnswerWithoutItsRequestIsKeptForNobodyAndFoundOnceTheRequestComes() throws Exception {
    String id = Ulid.of(Instant.now().minus(Duration.ofMinutes(30)).toEpochMilli(), 0, 9);
    send("alone", completion(id));
    database
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    "UPDATE waiting_completions SET since = now() - interval '20 minutes'"));
    sweep.run();
    assertThat(database.number("SELECT count(*) FROM completions WHERE tenant = ''")).isEqualTo(1);
    send("alone", inspection(id, Who.tenant("alone")));
    assertThat(count("completions", "alone")).isEqualTo(1);
  }

  @Test
  void aConnectionThatIsCutInTheMiddleLosesNothingAndCountsNothingTwice() throws Exception {
    String id = IDS.next();
    Batch batch = batch("cut", List.of(inspection(id, Who.tenant("cut")), completion(id)));
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (Handle lock = database.jdbi().open()) {
      lock.begin();
      // The writer comes as far as its totals, and waits.
      lock.execute("LOCK TABLE metric_totals IN ACCESS EXCLUSIVE MODE");
      Future<?> sending = thread.submit(() -> ingest.accept(instance(TenantScope.all()), batch));
      long waiting = 0;
      while (waiting == 0) {
        Thread.sleep(20);
        waiting =
            database.number(
                "SELECT count(*) FROM pg_locks WHERE NOT granted"
                    + " AND relation = 'metric_totals'::regclass");
      }
      assertThat(
              database.number(
                  "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_locks"
                      + " WHERE NOT granted AND relation = 'metric_totals'::regclass) t"))
          .isEqualTo(1);
      assertThatThrownBy(sending::get).isNotNull();
      lock.rollback();
    } finally {
      thread.shutdownNow();
    }
    assertThat(ingest.accept(instance(TenantScope.all()), batch).duplicate()).isFalse();
    assertThat(ingest.accept(instance(TenantScope.all()), batch).duplicate()).isTrue();
    assertThat(count("exchanges", "cut")).isEqualTo(1);
    assertThat(counted("llmtrace_requests_total", "cut")).isEqualTo(1);
  }

  @Test
  void aRowThatAnotherReplicaAddsInTheSameMomentSetsNoBatchAside() throws Exception {
    String id = IDS.next();
    send("moment", inspection(IDS.next(), Who.tenant("moment")));
    int aside = ingest.setAside().size();
    Batch batch = batch("moment", List.of(inspection(id, Who.tenant("moment")), completion(id)));
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (Handle other = database.jdbi().open()) {
      other.begin();
      other.execute(
          "INSERT INTO exchanges (decision_id, day, retention, at, received_at, node, tenant,"
              + " route, consumer, agent, provider, model, dialect, outcome, findings, tap, record)"
              + " SELECT ?, ?, retention, at, received_at, node, tenant, route, consumer, agent,"
              + " provider, model, dialect, outcome, findings, tap, record FROM exchanges WHERE"
              + " tenant = 'moment' LIMIT 1",
          id,
          Prepared.day(id));
      Future<BatchAck> sending =
          thread.submit(() -> ingest.accept(instance(TenantScope.all()), batch));
      while (database.number(
              "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
          == 0) {
        Thread.sleep(20);
      }
      other.commit();
      assertThat(sending.get().duplicate()).as("stored, but for what is there").isFalse();
    } finally {
      thread.shutdownNow();
    }
    assertThat(ingest.setAside()).hasSize(aside);
    assertThat(ingest.accept(instance(TenantScope.all()), batch).duplicate()).isTrue();
    assertThat(count("exchanges", "moment")).isEqualTo(2);
    assertThat(count("completions", "moment")).isEqualTo(1);
  }

  @Test
  void whatIsHeldOfBodiesIsBoundedWhoeverSendsThem() {
    BodyBudget budget = BodyBudget.of(64 << 10);
    try (BodyBudget.Lease one = budget.lease();
        BodyBudget.Lease two = budget.lease()) {
      one.take(48 << 10);
      assertThatThrownBy(() -> two.take(32 << 10)).isInstanceOf(BusyException.class);
      two.take(16 << 10);
    }
    try (BodyBudget.Lease all = budget.lease()) {
      all.take(64 << 10);
    }
  }

  @Test
  void twoReplicasTakeTheSameBatchesAndStoreEachOnce() throws Exception {
    Totals others = new Totals("slot-" + SLOTS.incrementAndGet());
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (Ingest other = ingest(others)) {
      List<Callable<Boolean>> sends = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        String id = IDS.next();
        Batch batch = batch("twin", List.of(inspection(id, Who.tenant("twin")), completion(id)));
        for (Ingest replica : List.of(ingest, other)) {
          sends.add(() -> !replica.accept(instance(TenantScope.all()), batch).duplicate());
        }
      }
      int fresh = 0;
      for (Future<Boolean> each : threads.invokeAll(sends)) {
        fresh += each.get() ? 1 : 0;
      }
      assertThat(fresh).isEqualTo(40);
    } finally {
      threads.shutdownNow();
    }
    assertThat(count("exchanges", "twin")).isEqualTo(40);
    assertThat(counted("llmtrace_requests_total", "twin")).isEqualTo(40);
  }
}
