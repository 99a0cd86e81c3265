package io.llmtrace.plugin.tap;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.llmtrace.plugin.answers.AnswerInspector;
import io.llmtrace.plugin.answers.Inspectors;
import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.telemetry.TelemetrySink;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.usage.PriceTable;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.runtime.config.Secret;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * The gateway's log on any bytes: records that can be stored, or a refusal. Fuzzed with {@code
 * .ci/fuzz}.
 */
class TapFuzzTest {
  @TempDir static Path directory;

  private static Tap tap;

  @BeforeAll
  static void open() throws IOException {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    AnswerInspector answers = Inspectors.inspector(Inspectors.WIDE, meters);
    tap =
        new Tap(
            Secret.of("s3cret"),
            DecisionIds.open(directory),
            new OpenQuestions(0, meters),
            new Apis(Dialects.builtIn(), route -> null),
            answers,
            new Checked(),
            PriceTable::builtIn,
            (completion, upstream) -> {},
            AnswerListener.NONE,
            new MemoryBudget(64 << 20),
            meters);
  }

  @FuzzTest(maxDuration = "10m")
  void deliveries(byte[] bytes) throws IOException {
    try {
      tap.receive(bytes);
    } catch (IllegalArgumentException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  /** Ids of records are ids, whatever the log calls them. */
  private static final class Checked implements TelemetrySink {
    @Override
    public void inspection(InspectionRecord inspection) {
      assertThat(Ulid.isValid(inspection.decisionId())).isTrue();
    }

    @Override
    public void completion(CompletionRecord completion) {
      assertThat(Ulid.isValid(completion.decisionId())).isTrue();
      assertThat(completion.latencyMs()).isFinite().isNotNegative();
      assertThat(completion.at()).isNotNegative();
    }
  }
}
