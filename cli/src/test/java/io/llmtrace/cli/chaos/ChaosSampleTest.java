package io.llmtrace.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.cli.chaos.Result.Verdict;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cheapest faults on a real stack. */
@Tag("long")
class ChaosSampleTest {
  private static final List<String> CHEAP =
      List.of("control-plane-refuses", "plugin-stopped", "provider-resets");

  @TempDir private Path directory;

  @Test
  void cheapFaultsAreAsExpected() throws Exception {
    Machine machine = Machine.look(directory, null);
    List<Result> results = new ArrayList<>();
    try (ChaosStack stack = ChaosStack.start(directory, machine, line -> {})) {
      ChaosRun run = new ChaosRun(stack, machine, 10, line -> {});
      run.warmUp(Duration.ofSeconds(2));
      for (Fault fault : Faults.all()) {
        if (CHEAP.contains(fault.name())) {
          results.add(run.run(fault));
        }
      }
    }
    assertThat(results).hasSize(CHEAP.size());
    assertThat(results)
        .allSatisfy(
            result -> {
              assertThat(result.problems()).as(result.fault().name()).isEmpty();
              assertThat(result.verdict()).isEqualTo(Verdict.OK);
            });
    assertThat(results.get(2).measured()).as("the provider").isNotNull();
  }
}
