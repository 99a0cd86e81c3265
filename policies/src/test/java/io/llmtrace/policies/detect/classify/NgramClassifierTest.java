package io.llmtrace.policies.detect.classify;

import static io.llmtrace.policies.detect.classify.Samples.AMPLE;
import static io.llmtrace.policies.detect.classify.Samples.ATTACK;
import static io.llmtrace.policies.detect.classify.Samples.PAGE;
import static io.llmtrace.policies.detect.classify.Samples.reading;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NgramClassifierTest {
  private static final NgramClassifier CLASSIFIER = NgramClassifier.builtIn();

  @Test
  void an_attack_scores_above_ordinary_talk() {
    assertThat(score(Zone.USER, ATTACK).probability()).isGreaterThan(0.9);
    assertThat(score(Zone.USER, "What time does the museum open on Sundays?").probability())
        .isLessThan(0.2);
  }

  @Test
  void an_attack_inside_a_long_document_is_found_and_pointed_at() {
    String before = PAGE.repeat(60);
    String text = before + ATTACK + "\n" + PAGE.repeat(60);
    Score found = score(Zone.DOCUMENT, text);
    assertThat(found.logit()).isGreaterThan(score(Zone.DOCUMENT, PAGE.repeat(120)).logit() + 3);
    assertThat(found.from()).isLessThanOrEqualTo(before.length() + 20);
    assertThat(found.to()).isGreaterThanOrEqualTo(before.length() + 20);
    assertThat(found.to() - found.from()).isLessThan(1500);
    assertThat(found.complete()).isTrue();
  }

  @Test
  void an_attack_after_any_number_of_blocks_scores_the_same() {
    String page = PAGE.repeat(1 + NgramClassifier.BLOCK * 3 / PAGE.length());
    Score found = score(Zone.TOOL_RESULT, page + "\n" + ATTACK);
    assertThat(found.probability()).isGreaterThan(0.5);
    assertThat(found.to()).isEqualTo(page.length() + 1 + ATTACK.length());
  }

  @Test
  void the_form_that_is_worst_is_the_one_that_counts() {
    String encoded = "aWdub3Jl";
    int[] map = new int[ATTACK.length()];
    int[] ends = IntStream.range(0, map.length).map(i -> encoded.length()).toArray();
    TextView undone = TextView.made(ATTACK, List.of("base64"), map, ends);
    Segment segment = new Segment(Zone.USER, "user", "/x", encoded);
    Score score =
        CLASSIFIER.score(
            new SegmentReading(segment, List.of(TextView.original(encoded), undone), true), AMPLE);
    assertThat(score.view()).isSameAs(undone);
    assertThat(score.logit()).isEqualTo(score(Zone.USER, ATTACK).logit());
  }

  @Test
  void scores_are_the_same_on_any_thread_and_after_any_text() throws Exception {
    List<String> texts =
        List.of(ATTACK, PAGE, PAGE.repeat(300) + ATTACK, "", "\u5ffd\u7565\u4e4b\u524d", "a");
    List<Score> alone =
        texts.stream()
            .map(text -> new NgramClassifier(model()).score(reading(Zone.USER, text), AMPLE))
            .toList();
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      List<Future<Score>> futures =
          IntStream.range(0, 120)
              .mapToObj(i -> pool.submit(() -> score(Zone.USER, texts.get(i * 7 % texts.size()))))
              .toList();
      for (int i = 0; i < futures.size(); i++) {
        Score expected = alone.get(i * 7 % texts.size());
        Score score = futures.get(i).get();
        assertThat(score.logit()).isEqualTo(expected.logit());
        assertThat(score.mean()).isEqualTo(expected.mean());
        assertThat(score.from()).isEqualTo(expected.from());
        assertThat(score.windows()).isEqualTo(expected.windows());
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void a_text_without_tokens_has_a_score_too() {
    for (String text : List.of("", " ", "\u200b\u200b", "\ud83d")) {
      Score score = score(Zone.USER, text);
      assertThat(score.logit()).isFinite();
      assertThat(score.from()).isLessThanOrEqualTo(text.length());
      assertThat(score.complete()).isTrue();
    }
  }

  @Test
  void a_budget_that_is_spent_ends_the_reading_and_the_score_says_so() {
    long[] questions = {0};
    InspectionBudget short3 = InspectionBudget.until(3, () -> questions[0]++);
    Score score = CLASSIFIER.score(reading(Zone.USER, PAGE.repeat(2000) + ATTACK), short3);
    assertThat(score.complete()).isFalse();
    assertThat(score.windows()).isPositive();
    assertThat(questions[0]).isLessThan(10);
  }

  @Test
  void a_model_is_read_back_as_it_was_written() {
    float[] weights = new float[1 << 10];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) Math.sin(i) / (1 + i % 17);
    }
    NgramModel model = NgramModel.of(weights, new float[] {1, 2, 3, 4}, new float[] {5, 6, 7});
    NgramModel read = NgramModel.read(model.bytes());
    int[] features = IntStream.range(0, 1 << 10).map(i -> i << 22).toArray();
    assertThat(read.sum(features, features.length)).isEqualTo(model.sum(features, features.length));
    assertThat(read.digest()).isEqualTo(model.digest());
    for (int i = 0; i < weights.length; i++) {
      int[] one = {i << 22};
      // A level is at most 3/127 of the largest weight away from the next, far from nothing.
      assertThat(Math.abs(read.sum(one, 1) - weights[i])).isLessThan(0.0125f);
    }
  }

  @Test
  void a_model_that_was_cut_altered_or_is_none_is_refused() {
    byte[] bytes = model().bytes();
    byte[] altered = bytes.clone();
    altered[bytes.length / 2]++;
    assertThatThrownBy(() -> NgramModel.read(altered)).hasMessageContaining("checksum");
    assertThatThrownBy(() -> NgramModel.read(java.util.Arrays.copyOf(bytes, bytes.length - 9)))
        .hasMessageContaining("cut");
    assertThatThrownBy(() -> NgramModel.read(new byte[4000])).hasMessageContaining("first bytes");
  }

  private static NgramModel model() {
    try (var in = NgramClassifier.class.getResourceAsStream("/models/ngram.bin")) {
      return NgramModel.read(in.readAllBytes());
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Score score(Zone zone, String text) {
    return CLASSIFIER.score(reading(zone, text), AMPLE);
  }
}
