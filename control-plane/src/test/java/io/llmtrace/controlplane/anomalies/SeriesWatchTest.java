package io.llmtrace.controlplane.anomalies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmtrace.controlplane.anomalies.Baseline.Basis;
import io.llmtrace.runtime.config.AnomaliesConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SeriesWatchTest {
  /** A Monday. */
  private static final long START = 20_458L * 24;

  private static final Rules RULES = Rules.of(AnomaliesConfig.defaults());
  private static final Rules WITHOUT_MINIMUM = new Rules(5, 2, 0.05, 5, 0, 0, 0);
  private static final SeriesWatch WATCH = new SeriesWatch(RULES);

  /** An office: some 200 requests an hour by day, few at night and at weekends. */
  private static List<HourSums> office(long seed, int hours) {
    Random random = new Random(seed);
    List<HourSums> sums = new ArrayList<>();
    for (int i = 0; i < hours; i++) {
      boolean day = i % 24 >= 8 && i % 24 < 18 && i / 24 % 7 < 5;
      long requests = Math.round((day ? 200 : 10) * Math.exp(0.1 * random.nextGaussian()));
      sums.add(
          new HourSums(
              START + i, requests * 0.02, requests * 800, requests, requests / 100, requests, 1));
    }
    return sums;
  }

  private static List<HourSums> changed(
      List<HourSums> sums, int from, int hours, UnaryOperator<HourSums> change) {
    List<HourSums> changed = new ArrayList<>(sums);
    for (int i = from; i < from + hours; i++) {
      changed.set(i, change.apply(sums.get(i)));
    }
    return changed;
  }

  private static HourSums times(HourSums sums, double cost, double requests) {
    return new HourSums(
        sums.hour(),
        sums.costUsd() * cost,
        Math.round(sums.tokens() * requests),
        Math.round(sums.requests() * requests),
        sums.errors(),
        Math.round(sums.exchanges() * requests),
        sums.findings());
  }

  private static final int FIVE_WEEKS = 35 * 24;

  /** Tuesday at ten after five weeks. */
  private static final int TUESDAY = FIVE_WEEKS + 24 + 10;

  private static List<Episode> last(List<HourSums> sums) {
    return WATCH.episodes(sums, START + FIVE_WEEKS, sums.get(sums.size() - 1).hour() + 1);
  }

  @Test
  void dearRequestsAreOneEpisodeWithWhatWasExpected() {
    List<Episode> episodes =
        last(changed(office(1, FIVE_WEEKS + 48), TUESDAY, 3, each -> times(each, 6, 1)));
    assertThat(episodes).hasSize(1);
    Episode one = episodes.get(0);
    assertThat(one.measure()).isEqualTo(Measure.COST_USD);
    assertThat(one.first()).isEqualTo(START + TUESDAY);
    assertThat(one.last()).isEqualTo(START + TUESDAY + 2);
    assertThat(one.hours()).isEqualTo(3);
    assertThat(one.over()).isTrue();
    assertThat(one.expected().mid()).isCloseTo(4, within(0.8));
    assertThat(one.observed()).isCloseTo(24, within(6.0));
    assertThat(one.excess()).isCloseTo(60, within(12.0));
    assertThat(one.score()).isGreaterThan(2);
    assertThat(one.basis().season()).isEqualTo("week");
    assertThat(one.basis().days()).isEqualTo(35);
    assertThat(one.expected().low()).isLessThan(one.expected().mid());
    assertThat(one.expected().high())
        .isGreaterThan(one.expected().mid())
        .isLessThan(one.expected().limit());
  }

  @Test
  void aLoopIsRequestsTokensAndCost() {
    assertThat(last(changed(office(1, FIVE_WEEKS + 48), TUESDAY, 2, each -> times(each, 6, 6))))
        .extracting(Episode::measure)
        .containsExactlyInAnyOrder(Measure.COST_USD, Measure.TOKENS, Measure.REQUESTS);
  }

  @Test
  void errorsAndFindingsAreSharesOfWhatThereWas() {
    List<Episode> episodes =
        last(
            changed(
                office(1, FIVE_WEEKS + 48),
                TUESDAY,
                2,
                each ->
                    new HourSums(
                        each.hour(),
                        each.costUsd(),
                        each.tokens(),
                        each.requests(),
                        each.requests() / 2,
                        each.exchanges(),
                        each.exchanges() / 3)));
    assertThat(episodes)
        .extracting(Episode::measure)
        .containsExactlyInAnyOrder(Measure.ERROR_SHARE, Measure.FINDING_SHARE);
    assertThat(episodes.get(0).observed()).isCloseTo(0.5, within(0.01));
    assertThat(episodes.get(0).basis()).extracting(Basis::season).isEqualTo("none");
  }

  @Test
  void oneCalmHourDoesNotMakeTwoOfOne() {
    List<HourSums> sums = office(1, FIVE_WEEKS + 48);
    sums = changed(sums, TUESDAY, 1, each -> times(each, 6, 1));
    sums = changed(sums, TUESDAY + 2, 1, each -> times(each, 6, 1));
    assertThat(last(sums)).hasSize(1);
    assertThat(last(changed(sums, TUESDAY + 6, 1, each -> times(each, 6, 1)))).hasSize(2);
  }

  @Test
  void anEpisodeIsOpenUntilWholeCalmHoursHaveFollowed() {
    List<HourSums> sums =
        changed(office(1, FIVE_WEEKS + 48), TUESDAY, 2, each -> times(each, 6, 1));
    for (int now = TUESDAY + 1; now < TUESDAY + 4; now++) {
      assertThat(WATCH.episodes(sums.subList(0, now + 1), START + FIVE_WEEKS, START + now))
          .as("hour %s", now)
          .extracting(Episode::over)
          .containsExactly(false);
    }
    assertThat(
            WATCH.episodes(sums.subList(0, TUESDAY + 5), START + FIVE_WEEKS, START + TUESDAY + 4))
        .extracting(Episode::over)
        .containsExactly(true);
  }

  @Test
  void anHourThatIsNotOverIsToldOnceItIsTooMuch() {
    List<HourSums> sums = office(1, TUESDAY + 1);
    assertThat(
            WATCH.episodes(
                changed(sums, TUESDAY, 1, each -> times(each, 0.3, 0.3)),
                START + FIVE_WEEKS,
                START + TUESDAY))
        .isEmpty();
    assertThat(
            WATCH.episodes(
                changed(sums, TUESDAY, 1, each -> times(each, 6, 1)),
                START + FIVE_WEEKS,
                START + TUESDAY))
        .hasSize(1);
  }

  @Test
  void theFirstWeekSaysNothingAndTheSecondLess() {
    for (int days : new int[] {3, 6}) {
      List<HourSums> sums = office(1, days * 24 + 24);
      assertThat(
              WATCH.episodes(
                  changed(sums, days * 24 + 10, 2, each -> times(each, 50, 50)),
                  START,
                  START + sums.size()))
          .as("after %s days", days)
          .isEmpty();
    }
    int tenDays = 240;
    List<HourSums> sums = office(1, tenDays + 24);
    long now = START + tenDays + 24;
    assertThat(
            WATCH.episodes(
                changed(sums, tenDays + 10, 2, each -> times(each, 2, 1)), START + tenDays, now))
        .isEmpty();
    List<Episode> much =
        WATCH.episodes(
            changed(sums, tenDays + 10, 2, each -> times(each, 8, 1)), START + tenDays, now);
    assertThat(much).hasSize(1);
    assertThat(much.get(0).basis()).extracting(Basis::season).isEqualTo("day");
  }

  @Test
  void littleMoneyIsNeverTold() {
    List<HourSums> cheap =
        office(1, FIVE_WEEKS + 48).stream().map(each -> times(each, 0.001, 0.05)).toList();
    assertThat(last(changed(cheap, TUESDAY, 2, each -> times(each, 20, 1)))).isEmpty();
    assertThat(last(changed(cheap, TUESDAY, 2, each -> times(each, 20_000, 1)))).hasSize(1);
  }

  @Test
  void whatComesOnThreeDaysIsNoNewsTheFourthTime() {
    List<HourSums> sums = office(1, FIVE_WEEKS + 48);
    for (int day : new int[] {9, 17, 24}) {
      sums = changed(sums, day * 24 + 10, 1, each -> times(each, 6, 1));
    }
    assertThat(last(changed(sums, TUESDAY, 1, each -> times(each, 5, 1)))).isEmpty();
    assertThat(last(changed(sums, TUESDAY, 1, each -> times(each, 12, 1)))).hasSize(1);
  }

  @Test
  void aNewLevelIsToldAndThenUsual() {
    List<HourSums> sums =
        changed(office(1, FIVE_WEEKS + 10 * 24), FIVE_WEEKS, 10 * 24, each -> times(each, 4, 1));
    List<Episode> episodes = last(sums);
    assertThat(episodes).isNotEmpty().allMatch(each -> each.last() < START + FIVE_WEEKS + 5 * 24);
  }

  @Test
  void hourByHourSaysWhatAllAtOnceSays() {
    List<HourSums> sums = office(3, FIVE_WEEKS + 72);
    sums = changed(sums, TUESDAY, 4, each -> times(each, 6, 3));
    sums = changed(sums, TUESDAY + 26, 2, each -> times(each, 4, 1));
    List<String> told = new ArrayList<>();
    for (int now = FIVE_WEEKS + 24; now < FIVE_WEEKS + 72; now++) {
      for (Episode each : WATCH.episodes(sums.subList(0, now + 1), START + now - 47, START + now)) {
        String name = each.measure() + " " + each.first();
        if (!told.contains(name)) {
          told.add(name);
        }
      }
    }
    assertThat(told)
        .containsExactlyInAnyOrderElementsOf(
            last(sums).stream().map(each -> each.measure() + " " + each.first()).toList());
  }

  @Property(tries = 15)
  void theUnitDoesNotMatter(@ForAll @IntRange(min = 0, max = 1_000) int seed) {
    SeriesWatch watch = new SeriesWatch(WITHOUT_MINIMUM);
    List<HourSums> sums = changed(office(seed, FIVE_WEEKS + 48), TUESDAY, 2, e -> times(e, 4, 1));
    List<HourSums> cents = sums.stream().map(each -> times(each, 128, 1)).toList();
    long now = START + FIVE_WEEKS + 48;
    List<Episode> dollars = costs(watch.episodes(sums, START + FIVE_WEEKS, now));
    List<Episode> same = costs(watch.episodes(cents, START + FIVE_WEEKS, now));
    assertThat(dollars).isNotEmpty();
    assertThat(same)
        .extracting(Episode::first)
        .isEqualTo(dollars.stream().map(Episode::first).toList());
    for (int i = 0; i < same.size(); i++) {
      assertThat(same.get(i).score()).isCloseTo(dollars.get(i).score(), within(1e-9));
      assertThat(same.get(i).expected().mid() / 128)
          .isCloseTo(dollars.get(i).expected().mid(), within(1e-9));
    }
  }

  private static List<Episode> costs(List<Episode> episodes) {
    return episodes.stream().filter(each -> each.measure() == Measure.COST_USD).toList();
  }

  @Property(tries = 15)
  void theOrderDoesNotMatter(@ForAll @IntRange(min = 0, max = 1_000) int seed) {
    List<HourSums> sums = changed(office(seed, FIVE_WEEKS + 48), TUESDAY, 2, e -> times(e, 6, 4));
    List<HourSums> shuffled = new ArrayList<>(sums);
    Collections.shuffle(shuffled, new Random(seed));
    long now = START + FIVE_WEEKS + 48;
    assertThat(WATCH.episodes(shuffled, START + FIVE_WEEKS, now))
        .isNotEmpty()
        .isEqualTo(WATCH.episodes(sums, START + FIVE_WEEKS, now));
  }

  @Property(tries = 30)
  void moreIsNeverLessOfAnAlarm(
      @ForAll @IntRange(min = 0, max = 1_000) int seed,
      @ForAll @IntRange(min = 3, max = 40) int factor) {
    List<HourSums> sums = office(seed, FIVE_WEEKS + 48);
    double before = highest(changed(sums, TUESDAY, 1, each -> times(each, factor, 1)));
    double after = highest(changed(sums, TUESDAY, 1, each -> times(each, factor + 1, 1)));
    assertThat(after).isGreaterThanOrEqualTo(before);
  }

  private static double highest(List<HourSums> sums) {
    return costs(last(sums)).stream().mapToDouble(Episode::score).max().orElse(0);
  }
}
