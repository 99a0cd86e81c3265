package io.llmtrace.controlplane.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmtrace.controlplane.Records;
import io.llmtrace.controlplane.Records.Who;
import io.llmtrace.controlplane.statistics.RollupJournal.Keys;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the last hours' sums are made of, and how they are kept small. */
@ExtendWith(TestStorage.Extension.class)
class RecentSumsTest {
  private static final long NOW = Instant.parse("2026-03-02T00:00:07Z").toEpochMilli();
  private static final long MINUTE = 60_000;
  private static final Who ACME = Who.tenant("acme");

  private final TestStorage database;

  RecentSumsTest(TestStorage database) {
    this.database = database;
  }

  @BeforeEach
  void empty() {
    database
        .jdbi()
        .useHandle(handle -> handle.execute("TRUNCATE rollup_recent, rollup_recent_findings"));
  }

  private void counted(Consumer<RollupJournal> what) throws SQLException {
    database
        .jdbi()
        .useTransaction(
            handle -> {
              RollupJournal journal = new RollupJournal(NOW);
              what.accept(journal);
              journal.write(handle);
            });
  }

  private static InspectionRecord asked(long at, Who who, Action action, List<Finding> findings) {
    InspectionRecord record =
        Records.inspection(Ulid.of(at, 0, 1), who, action, Coverage.UNINSPECTED, findings);
    return with(at, record.receipt(), record);
  }

  /** Of a request that started then. */
  private static CompletionRecord ended(long at, int status, double latency) {
    return new CompletionRecord(
        Ulid.of(at, 0, 1),
        at,
        status,
        latency,
        null,
        null,
        null,
        null,
        null,
        false,
        List.of(Records.finding(FindingType.SECRET_LEAKAGE, Severity.CRITICAL)),
        null,
        null,
        null,
        null,
        new BigDecimal("0.25"),
        Action.BLOCK);
  }

  /** Each is told apart. */
  private static List<Long> buckets() {
    long last = RecentRow.bucketOf(NOW);
    return LongStream.rangeClosed(0, 800).mapToObj(i -> last - i * RecentRow.SECONDS).toList();
  }

  private List<RecentRow> rows() {
    return database.jdbi().withHandle(handle -> RecentRows.sums(handle, buckets()));
  }

  private List<RecentFinding> findings() {
    return database.jdbi().withHandle(handle -> RecentRows.findings(handle, buckets()));
  }

  private RecentSums whole() {
    RecentSums whole = new RecentSums();
    rows().forEach(row -> whole.add(row.sums()));
    return whole;
  }

  private static Finding jailbreak() {
    return Records.finding(FindingType.JAILBREAK, Severity.HIGH);
  }

  @Test
  void anExchangeIsCountedWhenItHappenedAndItsAnswerWhenItEnded() throws Exception {
    counted(
        journal -> {
          journal.inspected(asked(NOW - MINUTE, ACME, Action.FLAG, List.of(jailbreak())));
          CompletionRecord ended = ended(NOW - MINUTE, 502, 31_000);
          journal.answered(Keys.of(asked(NOW, ACME, Action.FLAG, List.of())), ended);
          journal.completed(Keys.of(asked(NOW, ACME, Action.FLAG, List.of())), ended);
        });

    long asked = RecentRow.bucketOf(NOW - MINUTE);
    assertThat(rows())
        .filteredOn(row -> row.keys().tenant().equals("acme"))
        .satisfiesExactlyInAnyOrder(
            row -> {
              assertThat(row.bucket()).isEqualTo(asked);
              assertThat(row.keys()).isEqualTo(new RecentKeys("acme", "chat", "openai", "gpt-4o"));
              assertThat(row.sums().get(RecentSum.EXCHANGES)).isEqualTo(1);
              assertThat(row.sums().get(RecentSum.FLAGGED)).isEqualTo(1);
              assertThat(row.sums().get(RecentSum.UNINSPECTED)).isEqualTo(1);
              assertThat(row.sums().get(RecentSum.FINDINGS)).isEqualTo(1);
              assertThat(row.sums().get(RecentSum.REQUESTS)).isZero();
            },
            row -> {
              assertThat(row.bucket()).isEqualTo(asked + 30);
              assertThat(row.sums().get(RecentSum.REQUESTS)).isEqualTo(1);
              assertThat(row.sums().get(RecentSum.ERRORS)).isEqualTo(1);
              assertThat(row.sums().durations(9)).isEqualTo(1);
              assertThat(row.sums().costUsd()).isEqualTo(0.25);
              assertThat(row.sums().get(RecentSum.FINDINGS)).isEqualTo(1);
            });
    assertThat(findings())
        .extracting(
            each -> each.what().type() + " " + each.what().action() + " " + each.what().tenths())
        .containsExactlyInAnyOrder("jailbreak flag 9", "secret_leakage block 9");
    assertThat(whole().lagMillis()).isEqualTo(MINUTE);
  }

  @Test
  void whatIsLateSaysNothingOfNowButItsFindingsDo() throws Exception {
    counted(
        journal -> {
          journal.inspected(asked(NOW - 11 * MINUTE, ACME, Action.BLOCK, List.of(jailbreak())));
          journal.completed(
              Keys.of(asked(NOW, ACME, Action.FLAG, List.of())),
              ended(NOW - 12 * MINUTE, 500, 1_000));
        });

    RecentSums whole = whole();
    assertThat(whole.get(RecentSum.EXCHANGES) + whole.get(RecentSum.REQUESTS)).isZero();
    assertThat(whole.get(RecentSum.FINDINGS)).isEqualTo(1);
    assertThat(whole.lagMillis()).isEqualTo(11 * MINUTE);
    assertThat(findings())
        .singleElement()
        .satisfies(each -> assertThat(each.bucket()).isEqualTo(RecentRow.bucketOf(NOW)));
  }

  @Test
  void aFindingThatComesLaterThanRulesLookBackIsOfNow() throws Exception {
    counted(
        journal -> {
          journal.inspected(asked(NOW - 7 * MINUTE, ACME, Action.BLOCK, List.of(jailbreak())));
          journal.inspected(asked(NOW - MINUTE, ACME, Action.FLAG, List.of(jailbreak())));
        });

    assertThat(findings())
        .extracting(RecentFinding::bucket)
        .containsExactlyInAnyOrder(RecentRow.bucketOf(NOW), RecentRow.bucketOf(NOW - MINUTE));
    assertThat(whole().get(RecentSum.EXCHANGES)).isEqualTo(2);
  }

  @Test
  void theFutureIsNowAndSoIsWhatNobodyAnswered() throws Exception {
    counted(
        journal -> {
          journal.inspected(asked(NOW + 90 * MINUTE, ACME, Action.ALLOW, List.of()));
          journal.unobserved(
              Ulid.of(NOW - 20 * MINUTE, 0, 1), Keys.of(asked(NOW, ACME, Action.FLAG, List.of())));
          journal.lost(7);
          journal.finding("acme", FindingType.COST_SPIKE, Severity.MEDIUM, NOW - 200 * MINUTE);
        });

    assertThat(rows())
        .allSatisfy(row -> assertThat(row.bucket()).isEqualTo(RecentRow.bucketOf(NOW)));
    RecentSums whole = whole();
    assertThat(whole.get(RecentSum.EXCHANGES)).isEqualTo(1);
    assertThat(whole.get(RecentSum.UNOBSERVED)).isEqualTo(1);
    assertThat(whole.get(RecentSum.REQUESTS)).isEqualTo(1);
    assertThat(whole.get(RecentSum.LOST)).isEqualTo(7);
    assertThat(whole.lagMillis()).isZero();
    assertThat(findings())
        .singleElement()
        .satisfies(f -> assertThat(f.what().tenths()).isEqualTo(10));
  }

  @Test
  void spansOfApplicationsAreNoFaultOfAGateway() throws Exception {
    InspectionRecord gateway = asked(NOW - MINUTE, ACME, Action.ALLOW, List.of());
    InspectionRecord span = because("otlp", asked(NOW - 5 * MINUTE, ACME, Action.ALLOW, List.of()));
    counted(journal -> journal.inspected(span));
    assertThat(whole().get(RecentSum.EXCHANGES)).isEqualTo(1);
    // What the rules "inspection_coverage" and "ingest_lag" look at.
    assertThat(whole().get(RecentSum.UNINSPECTED)).isZero();
    assertThat(whole().lagMillis()).isZero();

    counted(journal -> journal.inspected(because("breaker", gateway)));
    assertThat(whole().get(RecentSum.UNINSPECTED)).isEqualTo(1);
    assertThat(whole().lagMillis()).isEqualTo(MINUTE);
  }

  private static InspectionRecord because(String reason, InspectionRecord record) {
    return with(record.at(), Receipt.uninspected(reason, record.receipt().bytes()), record);
  }

  private static InspectionRecord with(long at, Receipt receipt, InspectionRecord record) {
    return new InspectionRecord(
        record.decisionId(),
        at,
        record.traceId(),
        record.tenant(),
        record.route(),
        record.consumer(),
        record.method(),
        record.path(),
        record.dialect(),
        record.provider(),
        record.model(),
        record.stream(),
        record.decision(),
        record.findings(),
        receipt,
        record.stagesMicros(),
        record.tap());
  }

  @Test
  void oneTransactionOfManyModelsWritesABoundedNumberOfRows() throws Exception {
    counted(
        journal -> {
          for (int i = 0; i < 3_000; i++) {
            Who who = new Who("acme", "chat", "", "", "openai", "m" + i);
            journal.inspected(asked(NOW, who, Action.BLOCK, List.of(jailbreak())));
          }
        });

    assertThat(rows()).hasSizeLessThan(RecentJournal.MOST_CELLS + 10);
    assertThat(findings()).hasSizeLessThan(RecentJournal.MOST_CELLS + 10);
    assertThat(whole().get(RecentSum.EXCHANGES)).isEqualTo(3_000);
    assertThat(findings().stream().mapToLong(RecentFinding::count).sum()).isEqualTo(3_000);
  }

  @Test
  void foldingKeepsTheSumsAndDropsWhatIsOld() throws Exception {
    for (int transaction = 0; transaction < 30; transaction++) {
      int place = transaction;
      counted(
          journal -> {
            for (int i = 0; i < 60; i++) {
              Who who = new Who("acme", "chat", "", "", "openai", "m" + (place * 60 + i));
              journal.inspected(asked(NOW - MINUTE, who, Action.BLOCK, List.of(jailbreak())));
            }
            journal.inspected(asked(NOW - MINUTE, ACME, Action.BLOCK, List.of(jailbreak())));
          });
    }
    database
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    "INSERT INTO rollup_recent_findings VALUES"
                        + " (?, 'acme', '', '', '', 'jailbreak', 'high', 9, 'block', 1)",
                    NOW / 1_000 - 7_300));
    RecentSums before = whole();
    RecentFold fold =
        new RecentFold(database::jdbi, Clock.fixed(Instant.ofEpochMilli(NOW), ZoneOffset.UTC));

    fold.run();

    RecentSums after = whole();
    for (RecentSum sum : RecentSum.values()) {
      assertThat(after.get(sum)).as(sum.column()).isEqualTo(before.get(sum));
    }
    assertThat(after.lagMillis()).isEqualTo(before.lagMillis());
    assertThat(rows())
        .filteredOn(row -> row.bucket() == RecentRow.bucketOf(NOW - MINUTE))
        .hasSize(RecentFold.CELLS_OF_A_BUCKET + 1);
    assertThat(rows())
        .filteredOn(row -> row.keys().model().equals("gpt-4o"))
        .singleElement()
        .satisfies(row -> assertThat(row.sums().get(RecentSum.EXCHANGES)).isEqualTo(30));
    assertThat(findings().stream().mapToLong(RecentFinding::count).sum()).isEqualTo(1_830);
    // Nothing is left to do.
    List<String> folded = database.column("SELECT ctid FROM rollup_recent WHERE folded");
    fold.run();
    assertThat(database.column("SELECT ctid FROM rollup_recent WHERE folded")).isEqualTo(folded);
  }

  @Test
  void percentilesAreThoseOfPrometheus() {
    RecentSums sums = new RecentSums().addDuration(0.2, 90).addDuration(7, 8).addDuration(300, 2);

    // 95 of 100: the fifth of eight between 5 and 10.
    assertThat(sums.quantileSeconds(0.95)).isCloseTo(5 + 5 * 5 / 8.0, within(1e-9));
    assertThat(sums.quantileSeconds(0.99)).isEqualTo(60);
    assertThat(new RecentSums().quantileSeconds(0.95)).isZero();
  }

  /** Prints rows and time of what a transaction of ingest writes for the rules. */
  @Test
  @Tag("long")
  void whatIngestPays() throws Exception {
    int transactions = 200;
    int exchanges = 500;
    Random random = new Random(1);
    long[] nanos = new long[2];
    for (int transaction = 0; transaction < transactions; transaction++) {
      RollupJournal both = new RollupJournal(NOW);
      RecentJournal recent = new RecentJournal(NOW);
      for (int i = 0; i < exchanges; i++) {
        Who who =
            new Who(
                "t" + random.nextInt(10),
                "r" + random.nextInt(3),
                "c" + random.nextInt(200),
                "",
                "openai",
                "m" + random.nextInt(5));
        long at = NOW - random.nextInt(3_000);
        List<Finding> found = random.nextInt(20) == 0 ? List.of(jailbreak()) : List.of();
        InspectionRecord record = asked(at, who, Action.FLAG, found);
        CompletionRecord ended = ended(at - 2_000, 200, random.nextInt(4_000));
        both.inspected(record);
        both.completed(Keys.of(record), ended);
        recent.inspected(record);
        recent.completed(Keys.of(record), ended);
      }
      database
          .jdbi()
          .useTransaction(
              handle -> {
                long from = System.nanoTime();
                both.write(handle);
                nanos[0] += System.nanoTime() - from;
                from = System.nanoTime();
                recent.write(handle);
                nanos[1] += System.nanoTime() - from;
              });
    }
    System.out.printf(
        "%d exchanges a transaction: %d rows of hourly sums, %d of recent ones, %d of recent"
            + " findings; both written in %.2f ms, the recent ones alone in %.2f ms%n",
        exchanges,
        database.number("SELECT count(*) FROM rollup_journal") / transactions,
        database.number("SELECT count(*) FROM rollup_recent") / transactions / 2,
        database.number("SELECT count(*) FROM rollup_recent_findings") / transactions / 2,
        nanos[0] / 1e6 / transactions,
        nanos[1] / 1e6 / transactions);
    assertThat(whole().get(RecentSum.EXCHANGES)).isEqualTo(2L * transactions * exchanges);
  }
}
