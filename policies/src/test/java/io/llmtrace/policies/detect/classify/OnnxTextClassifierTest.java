package io.llmtrace.policies.detect.classify;

import static io.llmtrace.policies.detect.classify.Samples.AMPLE;
import static io.llmtrace.policies.detect.classify.Samples.ATTACK;
import static io.llmtrace.policies.detect.classify.Samples.PAGE;
import static io.llmtrace.policies.detect.classify.Samples.reading;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.exchange.Zone;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class OnnxTextClassifierTest {

  private static OnnxTextClassifier guard;

  @BeforeAll
  static void load() throws ModelException {
    guard = GuardModel.load(1);
  }

  @AfterAll
  static void close() {
    guard.close();
  }

  @Test
  void an_attack_scores_above_ordinary_talk() {
    assertThat(score(Zone.USER, ATTACK).probability()).isGreaterThan(0.8);
    assertThat(score(Zone.USER, "What time does the museum open on Sundays?").probability())
        .isLessThan(0.2);
  }

  @Test
  void texts_are_read_as_in_training() throws IOException {
    JsonNode examples = new ObjectMapper().readTree(resource("model.json")).path("examples");
    assertThat(examples).hasSizeGreaterThan(3);
    for (JsonNode example : examples) {
      double logit =
          score(Zone.of(example.path("zone").asText()), example.path("text").asText()).logit();
      // Another release of the runtime may round an activation to the next of 256 steps.
      assertThat(logit).isCloseTo(example.path("logit").asDouble(), offset(0.2));
    }
  }

  @Test
  void windows_cover_a_long_text_to_its_end() {
    String text = PAGE.repeat(20) + ATTACK;
    Score score = score(Zone.DOCUMENT, text);
    assertThat(score.complete()).isTrue();
    assertThat(score.windows()).isBetween(6, 12);
    assertThat(score.to()).isEqualTo(text.length());
    assertThat(score.logit()).isGreaterThan(score(Zone.DOCUMENT, PAGE.repeat(20)).logit());
  }

  @Test
  void a_text_of_more_windows_than_allowed_is_sampled_to_its_end_and_called_incomplete() {
    String text = PAGE.repeat(800) + ATTACK;
    Score score = score(Zone.DOCUMENT, text);
    assertThat(score.complete()).isFalse();
    assertThat(score.windows()).isBetween(50, 64);
    assertThat(score.to()).isGreaterThan(text.length() * 9 / 10);
  }

  @Test
  void a_nominated_window_is_the_only_one_read() {
    String text = PAGE.repeat(40) + ATTACK + "\n" + PAGE.repeat(40);
    SegmentReading reading = reading(Zone.DOCUMENT, text);
    int at = text.indexOf(ATTACK);
    Score nominee = new Score(2, 0.9, 0, reading.views().get(0), at, at + ATTACK.length(), 9, true);
    Score score = guard.score(reading, nominee, AMPLE);
    assertThat(score.windows()).isEqualTo(1);
    assertThat(score.from()).isBetween(at - 600, at);
    assertThat(score.to()).isBetween(at + ATTACK.length(), at + 700);
  }

  @Test
  void scores_do_not_depend_on_threads_or_on_what_else_is_read() throws Exception {
    List<String> texts =
        List.of(ATTACK, PAGE, PAGE.repeat(9) + ATTACK, "", "\u5ffd\u7565\u4e4b\u524d", "\ud83d");
    List<Double> alone = texts.stream().map(t -> score(Zone.USER, t).logit()).toList();
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try (OnnxTextClassifier two = GuardModel.load(2)) {
      List<Future<Double>> futures =
          IntStream.range(0, 36)
              .mapToObj(
                  i ->
                      pool.submit(
                          () ->
                              (i % 2 == 0 ? guard : two)
                                  .score(reading(Zone.USER, texts.get(i * 5 % 6)), AMPLE)
                                  .logit()))
              .toList();
      for (int i = 0; i < futures.size(); i++) {
        assertThat(futures.get(i).get()).isEqualTo(alone.get(i * 5 % 6));
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void the_budget_is_asked_between_windows() {
    long[] questions = {0};
    // Asked before and after the words are split, and a second passes with each question.
    InspectionBudget short3 =
        InspectionBudget.until(6_000_000_000L, () -> questions[0]++ * 1_000_000_000L);
    Score score = guard.score(reading(Zone.DOCUMENT, PAGE.repeat(100)), short3);
    assertThat(score.complete()).isFalse();
    assertThat(score.windows()).isEqualTo(3);
    Score none =
        guard.score(reading(Zone.USER, "hello"), score, InspectionBudget.until(0, () -> 1));
    assertThat(none.complete()).isFalse();
    assertThat(none.windows()).isZero();
  }

  @Test
  void no_window_is_begun_that_the_budget_would_not_see_the_end_of() {
    SegmentReading reading = reading(Zone.DOCUMENT, PAGE.repeat(20));
    Score nominee = guard.score(reading, AMPLE);
    InspectionBudget short_ = InspectionBudget.until(10_000, () -> 0);
    assertThat(guard.score(reading, short_).windows()).isZero();
    assertThat(guard.score(reading, nominee, short_).complete()).isFalse();
    assertThat(guard.score(reading, nominee, AMPLE).complete()).isTrue();
  }

  @Test
  void a_damaged_model_is_refused_with_a_reason() throws IOException {
    byte[] card = resource("model.json");
    byte[] model = resource("model.onnx");
    byte[] tokenizer = resource("tokenizer.json");
    byte[] altered = model.clone();
    altered[altered.length / 2]++;
    assertThatThrownBy(() -> GuardModel.load(card, altered, tokenizer, 1))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("model.onnx has the SHA-256");
    assertThatThrownBy(
            () -> GuardModel.load("{".getBytes(StandardCharsets.UTF_8), model, tokenizer, 1))
        .hasMessageContaining("model.json");
  }

  @Test
  void any_other_model_says_what_is_wrong_with_it() throws IOException {
    byte[] model = resource("model.onnx");
    byte[] tokenizer = resource("tokenizer.json");
    byte[] noise = new byte[1000];
    assertThatThrownBy(() -> OnnxTextClassifier.load(spec("safe", "unsafe"), model, tokenizer))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("1 outputs for the labels [safe, unsafe]");
    assertThatThrownBy(() -> OnnxTextClassifier.load(spec("unsafe"), noise, tokenizer))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("model 'mine'");
    assertThatThrownBy(() -> OnnxTextClassifier.load(spec("unsafe"), model, noise))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("tokenizer.json");
  }

  @Test
  void a_model_can_be_loaded_that_reads_the_text_alone() throws Exception {
    try (OnnxTextClassifier other =
        OnnxTextClassifier.load(
            spec("unsafe"), resource("model.onnx"), resource("tokenizer.json"))) {
      assertThat(other.name()).isEqualTo("mine");
      assertThat(other.reads(Zone.USER)).isTrue();
      assertThat(other.reads(Zone.SYSTEM)).isFalse();
      assertThat(other.score(reading(Zone.USER, ATTACK), AMPLE).windows()).isEqualTo(1);
      assertThatThrownBy(() -> other.score(reading(Zone.SYSTEM, "x"), AMPLE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("system");
    }
  }

  private static TextModelSpec spec(String... labels) {
    return new TextModelSpec(
        "mine", List.of(labels), Set.of("unsafe"), Set.of(Zone.USER), Map.of(), 128, 32, 16, 1);
  }

  private static byte[] resource(String name) throws IOException {
    try (var in = GuardModel.class.getResourceAsStream("/models/guard-minilm/" + name)) {
      return in.readAllBytes();
    }
  }

  private static Score score(Zone zone, String text) {
    return guard.score(reading(zone, text), AMPLE);
  }
}
