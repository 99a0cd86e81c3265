package io.llmtrace.cli.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GrowthTest {
  @Test
  void what_fills_and_stays_does_not_grow_and_what_leaks_does() {
    Growth.Allowance allowance = new Growth.Allowance(0.05, 8);
    Growth flat = growth(allowance, i -> 500 + (i % 2 == 0 ? 10 : -10));
    assertThat(flat.ok()).isTrue();
    assertThat(flat.slopePerMinute()).isBetween(-1.0, 1.0);
    Growth fills = growth(allowance, i -> Math.min(100 + 20 * i, 500));
    assertThat(fills.first()).isEqualTo(100);
    assertThat(fills.last()).isEqualTo(500);
    assertThat(fills.slopePerMinute()).isPositive();
    assertThat(fills.inSecondHalf()).isZero();
    assertThat(fills.ok()).isTrue();
    Growth leaks = growth(allowance, i -> 500 + i);
    assertThat(leaks.slopePerMinute()).isCloseTo(6, within(1e-9));
    assertThat(leaks.inSecondHalf()).isCloseTo(30, within(1e-9));
    assertThat(leaks.allowed()).as("a twentieth of 545").isCloseTo(27.25, within(1e-9));
    assertThat(leaks.ok()).isFalse();
    assertThat(growth(allowance, i -> 500 - i).ok()).as("what falls").isTrue();
    assertThat(growth(allowance, i -> i == 45 ? 900 : 500).ok()).as("one strange sample").isTrue();
    assertThat(growth(new Growth.Allowance(0.05, 40), i -> 500 + i).ok()).isTrue();
    assertThat(leaks.json().path("ok").asBoolean(true)).isFalse();
    assertThat(leaks.json().path("samples")).hasSize(61);
  }

  /** A sample each ten seconds for ten minutes. */
  private static Growth growth(Growth.Allowance allowance, IntToDoubleFunction value) {
    return new Growth(
        IntStream.rangeClosed(0, 60)
            .mapToObj(i -> new Growth.Sample(10 * i, value.applyAsDouble(i)))
            .toList(),
        allowance);
  }
}
