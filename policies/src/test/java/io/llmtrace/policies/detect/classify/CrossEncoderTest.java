package io.llmtrace.policies.detect.classify;

import static io.llmtrace.policies.detect.classify.Samples.AMPLE;
import static io.llmtrace.policies.detect.classify.Samples.reading;
import static io.llmtrace.policies.detect.classify.TinyPairs.file;
import static io.llmtrace.policies.detect.classify.TinyPairs.label;
import static io.llmtrace.policies.detect.classify.TinyPairs.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.Sources;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Activation;
import io.llmtrace.policies.exchange.Zone;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CrossEncoderTest {
  private static final String HARBOUR = "The harbour is warm and the harbour is of grain. ";
  private static final String GROUNDED = "The grain of the harbour is warm.";
  private static final String DRAGON = "The dragon is of the harbour and is warm.";

  @Test
  void the_worst_sentence_that_no_source_supports_is_the_finding() throws Exception {
    try (LabelModel pairs = TinyPairs.load(spec())) {
      String answer = "\ud83d\ude42 " + GROUNDED + " " + DRAGON + "  \n" + GROUNDED;
      Seen seen = read(pairs, answer, HARBOUR);
      assertThat(seen.complete()).isTrue();
      assertThat(seen.findings()).hasSize(1);
      Finding finding = seen.findings().get(0);
      assertThat(finding.type()).isEqualTo(FindingType.UNGROUNDED_ANSWER);
      assertThat(finding.severity()).isEqualTo(Severity.MEDIUM);
      assertThat(finding.confidence()).isCloseTo(1 / (1 + Math.exp(-3)), offset(1e-5));
      assertThat(finding.detector()).isEqualTo("pairs");
      assertThat(finding.rule()).isEqualTo("NOT_ENTAILED");
      assertThat(finding.zone()).isEqualTo(Zone.ASSISTANT);
      assertThat(spanOf(answer, finding)).isEqualTo(DRAGON);
      assertThat(finding.evidence()).isEqualTo(DRAGON);
    }
  }

  @Test
  void an_answer_whose_sentences_are_all_supported_has_no_finding() throws Exception {
    try (LabelModel pairs = TinyPairs.load(spec())) {
      String answer = GROUNDED + " - ! ? . " + "The harbour is a harbour?\n\n";
      assertThat(read(pairs, answer, HARBOUR)).isEqualTo(new Seen(List.of(), true));
      assertThat(read(pairs, " .!\n", HARBOUR)).isEqualTo(new Seen(List.of(), true));
      assertThat(read(pairs, "", HARBOUR)).isEqualTo(new Seen(List.of(), true));
    }
  }

  @Test
  void any_window_of_any_source_may_support_it() throws Exception {
    String plain = "The grain is warm. ".repeat(3);
    try (LabelModel pairs = TinyPairs.load(spec())) {
      // Windows of 14 tokens of which the last three come again: the third has the dragon.
      assertThat(read(pairs, DRAGON, plain.repeat(2) + DRAGON + plain).findings()).isEmpty();
      assertThat(read(pairs, DRAGON, plain, plain, DRAGON).findings()).isEmpty();
      assertThat(read(pairs, DRAGON, plain, plain).findings()).hasSize(1);
    }
  }

  @Test
  void the_window_that_shares_most_with_a_sentence_is_asked_first() throws Exception {
    String long40 = "The ship is up. ".repeat(40);
    try (LabelModel one = TinyPairs.load(spec(1, 4_096))) {
      assertThat(read(one, DRAGON, long40 + DRAGON + long40))
          .as("one run is enough to see that it is grounded")
          .isEqualTo(new Seen(List.of(), true));
    }
  }

  @Test
  void a_sentence_that_was_not_held_against_all_windows_is_not_judged() throws Exception {
    String six = "The ship is up. ".repeat(12);
    try (LabelModel few = TinyPairs.load(spec(3, 4_096));
        LabelModel enough = TinyPairs.load(spec(10, 4_096))) {
      assertThat(read(few, DRAGON, six)).isEqualTo(new Seen(List.of(), false));
      assertThat(read(enough, DRAGON, six).findings()).hasSize(1);
      assertThat(read(enough, DRAGON, six).complete()).isTrue();
      // The first sentence takes six of ten runs, so the second is not judged.
      Seen both = read(enough, DRAGON + " A wyvern is a harbour and of it.", six);
      assertThat(both.findings()).hasSize(1);
      assertThat(both.complete()).isFalse();
    }
  }

  @Test
  void sources_that_a_bound_has_cut_are_read_and_said_to_be_cut() throws Exception {
    try (LabelModel pairs = TinyPairs.load(spec(64, 1_024))) {
      String large = HARBOUR.repeat(40);
      Seen seen = read(pairs, GROUNDED, large);
      assertThat(seen).isEqualTo(new Seen(List.of(), false));
      Sources cut = new Sources(List.of(HARBOUR), false);
      List<Finding> findings = new ArrayList<>();
      assertThat(pairs.read(reading(Zone.ASSISTANT, DRAGON), cut, AMPLE, findings::add)).isFalse();
      assertThat(findings).hasSize(1);
    }
  }

  @Test
  void without_sources_and_in_other_zones_it_is_not_asked() throws Exception {
    LabelModel pairs = TinyPairs.load(spec());
    // Whatever is asked of a model that is closed throws.
    pairs.close();
    Sources harbour = new Sources(List.of(HARBOUR), true);
    List<Finding> findings = new ArrayList<>();
    assertThat(pairs.read(reading(Zone.ASSISTANT, DRAGON), Sources.NONE, AMPLE, findings::add))
        .isTrue();
    assertThat(pairs.read(reading(Zone.TOOL_CALL, DRAGON), harbour, AMPLE, findings::add)).isTrue();
    assertThat(findings).isEmpty();
    assertThatThrownBy(
            () -> pairs.read(reading(Zone.ASSISTANT, DRAGON), harbour, AMPLE, findings::add))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void the_budget_is_asked_before_each_run() throws Exception {
    try (LabelModel pairs = TinyPairs.load(spec())) {
      SegmentReading answer = reading(Zone.ASSISTANT, DRAGON);
      Sources sources = new Sources(List.of("The ship is up. ".repeat(12)), true);
      for (int most = 0; most < 12; most++) {
        long[] questions = {0};
        InspectionBudget budget =
            InspectionBudget.until(most * 1_000_000_000L, () -> questions[0]++ * 1_000_000_000L);
        List<Finding> findings = new ArrayList<>();
        assertThat(pairs.read(answer, sources, budget, findings::add)).isFalse();
        assertThat(findings).isEmpty();
        assertThat(questions[0]).isLessThanOrEqualTo(most + 2L);
      }
    }
  }

  @Test
  void labels_that_share_a_probability_speak_against_an_answer_together() throws Exception {
    var half = List.of(label("NOT_ENTAILED", 0.9), label("ENTAILED", 0.9));
    try (LabelModel both = TinyPairs.load(spec(half, Activation.AUTO, 32, 64, 4_096))) {
      // 0.05 and 0.95: whatever is said, one of them holds.
      Finding finding = read(both, GROUNDED, HARBOUR).findings().get(0);
      assertThat(finding.confidence()).isCloseTo(1, offset(1e-6));
      assertThat(finding.rule()).isEqualTo("ENTAILED");
    }
    try (LabelModel each = TinyPairs.load(spec(half, Activation.SIGMOID, 32, 64, 4_096))) {
      assertThat(read(each, DRAGON, HARBOUR).findings().get(0).confidence())
          .isCloseTo(1 / (1 + Math.exp(-3)), offset(1e-5));
      assertThat(read(each, GROUNDED, HARBOUR).findings()).isEmpty();
    }
  }

  @Test
  void what_cannot_be_used_says_why() {
    byte[] noise = "noise".getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(
            () -> LabelModel.load(spec(), noise, file("tokenizer.json"), file("config.json")))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("model 'pairs' cannot be run");
    assertThatThrownBy(
            () ->
                TinyPairs.load(
                    spec(List.of(label("NEUTRAL", 0.8)), Activation.AUTO, 32, 64, 4_096)))
        .hasMessageContaining("no output 'NEUTRAL'");
    assertThatThrownBy(
            () ->
                TinyPairs.load(
                    spec(List.of(label("ENTAILED", 0.8)), Activation.AUTO, 128, 64, 4_096)))
        .hasMessageContaining("does not run on a window of 128 tokens");
    String alone =
        new String(file("tokenizer.json"), StandardCharsets.UTF_8)
            .replaceFirst("(?s)\"post_processor\": ?\\{.*?\\},", "\"post_processor\": null,");
    assertThatThrownBy(
            () ->
                LabelModel.load(
                    spec(),
                    file("model.onnx"),
                    alone.getBytes(StandardCharsets.UTF_8),
                    file("config.json")))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("does not part the two texts of a pair");
    assertThatThrownBy(
            () ->
                new LabelModelSpec(
                    "x",
                    List.of(label("a", 0.5)),
                    Activation.AUTO,
                    Set.of(Zone.USER),
                    64,
                    16,
                    1,
                    1_024))
        .hasMessageContaining("zone assistant and no other");
  }

  @Test
  void long_answers_of_any_script_are_cut_into_windows() throws Exception {
    try (LabelModel pairs = TinyPairs.load(spec(256, 4_096))) {
      String endless = "harbour ".repeat(200) + "dragon " + "harbour ".repeat(20);
      Finding finding = read(pairs, endless, HARBOUR).findings().get(0);
      assertThat(spanOf(endless, finding)).contains("dragon").hasSizeLessThan(150);
      String ideographs = "\u6e2f\u53e3\u3002".repeat(400) + "\ud83d";
      assertThat(read(pairs, ideographs, HARBOUR).complete()).isTrue();
    }
  }

  private static String spanOf(String text, Finding finding) {
    return text.substring(
        text.offsetByCodePoints(0, finding.start()), text.offsetByCodePoints(0, finding.end()));
  }

  /** What a reading came to. */
  private record Seen(List<Finding> findings, boolean complete) {}

  private static Seen read(LabelModel pairs, String answer, String... sources) {
    List<Finding> findings = new ArrayList<>();
    boolean complete =
        pairs.read(
            reading(Zone.ASSISTANT, answer),
            new Sources(List.of(sources), true),
            AMPLE,
            findings::add);
    return new Seen(findings, complete);
  }
}
