package io.llmtrace.controlplane.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.Records;
import io.llmtrace.controlplane.Records.Who;
import io.llmtrace.controlplane.statistics.Measures.Sum;
import io.llmtrace.controlplane.statistics.RollupJournal.Keys;
import io.llmtrace.controlplane.statistics.Statistics.Answer;
import io.llmtrace.controlplane.statistics.Statistics.By;
import io.llmtrace.controlplane.statistics.Statistics.Grain;
import io.llmtrace.controlplane.statistics.Statistics.Line;
import io.llmtrace.controlplane.statistics.Statistics.Question;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.InspectionRecord;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What packs answer is what rows answer, which {@link StatisticsTest} holds against a recount. */
@ExtendWith(TestStorage.Extension.class)
class PackedStatisticsTest {
  private static final int DAYS = 15;

  /** Packs are of what is over: the days are counted back from now. */
  private final Instant until =
      Instant.now().truncatedTo(ChronoUnit.DAYS).minus(2, ChronoUnit.DAYS);

  private final Instant from = until.minus(DAYS, ChronoUnit.DAYS);
  private final TestStorage database;
  private final RollupPacks packs;
  private int made;

  PackedStatisticsTest(TestStorage database) {
    this.database = database;
    packs = new RollupPacks(database::jdbi);
  }

  @BeforeEach
  void empty() throws SQLException {
    database.jdbi().useHandle(handle -> handle.execute("TRUNCATE rollups, rollup_journal"));
    assertThat(database.number("SELECT count(*) FROM rollup_packs")).as("gone with them").isZero();
    store(new Random(11), 600, from, until, 40);
    fold();
  }

  private void fold() {
    new RollupFold(database::jdbi).run();
  }

  /** Exchanges in the journal; names reach beyond ASCII, and are shared by tenants. */
  private void store(Random random, int exchanges, Instant first, Instant last, int consumers)
      throws SQLException {
    RollupJournal journal = new RollupJournal();
    long span = Duration.between(first, last).toSeconds();
    Action[] actions = Action.values();
    for (int i = 0; i < exchanges; i++) {
      long at = first.toEpochMilli() + ((long) (random.nextDouble() * span)) * 1_000;
      String id = Ulid.of(at, 1, made++);
      Action action = actions[random.nextInt(actions.length)];
      int consumer = random.nextInt(consumers);
      Who who =
          new Who(
              "t" + random.nextInt(3),
              "r" + random.nextInt(4),
              (consumer % 7 == 0 ? "Ж\uD83D\uDE00" : "c") + consumer,
              random.nextInt(4) == 0 ? "" : "a" + random.nextInt(2),
              random.nextBoolean() ? "openai" : "anthropic",
              "m" + random.nextInt(3));
      List<Finding> findings =
          action == Action.BLOCK
              ? List.of(Records.finding(FindingType.JAILBREAK, Severity.HIGH))
              : List.of();
      InspectionRecord record = Records.inspection(id, who, action, Coverage.INSPECTED, findings);
      journal.inspected(record);
      journal.completed(
          Keys.of(record),
          Records.completion(
              id,
              random.nextInt(10) == 0 ? 502 : 200,
              Math.exp(random.nextGaussian() + 5),
              // Some are wider than a long at the scale of the others.
              random.nextInt(50) == 0
                  ? new BigDecimal("12345678901234567890.5")
                  : BigDecimal.valueOf(random.nextInt(1_000), random.nextInt(12)),
              List.of()));
    }
    database.jdbi().useTransaction(journal::write);
  }

  private static List<String> text(Answer answer) {
    List<String> lines = new ArrayList<>();
    for (Line line : answer.lines()) {
      StringBuilder text = new StringBuilder();
      text.append(line.bucket()).append(' ').append(line.tenant()).append(' ');
      text.append(line.key()).append(' ').append(line.key2());
      for (Sum sum : Sum.values()) {
        text.append(' ').append(line.sums().get(sum));
      }
      text.append(' ').append(line.sums().costUsd().stripTrailingZeros());
      for (double part : new double[] {0.5, 0.9, 0.95, 0.99}) {
        text.append(' ').append(line.sums().latency(part));
      }
      lines.add(text.toString());
    }
    lines.add(answer.groupsLeftOut() + " left out");
    return lines;
  }

  private void same(Question question) {
    List<String> rows =
        text(database.jdbi().inTransaction(handle -> Statistics.ofRows(handle, question)));
    List<String> packed =
        text(database.jdbi().inTransaction(handle -> Statistics.answer(handle, question)));
    assertThat(packed).as(question.toString()).isEqualTo(rows);
  }

  private static <T> T any(Random random, T[] all) {
    return all[random.nextInt(all.length)];
  }

  private Question random(Random random) {
    By by = any(random, By.values());
    Grain grain = any(random, Grain.values());
    int first = random.nextInt(DAYS * 24);
    int last = first + 1 + random.nextInt(DAYS * 24 - first);
    boolean whole = random.nextInt(4) == 0;
    return new Question(
        by,
        null,
        null,
        null,
        whole ? from : from.plus(first, ChronoUnit.HOURS),
        whole ? until : from.plus(last, ChronoUnit.HOURS),
        grain,
        by == By.TENANT,
        List.of(1, 3, 20, 1_000).get(random.nextInt(4)));
  }

  @Test
  void packsAnswerWhatRowsAnswerHoweverManyOfThemThereAre() throws SQLException {
    Random random = new Random(23);
    packs.runToTheEnd();
    assertThat(database.number("SELECT count(*) FROM rollup_packs WHERE grain = 'day'"))
        .isGreaterThanOrEqualTo(DAYS * (long) Dimension.values().length);
    // All packs and an empty journal; some packs and a full one; none at all.
    for (int part = 0; part < 3; part++) {
      for (int i = 0; i < 20; i++) {
        same(random(random));
      }
      if (part == 0) {
        store(random, 200, from, until, 80);
      }
      String few = part == 0 ? " WHERE hashtext(bucket::text || dimension) % 3 = 0" : "";
      database.jdbi().useHandle(handle -> handle.execute("DELETE FROM rollup_packs" + few));
    }
  }

  @Test
  void whatComesLateIsCountedAndPackedAgain() throws SQLException {
    packs.runToTheEnd();
    long all = database.number("SELECT count(*) FROM rollup_packs");
    store(new Random(3), 1, from, from.plusSeconds(60), 1);
    Question question =
        new Question(By.CONSUMER, null, null, null, from, until, Grain.NONE, false, 1_000);
    same(question);
    fold();
    // Of the hour, the day and the week, each of five dimensions and perhaps that of findings.
    assertThat(all - database.number("SELECT count(*) FROM rollup_packs")).isIn(15L, 18L);
    same(question);
    packs.runToTheEnd();
    assertThat(database.number("SELECT count(*) FROM rollup_packs")).isEqualTo(all);
    same(question);
  }

  @Test
  void whoeverWritesTakesThePackAwayAlsoAReleaseOfBefore() {
    packs.runToTheEnd();
    String count = "SELECT count(*) FROM rollup_packs WHERE dimension = 'route' AND grain = 'day'";
    long all = database.number(count);
    String week =
        "SELECT count(*) FROM rollup_packs WHERE dimension = 'route' AND grain = 'week'"
            + " AND bucket = date_trunc('week', timestamptz '"
            + from
            + "', 'UTC')";
    OffsetDateTime day = from.atOffset(ZoneOffset.UTC);
    for (String statement :
        List.of(
            "UPDATE rollups SET requests = requests + 1 WHERE dimension = 'route'"
                + " AND grain = 'day' AND bucket = ?",
            "INSERT INTO rollups SELECT dimension, grain, bucket, 'new', key, key2, exchanges,"
                + " requests, errors, unobserved, flagged, redacted, limited, blocked, partial,"
                + " uninspected, findings, prompt_tokens, completion_tokens, cached_tokens,"
                + " reasoning_tokens, cost_usd, cost_unknown, latency FROM rollups"
                + " WHERE dimension = 'route' AND grain = 'day' AND bucket = ? LIMIT 1",
            "DELETE FROM rollups WHERE dimension = 'route' AND grain = 'day' AND bucket = ?")) {
      assertThat(database.number(week)).isPositive();
      int written = database.jdbi().withHandle(handle -> handle.execute(statement, day));
      assertThat(written).isPositive();
      assertThat(database.number(count)).as(statement).isEqualTo(all - 1);
      assertThat(database.number(week)).as("the week of the day").isZero();
      packs.runToTheEnd();
      assertThat(database.number(count)).isEqualTo(all);
      same(new Question(By.ROUTE, null, null, null, from, until, Grain.DAY, false, 10));
    }
  }

  @Test
  void theHourUnderWayHasNoPack() throws SQLException {
    Instant now = Instant.now().truncatedTo(ChronoUnit.HOURS);
    store(new Random(5), 20, now, now.plusSeconds(1), 3);
    fold();
    packs.runToTheEnd();
    assertThat(
            database.number(
                "SELECT count(*) FROM rollup_packs WHERE bucket > now() - interval '2 hours'"
                    + " OR grain = 'day' AND bucket > now() - interval '25 hours'"))
        .isZero();
    same(
        new Question(
            By.AGENT,
            null,
            null,
            null,
            from,
            now.plus(1, ChronoUnit.HOURS),
            Grain.HOUR,
            false,
            1_000));
  }

  @Test
  void aNameThatIsTakenAwayIsInNoPack() {
    packs.runToTheEnd();
    String found =
        "SELECT count(*) FROM rollup_packs WHERE position(convert_to('c5', 'UTF8') IN sums) > 0";
    assertThat(database.number(found)).isPositive();
    for (String tenant : List.of("t0", "t1", "t2")) {
      for (String name :
          List.of("c5", "c50", "c51", "c52", "c53", "c54", "c55", "c57", "c58", "c59")) {
        database
            .jdbi()
            .useTransaction(
                handle -> RollupFold.rename(handle, "consumer", tenant, name, "erased", 100_000));
      }
    }
    assertThat(database.number(found)).isZero();
    packs.runToTheEnd();
    assertThat(database.number(found)).isZero();
    same(new Question(By.CONSUMER, null, null, null, from, until, Grain.NONE, false, 1_000));
  }

  @Test
  void nothingIsPackedWhileSomebodyFolds() {
    try (Handle other = database.jdbi().open()) {
      other.execute("SELECT pg_advisory_lock(7366003)");
      packs.run();
      assertThat(database.number("SELECT count(*) FROM rollup_packs")).isZero();
      other.execute("SELECT pg_advisory_unlock(7366003)");
    }
    packs.run();
    assertThat(database.number("SELECT count(*) FROM rollup_packs")).isPositive();
  }

  @Test
  void aPackOfAnotherFormIsNotRead() {
    packs.runToTheEnd();
    database
        .jdbi()
        .useHandle(handle -> handle.execute("UPDATE rollup_packs SET sums = set_byte(sums, 0, 2)"));
    for (By by : By.values()) {
      same(new Question(by, null, null, null, from, until, Grain.HOUR, by == By.TENANT, 10));
    }
  }

  @Test
  void aPackReadsAsItWasWritten() {
    Random random = new Random(17);
    for (int size : new int[] {0, 1, 7, 300}) {
      TreeMap<Pack.Name, Measures> cells = new TreeMap<>();
      for (int i = 0; i < size; i++) {
        Measures sums = new Measures();
        for (Sum sum : Sum.values()) {
          sums.add(sum, random.nextInt(3) == 0 ? 0 : random.nextLong() >>> random.nextInt(64));
        }
        sums.addCost(new BigDecimal(new java.math.BigInteger(random.nextInt(100), random), 9));
        for (int n = random.nextInt(4); n > 0; n--) {
          sums.addLatency(random.nextDouble() * 1e4);
        }
        cells.put(new Pack.Name("k\uFFFD" + i, i % 2 == 0 ? "" : "é\uD83D\uDE00"), sums);
      }
      Map<Pack.Name, Measures> read = new TreeMap<>();
      Pack.read(Pack.write(cells), read);
      assertThat(read.keySet()).containsExactlyElementsOf(cells.keySet());
      read.forEach(
          (name, sums) -> {
            Measures written = cells.get(name);
            for (Sum sum : Sum.values()) {
              assertThat(sums.get(sum)).isEqualTo(written.get(sum));
            }
            assertThat(sums.costUsd()).isEqualByComparingTo(written.costUsd());
            assertThat(sums.latencyBytes()).isEqualTo(written.latencyBytes());
          });
    }
  }

  @Test
  void threeDigitsAreThoseOfExactRounding() {
    Random random = new Random(29);
    for (int i = 0; i < 100_000; i++) {
      double value =
          switch (i % 4) {
            case 0 -> random.nextInt(100_000) / 8.0;
            case 1 -> Math.exp(random.nextGaussian() * 8);
            case 2 -> (random.nextInt(2_000) + 0.5) * Math.pow(10, random.nextInt(6) - 3);
            default -> 1_000 - random.nextDouble();
          };
      assertThat(ThreeDigits.of(value))
          .isEqualTo(new BigDecimal(value).round(new java.math.MathContext(3)));
    }
  }

  @Test
  void severalPercentilesAtOnceAreThoseOneByOne() {
    Random random = new Random(31);
    double[] parts = {0, 0.25, 0.5, 0.9, 0.95, 0.99, 1};
    assertThat(new Latencies().quantiles(parts)).isEmpty();
    for (int i = 0; i < 500; i++) {
      Latencies all = new Latencies();
      for (int n = random.nextInt(300); n >= 0; n--) {
        // Some are none at all, some beyond what bins reach.
        all.add(random.nextInt(5) == 0 ? 0 : Math.exp(random.nextGaussian() * (i % 20)));
      }
      for (int n = i % 3 == 0 ? 2_000 : 0; n > 0; n--) {
        all.add(100 + random.nextInt(8));
      }
      byte[] bytes = all.bytes();
      Latencies again = new Latencies();
      again.add(bytes);
      again.add(bytes);
      assertThat(again.count()).isEqualTo(2 * all.count());
      double[] found = all.quantiles(parts);
      assertThat(Latencies.quantilesOf(bytes, parts)).isEqualTo(found);
      for (int p = 0; p < parts.length; p++) {
        assertThat(found[p]).isEqualTo(all.quantile(parts[p]));
      }
    }
  }

  @Test
  void namesAreInTheOrderOfTheDatabase() {
    List<String> names =
        List.of("", "a", "A", "ab", "é", "z", "\uFFFD", "\uE000", "\uD83D\uDE00", "\uD7FF", "Ж");
    List<String> sorted = new ArrayList<>(names);
    sorted.sort(ByCodePoint::compare);
    List<String> database =
        this.database
            .jdbi()
            .withHandle(
                handle ->
                    handle
                        .createQuery("SELECT n FROM unnest(:names) AS n ORDER BY n COLLATE \"C\"")
                        .bindArray("names", String.class, names)
                        .mapTo(String.class)
                        .list());
    assertThat(sorted).isEqualTo(database);
  }
}
