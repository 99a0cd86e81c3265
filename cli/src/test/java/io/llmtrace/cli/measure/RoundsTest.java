package io.llmtrace.cli.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class RoundsTest {
  @Test
  void medians_are_of_pairs_and_no_contender_is_always_first() {
    assertThat(Rounds.median(List.of(3.0, 1.0, 2.0, 10.0))).isEqualTo(2.5);
    assertThat(Rounds.medianRatio(List.of(2.0, 30.0, 8.0), List.of(1.0, 10.0, 2.0))).isEqualTo(3);
    assertThat(Rounds.medianDifference(List.of(5.0, 7.0), List.of(1.0, 1.0))).isEqualTo(5);
    assertThat(List.of(0, 1, 2))
        .extracting(round -> Rounds.turned(List.of("a", "b", "c"), round).get(0))
        .containsExactlyInAnyOrder("a", "b", "c");
  }
}
