package io.llmtrace.policies.detect.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.classify.GuardModel;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything together but the neural model: normaliser, signatures, recognisers, tool calls,
 * n-grams, tools and turns, on a conversation. Fuzzed with {@code policies/fuzz engine}.
 */
class EngineFuzzTest {
  private static final DetectionEngine ENGINE =
      DetectionEngine.builtIn(EngineOptions.standard().withoutCache().without(GuardModel.NAME));

  @FuzzTest(maxDuration = "10m")
  void any_conversation_is_inspected_whole(FuzzedDataProvider data) {
    List<Segment> segments = new ArrayList<>();
    int count = data.consumeInt(1, 6);
    for (int i = 0; i < count; i++) {
      Zone zone = data.pickValue(Zone.values());
      String text = i + 1 < count ? data.consumeString(200) : data.consumeRemainingAsString();
      segments.add(new Segment(zone, zone.label(), "/messages/" + i + "/content", text));
    }
    InspectionProgress progress = new InspectionProgress();
    ENGINE.inspect(
        new Exchange(Dialect.OPENAI_CHAT, "openai", "m", false, segments, List.of(), 0),
        InspectionBudget.unlimited(),
        progress);
    InspectionProgress.Snapshot seen = progress.snapshot();
    assertThat(seen.segmentsInspected()).isLessThanOrEqualTo(count);
    assertThat(seen.unread()).hasSize(count - seen.segmentsInspected());
    assertThat(seen.score()).isBetween(0.0, 1.0);
    for (Finding finding : seen.findings()) {
      assertThat(finding.start()).isBetween(0, finding.end() - 1);
      assertThat(finding.confidence()).isBetween(0.0, 1.0);
      assertThat(finding.evidence()).hasSizeLessThanOrEqualTo(200);
    }
  }
}
