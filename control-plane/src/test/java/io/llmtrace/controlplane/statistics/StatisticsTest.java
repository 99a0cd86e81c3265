package io.llmtrace.controlplane.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStorage.Extension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StatisticsTest {
  private static final Instant FIRST = Instant.parse("2026-03-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("2026-03-04T00:00:00Z");
  private static final int EXCHANGES = 4_000;

  private record Seen(
      String id, Who who, Action action, int status, double latency, BigDecimal cost) {}

  private final TestStorage database;
  private final List<Seen> seen = new ArrayList<>();

  StatisticsTest(TestStorage database) {
    this.database = database;
  }

  @BeforeAll
  void store() throws Exception {
    Random random = new Random(7);
    Action[] actions = Action.values();
    List<List<Seen>> transactions = new ArrayList<>();
    for (int i = 0; i < EXCHANGES; i++) {
      if (i % 250 == 0) {
        transactions.add(new ArrayList<>());
      }
      long at = FIRST.toEpochMilli() + random.nextInt(3 * 86_400) * 1_000L;
      Seen one =
          new Seen(
              Ulid.of(at, 0, i),
              new Who(
                  "t" + random.nextInt(3),
                  "r" + random.nextInt(4),
                  "c" + random.nextInt(50),
                  "a" + random.nextInt(2),
                  random.nextBoolean() ? "openai" : "anthropic",
                  "m" + random.nextInt(3)),
              actions[random.nextInt(actions.length)],
              random.nextInt(10) == 0 ? 502 : 200,
              Math.exp(random.nextGaussian() + 5),
              BigDecimal.valueOf(random.nextInt(1_000), 7));
      seen.add(one);
      transactions.get(transactions.size() - 1).add(one);
    }
    for (List<Seen> each : transactions) {
      database
          .jdbi()
          .useTransaction(
              handle -> {
                RollupJournal journal = new RollupJournal();
                for (Seen one : each) {
                  InspectionRecord record =
                      Records.inspection(
                          one.id(), one.who(), one.action(), Coverage.INSPECTED, findings(one));
                  journal.inspected(record);
                  journal.completed(
                      Keys.of(record),
                      Records.completion(
                          one.id(), one.status(), one.latency(), one.cost(), List.of()));
                }
                journal.write(handle);
              });
      if (each == transactions.get(transactions.size() / 2)) {
        // The second half stays in the journal.
        new RollupFold(database::jdbi).run();
      }
    }
  }

  private static List<Finding> findings(Seen one) {
    return one.action() == Action.BLOCK
        ? List.of(Records.finding(FindingType.JAILBREAK, Severity.HIGH))
        : List.of();
  }

  private Answer ask(Question question) {
    return database.jdbi().inTransaction(handle -> Statistics.answer(handle, question));
  }

  private static Question by(By dimension, Grain grain) {
    return new Question(
        dimension, null, null, null, FIRST, LAST, grain, dimension == By.TENANT, 1_000);
  }

  @Test
  void sumsAreWhatARecountGivesByEveryByAlsoWhatIsNotFoldedYet() {
    Map<By, Function<Who, String>> keys =
        Map.of(
            By.TENANT, Who::tenant,
            By.ROUTE, Who::route,
            By.CONSUMER, Who::consumer,
            By.AGENT, Who::agent,
            By.PROVIDER, Who::provider,
            By.MODEL, who -> who.provider() + "/" + who.model());
    keys.forEach(
        (dimension, key) -> {
          Map<String, Long> expected = new TreeMap<>();
          seen.forEach(one -> expected.merge(key.apply(one.who()), 1L, Long::sum));
          Answer answer = ask(by(dimension, Grain.NONE));
          Map<String, Long> found = new TreeMap<>();
          for (Line line : answer.lines()) {
            String name =
                dimension == By.TENANT
                    ? String.valueOf(line.tenant())
                    : line.key() + (dimension == By.MODEL ? "/" + line.key2() : "");
            found.put(name, line.sums().get(Sum.REQUESTS));
          }
          assertThat(found).as(dimension.label()).isEqualTo(expected);
          assertThat(total(answer, Sum.ERRORS))
              .isEqualTo(seen.stream().filter(one -> one.status() >= 500).count());
          assertThat(total(answer, Sum.BLOCKED))
              .isEqualTo(seen.stream().filter(one -> one.action() == Action.BLOCK).count());
          assertThat(
                  answer.lines().stream()
                      .map(line -> line.sums().costUsd())
                      .reduce(BigDecimal.ZERO, BigDecimal::add))
              .isEqualByComparingTo(
                  seen.stream().map(Seen::cost).reduce(BigDecimal.ZERO, BigDecimal::add));
        });
    Answer findings = ask(by(By.FINDING, Grain.NONE));
    assertThat(findings.lines()).hasSize(1);
    assertThat(findings.lines().get(0).key()).isEqualTo("jailbreak");
    assertThat(total(findings, Sum.FINDINGS))
        .isEqualTo(seen.stream().filter(one -> one.action() == Action.BLOCK).count());
  }

  private static long total(Answer answer, Sum sum) {
    return answer.lines().stream().mapToLong(line -> line.sums().get(sum)).sum();
  }

  @Test
  void aPercentileIsWithinAHundredthOfTheTrueOneForDaysAndHours() {
    double[] sorted = seen.stream().mapToDouble(Seen::latency).sorted().toArray();
    for (Grain grain : List.of(Grain.NONE, Grain.DAY, Grain.HOUR)) {
      Latencies all = new Latencies();
      ask(by(By.TENANT, grain)).lines().forEach(line -> all.add(line.sums().latencyBytes()));
      assertThat(all.count()).isEqualTo(EXCHANGES);
      for (double part : new double[] {0.5, 0.9, 0.99}) {
        double exact = sorted[(int) Math.floor(part * (EXCHANGES - 1))];
        assertThat(all.quantile(part)).isCloseTo(exact, within(exact * 0.0101));
      }
    }
  }

  @Test
  void bucketsAreThoseOfTheExchangesInOrder() {
    Map<Instant, Long> expected =
        seen.stream()
            .collect(
                Collectors.groupingBy(
                    one -> Instant.ofEpochMilli(Cell.dayOf(Ulid.time(one.id()).toEpochMilli())),
                    TreeMap::new,
                    Collectors.counting()));
    Map<Instant, Long> found = new TreeMap<>();
    List<Line> lines = ask(by(By.ROUTE, Grain.DAY)).lines();
    lines.forEach(line -> found.merge(line.bucket(), line.sums().get(Sum.REQUESTS), Long::sum));
    assertThat(found).isEqualTo(expected);
    assertThat(lines.stream().map(Line::bucket).toList()).isSorted();
    assertThat(
            ask(by(By.ROUTE, Grain.HOUR)).lines().stream()
                .mapToLong(line -> line.sums().get(Sum.REQUESTS))
                .sum())
        .isEqualTo(EXCHANGES);
  }

  @Test
  void onlyWhatIsAskedForIsAnswered() {
    Question bounded =
        new Question(
            By.ROUTE,
            List.of("t1"),
            "r2",
            null,
            FIRST,
            Instant.parse("2026-03-02T05:00:00Z"),
            Grain.NONE,
            false,
            10);
    long expected =
        seen.stream()
            .filter(one -> one.who().tenant().equals("t1") && one.who().route().equals("r2"))
            .filter(one -> Ulid.time(one.id()).isBefore(bounded.until()))
            .count();
    Answer answer = ask(bounded);
    assertThat(answer.lines()).hasSize(1);
    assertThat(total(answer, Sum.REQUESTS)).isEqualTo(expected);
    Question few = new Question(By.CONSUMER, null, null, null, FIRST, LAST, Grain.NONE, false, 5);
    assertThat(ask(few).lines()).hasSize(5);
    assertThat(ask(few).groupsLeftOut()).isEqualTo(45);
  }

  @Test
  void wholeDaysAreReadByDaysAndTheHoursAtBothEndsByHours() {
    Instant from = Instant.parse("2026-03-01T17:00:00Z");
    Instant until = Instant.parse("2026-03-03T06:00:00Z");
    assertThat(TimeSlice.of(from, until))
        .containsExactly(
            new TimeSlice(false, from, Instant.parse("2026-03-02T00:00:00Z")),
            new TimeSlice(
                true, Instant.parse("2026-03-02T00:00:00Z"), Instant.parse("2026-03-03T00:00:00Z")),
            new TimeSlice(false, Instant.parse("2026-03-03T00:00:00Z"), until));
    Map<Instant, Long> expected =
        seen.stream()
            .map(one -> Ulid.time(one.id()))
            .filter(at -> !at.isBefore(from) && at.isBefore(until))
            .collect(
                Collectors.groupingBy(
                    at -> Instant.ofEpochMilli(Cell.dayOf(at.toEpochMilli())),
                    TreeMap::new,
                    Collectors.counting()));
    for (Grain grain : Grain.values()) {
      Map<Instant, Long> found = new TreeMap<>();
      Question question =
          new Question(By.PROVIDER, null, null, null, from, until, grain, false, 10);
      for (Line line : ask(question).lines()) {
        Instant bucket = line.bucket();
        found.merge(
            bucket == null ? FIRST : Instant.ofEpochMilli(Cell.dayOf(bucket.toEpochMilli())),
            line.sums().get(Sum.REQUESTS),
            Long::sum);
      }
      if (grain == Grain.NONE) {
        long all = expected.values().stream().mapToLong(Long::longValue).sum();
        assertThat(found).isEqualTo(Map.of(FIRST, all));
      } else {
        assertThat(found).as(grain.name()).isEqualTo(expected);
      }
    }
  }
}
