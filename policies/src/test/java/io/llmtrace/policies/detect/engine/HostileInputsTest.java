package io.llmtrace.policies.detect.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Exchange;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A megabyte of anything ends soon after its budget. By the processor time of the reading thread,
 * and with room for code that no compiler has seen yet: what is quadratic, or asks no budget, takes
 * many times as long. {@link HostileReport} measures how far over an inspection really goes.
 */
class HostileInputsTest {
  private static final int BUDGET_MILLIS = 10;
  private static final double MOST_OVER_MILLIS = 150;
  private static final int ATTEMPTS = 3;

  private static final DetectionEngine ENGINE =
      DetectionEngine.builtIn(EngineOptions.standard().withoutCache());

  static List<HostileInputs.Kind> kinds() {
    return HostileInputs.all();
  }

  @BeforeAll
  static void the_model_is_there() throws InterruptedException {
    assertThat(ENGINE.awaitModels(Duration.ofMinutes(1))).isTrue();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void a_megabyte_ends_soon_after_its_budget(HostileInputs.Kind kind) {
    Exchange exchange = kind.make().apply(HostileInputs.FULL);
    double over = Double.MAX_VALUE;
    for (int i = 0; i < ATTEMPTS && over > MOST_OVER_MILLIS; i++) {
      AskedBudget asked = AskedBudget.ofMillis(BUDGET_MILLIS);
      ENGINE.inspect(exchange, asked.budget(), new InspectionProgress());
      over = Math.min(over, asked.overMillis());
    }
    assertThat(over).isLessThan(MOST_OVER_MILLIS);
  }

  @Test
  void there_are_many_kinds_and_each_is_about_as_long_as_asked_for() {
    List<HostileInputs.Kind> kinds = HostileInputs.all();
    assertThat(kinds).hasSizeGreaterThanOrEqualTo(60);
    assertThat(kinds).extracting(HostileInputs.Kind::name).doesNotHaveDuplicates();
    for (HostileInputs.Kind kind : kinds) {
      Exchange exchange = kind.make().apply(1 << 16);
      int length = exchange.segments().stream().mapToInt(s -> s.text().length()).sum();
      assertThat(length).as(kind.name()).isLessThan(3 << 17);
    }
  }

  @Test
  void what_a_bound_leaves_out_is_in_the_receipt() {
    String rows = "SELECT * FROM t WHERE a IN (1" + ",1".repeat(300_000) + ")";
    InspectionProgress progress = new InspectionProgress();
    ENGINE.inspect(HostileInputs.argument("sql", rows), InspectionBudget.unlimited(), progress);
    assertThat(progress.snapshot().missingStages()).containsExactly("action");
    assertThat(progress.snapshot().coverage()).isEqualTo(Coverage.PARTIAL);
    assertThat(progress.snapshot().segmentsInspected()).isZero();
  }
}
