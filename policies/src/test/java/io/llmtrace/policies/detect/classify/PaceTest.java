package io.llmtrace.policies.detect.classify;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.InspectionBudget;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long MILLI = 1_000_000;
  private final Pace pace = new Pace();

  @Test
  void what_windows_took_says_what_the_next_will() {
    pace.set(248, 256 * MILLI);
    assertThat(pace.fits(92, millis(101))).isTrue();
    assertThat(pace.fits(92, millis(99))).isFalse();
  }

  @Test
  void one_run_that_was_held_up_moves_the_estimate_little() {
    pace.set(248, 256 * MILLI);
    pace.took(248, 100_000 * MILLI);
    assertThat(pace.fits(92, millis(140))).isTrue();
  }

  @Test
  void refusals_are_not_for_ever() {
    pace.set(248, 256 * MILLI);
    for (int i = 0; i < 200 && !pace.fits(92, millis(50)); i++) {
      assertThat(i).isLessThan(100);
    }
  }

  private static InspectionBudget millis(long millis) {
    return InspectionBudget.until(millis * MILLI, () -> 0);
  }
}
