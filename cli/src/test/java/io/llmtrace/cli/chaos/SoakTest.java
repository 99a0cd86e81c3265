package io.llmtrace.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The short form: books and figures of a minute; caches fill for longer, so growth is not judged.
 */
@Tag("long")
class SoakTest {
  @TempDir private Path directory;

  @Test
  void theBooksOfAMinuteBalance() throws Exception {
    Machine machine = Machine.look(directory, null);
    try (ChaosStack stack = ChaosStack.start(directory, machine, line -> {})) {
      ChaosRun run = new ChaosRun(stack, machine, 10, line -> {});
      run.warmUp(Duration.ofSeconds(2));
      int carried = run.capacity(Duration.ofSeconds(5));
      assertThat(carried).isPositive();
      Soak soak = new Soak(stack, run, line -> {});
      soak.steady(Duration.ofMinutes(1), Math.max(1, carried / 4));
      assertThat(soak.problems())
          .allMatch(problem -> problem.contains(" grew by ") || problem.contains(" p99 "));
      assertThat(soak.json().at("/steady/records_expected").asInt()).isPositive();
      assertThat(soak.json().at("/steady/records_stored"))
          .isEqualTo(soak.json().at("/steady/records_expected"));
      assertThat(soak.json().at("/steady/growth/plugin heap_bytes/samples")).hasSize(60);
    }
  }
}
