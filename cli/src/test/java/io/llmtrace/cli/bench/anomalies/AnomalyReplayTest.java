package io.llmtrace.cli.bench.anomalies;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.cli.bench.anomalies.AnomalyReplay.Found;
import io.llmtrace.cli.bench.anomalies.AnomalyReplay.Outcome;
import io.llmtrace.controlplane.anomalies.Rules;
import io.llmtrace.runtime.config.AnomaliesConfig;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A short form of {@code bench anomalies}. */
class AnomalyReplayTest {
  private static final Outcome OUTCOME =
      new AnomalyReplay(Rules.of(AnomaliesConfig.defaults()), 6, 7).run();

  private static double recall(Set<String> kinds, double least) {
    List<Found> some =
        OUTCOME.found().stream()
            .filter(each -> kinds.contains(each.kind()) && each.size() >= least)
            .toList();
    int large = some.stream().mapToInt(each -> each.incidents() - each.small()).sum();
    assertThat(large).as("incidents that count").isGreaterThanOrEqualTo(8);
    return some.stream().mapToInt(Found::found).sum() / (double) large;
  }

  @Test
  void whatIsFiveTimesTheUsualIsFound() {
    assertThat(recall(Set.of("cost", "tokens", "requests"), 5)).isGreaterThanOrEqualTo(0.9);
  }

  @Test
  void errorsAndFindingsOfAFifthAreFound() {
    assertThat(recall(Set.of("errors", "findings"), 0.2)).isGreaterThanOrEqualTo(0.9);
  }

  @Test
  void newModelsAreFound() {
    assertThat(recall(Set.of("model"), 1)).isEqualTo(1);
  }

  @Test
  void mostIsToldByTheEndOfItsFirstHour() {
    List<Integer> delays =
        OUTCOME.found().stream()
            .filter(each -> each.size() >= 5)
            .flatMap(each -> each.delays().stream())
            .toList();
    assertThat(delays).hasSizeGreaterThan(8);
    assertThat(delays.stream().filter(hours -> hours == 1).count())
        .isGreaterThanOrEqualTo(delays.size() * 9L / 10);
  }

  @Test
  void quietMonthsAreQuiet() {
    // Four weeks a month; bursts of eight times are in there, and are told until they are usual.
    assertThat(4 * OUTCOME.falseAlarmsOfATenantWeek()).isLessThanOrEqualTo(1.2);
    assertThat(OUTCOME.falseAlarms()).hasSize(Habit.values().length);
    assertThat(OUTCOME.falseAlarms().get("office")).isLessThanOrEqualTo(8);
    assertThat(OUTCOME.precision()).isGreaterThanOrEqualTo(0.6);
  }
}
