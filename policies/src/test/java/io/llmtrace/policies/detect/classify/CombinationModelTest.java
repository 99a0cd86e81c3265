package io.llmtrace.policies.detect.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.classify.CombinationModel.Contribution;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.classify.CombinationModel.Stages;
import io.llmtrace.policies.detect.classify.CombinationModel.Verdict;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CombinationModelTest {
  private static final CombinationModel MODEL = CombinationModel.builtIn();
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void what_each_feature_adds_sums_to_the_confidence_with_and_without_the_neural_stage() {
    for (Optional<Score> neural : List.of(Optional.<Score>empty(), Optional.of(said(1.5)))) {
      Verdict verdict = MODEL.combine(stages(0.5, List.of(rule(0.7)), neural));
      double logit = verdict.contributions().stream().mapToDouble(Contribution::logit).sum();
      assertThat(Score.logistic(logit)).isCloseTo(verdict.confidence(), within());
    }
  }

  @Test
  void more_suspicion_of_any_stage_is_more_confidence() {
    double calm = confidence(-4, List.of(), Optional.empty());
    assertThat(confidence(4, List.of(), Optional.empty())).isGreaterThan(calm);
    assertThat(confidence(0, List.of(rule(0.95)), Optional.empty()))
        .isGreaterThan(confidence(0, List.of(), Optional.empty()));
    assertThat(confidence(0, List.of(), Optional.of(said(4))))
        .isGreaterThan(confidence(0, List.of(), Optional.of(said(-4))));
  }

  @Test
  void stricter_profiles_have_lower_thresholds() {
    assertThat(MODEL.threshold(Profile.RELAXED)).isGreaterThan(MODEL.threshold(Profile.BALANCED));
    assertThat(MODEL.threshold(Profile.BALANCED)).isGreaterThan(MODEL.threshold(Profile.STRICT));
  }

  @Test
  void the_neural_stage_is_asked_only_in_doubt() {
    assertThat(MODEL.inDoubt(MODEL.combine(stages(-7, List.of(), Optional.empty())))).isFalse();
    assertThat(MODEL.inDoubt(MODEL.combine(stages(8, List.of(rule(0.99)), Optional.empty()))))
        .isFalse();
  }

  @Test
  void a_model_is_read_back_as_it_was_written() throws IOException {
    byte[] written = JSON.writeValueAsBytes(MODEL.written());
    Stages stages = stages(1, List.of(rule(0.6)), Optional.of(said(0.3)));
    assertThat(CombinationModel.read(written).combine(stages)).isEqualTo(MODEL.combine(stages));
  }

  @Test
  void a_model_that_lacks_a_number_is_refused_by_its_name() throws IOException {
    ObjectNode json = JSON.valueToTree(MODEL.written());
    ((ObjectNode) json.path("thresholds")).remove("strict");
    byte[] lacking = JSON.writeValueAsBytes(json);
    assertThatThrownBy(() -> CombinationModel.read(lacking))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'strict'");
    assertThatThrownBy(() -> CombinationModel.read(new byte[] {'{'}))
        .hasMessageContaining("no JSON");
  }

  private static org.assertj.core.data.Offset<Double> within() {
    return org.assertj.core.data.Offset.offset(1e-9);
  }

  private static double confidence(double ngram, List<Finding> rules, Optional<Score> neural) {
    return MODEL.combine(stages(ngram, rules, neural)).confidence();
  }

  private static Stages stages(double ngram, List<Finding> rules, Optional<Score> neural) {
    SegmentReading reading =
        SegmentReading.asItStands(new Segment(Zone.USER, "user", "/x", "some text to be read"));
    return new Stages(
        reading,
        new Score(ngram, Score.logistic(ngram), 0, reading.views().get(0), 0, 20, 1, true),
        rules,
        neural);
  }

  private static Score said(double logit) {
    SegmentReading reading =
        SegmentReading.asItStands(new Segment(Zone.USER, "user", "/x", "some text to be read"));
    return new Score(logit, Score.logistic(logit), logit, reading.views().get(0), 0, 20, 1, true);
  }

  private static Finding rule(double confidence) {
    return new Finding(
        FindingType.PROMPT_INJECTION,
        Severity.HIGH,
        confidence,
        Zone.USER,
        "/x",
        0,
        4,
        "signatures",
        "pi-001",
        "some");
  }
}
