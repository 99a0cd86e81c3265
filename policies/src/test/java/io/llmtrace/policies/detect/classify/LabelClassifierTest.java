package io.llmtrace.policies.detect.classify;

import static io.llmtrace.policies.detect.classify.Samples.AMPLE;
import static io.llmtrace.policies.detect.classify.Samples.reading;
import static io.llmtrace.policies.detect.classify.TinyModel.file;
import static io.llmtrace.policies.detect.classify.TinyModel.finds;
import static io.llmtrace.policies.detect.classify.TinyModel.harmless;
import static io.llmtrace.policies.detect.classify.TinyModel.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.Sources;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Activation;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Label;
import io.llmtrace.policies.exchange.Zone;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LabelClassifierTest {
  private static final String HARBOUR = "The ship of grain is warm and the harbour is a harbour. ";

  @Test
  void each_label_over_its_threshold_is_a_finding_with_the_models_own_probability()
      throws Exception {
    try (LabelModel tiny = TinyModel.load(spec(Zone.USER))) {
      // The strongest word decides: logits 2, 0, 6.
      Finding dragon = only(tiny, "\ud83d\ude42 the dragon is a harbour.");
      assertThat(dragon.type()).isEqualTo(FindingType.PROMPT_INJECTION);
      assertThat(dragon.severity()).isEqualTo(Severity.HIGH);
      assertThat(dragon.confidence())
          .isCloseTo(Math.exp(6) / (Math.exp(2) + 1 + Math.exp(6)), offset(1e-5));
      assertThat(dragon.zone()).isEqualTo(Zone.USER);
      assertThat(dragon.detector()).isEqualTo("tiny");
      assertThat(dragon.rule()).isEqualTo("DRAGON");
      assertThat(dragon.start()).isZero();
      assertThat(dragon.end()).isEqualTo(26);
      assertThat(only(tiny, "You are rude.").type()).isEqualTo(FindingType.TOXIC_CONTENT);
      assertThat(read(tiny, Zone.USER, HARBOUR)).isEmpty();
    }
  }

  @Test
  void a_threshold_is_reached_from_it_on() throws Exception {
    try (LabelModel tiny = load(Activation.SIGMOID, finds("DRAGON", 0.998))) {
      // Sigmoid of 6 is 0.9975.
      assertThat(read(tiny, Zone.USER, "dragon")).isEmpty();
    }
    try (LabelModel tiny = load(Activation.SIGMOID, finds("DRAGON", 0.997))) {
      assertThat(only(tiny, "dragon").confidence()).isCloseTo(1 / (1 + Math.exp(-6)), offset(1e-5));
    }
  }

  @Test
  void labels_share_a_probability_unless_several_may_hold_at_once() throws Exception {
    Label rude = finds("RUDE", 0.4);
    Label dragon = finds("DRAGON", 0.4);
    String both = "the rude dragon";
    try (LabelModel softmax = load(Activation.AUTO, rude, dragon)) {
      assertThat(read(softmax, Zone.USER, both)).extracting(Finding::rule).containsExactly("RUDE");
    }
    byte[] multiLabel =
        new String(file("config.json"), StandardCharsets.UTF_8)
            .replace("single_label", "multi_label")
            .getBytes(StandardCharsets.UTF_8);
    try (LabelModel sigmoid =
        LabelClassifier.load(
            spec(List.of(rude, dragon), Activation.AUTO, 64, Zone.USER),
            file("model.onnx"),
            file("tokenizer.json"),
            multiLabel)) {
      assertThat(read(sigmoid, Zone.USER, both))
          .extracting(Finding::rule)
          .containsExactly("RUDE", "DRAGON");
    }
  }

  @Test
  void labels_are_outputs_by_name_or_by_number() throws Exception {
    try (LabelModel byNumber = load(Activation.AUTO, harmless("0"), finds("2", 0.8))) {
      assertThat(only(byNumber, "a wyvern").rule()).isEqualTo("DRAGON");
    }
    try (LabelModel nameless =
        LabelClassifier.load(
            spec(List.of(finds("2", 0.8)), Activation.AUTO, 64, Zone.USER),
            file("model.onnx"),
            file("tokenizer.json"),
            null)) {
      assertThat(only(nameless, "a wyvern").rule()).isEqualTo("2");
    }
    assertThat(refusal(spec(List.of(finds("WYVERN", 0.8)), Activation.AUTO, 64, Zone.USER)))
        .isEqualTo(
            "model 'tiny' has no output 'WYVERN'; expected one of [HARMLESS, RUDE, DRAGON] or a"
                + " number from 0 to 2");
    assertThat(refusal(spec(List.of(finds("3", 0.8)), Activation.AUTO, 64, Zone.USER)))
        .contains("no output '3'");
    assertThatThrownBy(
            () ->
                LabelClassifier.load(
                    spec(List.of(finds("DRAGON", 0.8)), Activation.AUTO, 64, Zone.USER),
                    file("model.onnx"),
                    file("tokenizer.json"),
                    null))
        .hasMessageContaining("no output 'DRAGON'")
        .hasMessageContaining("no config.json names them");
  }

  @Test
  void a_long_text_is_read_to_its_end_in_windows() throws Exception {
    try (LabelModel tiny = TinyModel.load(spec(Zone.DOCUMENT))) {
      String text = HARBOUR.repeat(20) + "the dragon.";
      List<Finding> found = read(tiny, Zone.DOCUMENT, text);
      assertThat(found).hasSize(1);
      assertThat(found.get(0).end()).isEqualTo(text.length());
      assertThat(found.get(0).start()).isGreaterThan(text.length() / 2);
      boolean whole =
          tiny.read(
              reading(Zone.DOCUMENT, HARBOUR.repeat(2000)), Sources.NONE, AMPLE, finding -> {});
      assertThat(whole).as("a text of more windows than it may take is read in part").isFalse();
    }
  }

  @Test
  void it_reads_its_zones_only_and_asks_the_budget_between_windows() throws Exception {
    try (LabelModel tiny = TinyModel.load(spec(Zone.USER))) {
      assertThat(read(tiny, Zone.DOCUMENT, "dragon")).isEmpty();
      long[] questions = {0};
      // Asked before and after the words are split, and a second passes with each question.
      InspectionBudget two =
          InspectionBudget.until(4_000_000_000L, () -> questions[0]++ * 1_000_000_000L);
      assertThat(
              tiny.read(reading(Zone.USER, HARBOUR.repeat(30)), Sources.NONE, two, finding -> {}))
          .isFalse();
      assertThat(questions[0]).as("two windows, and the question that ends it").isEqualTo(5);
    }
  }

  @Test
  void what_cannot_be_used_says_why() {
    LabelModelSpec spec = spec(Zone.USER);
    byte[] noise = "noise".getBytes(StandardCharsets.UTF_8);
    byte[] model = file("model.onnx");
    byte[] tokenizer = file("tokenizer.json");
    assertThatThrownBy(() -> LabelClassifier.load(spec, noise, tokenizer, null))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("model 'tiny' cannot be run");
    assertThatThrownBy(() -> LabelClassifier.load(spec, model, noise, null))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("model 'tiny': its tokenizer.json cannot be read");
    assertThatThrownBy(() -> LabelClassifier.load(spec, model, tokenizer, noise))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("model 'tiny': its config.json is no JSON");
    assertThat(refusal(spec(List.of(finds("RUDE", 0.8)), Activation.AUTO, 128, Zone.USER)))
        .contains("does not run on a window of 128 tokens");
  }

  @Test
  void findings_do_not_depend_on_threads() throws Exception {
    List<String> texts =
        List.of(HARBOUR, "the rude dragon", HARBOUR.repeat(30) + "a wyvern", "", "\ud83d");
    LabelModelSpec one = spec(Zone.USER);
    LabelModelSpec three =
        new LabelModelSpec(
            one.id(), one.labels(), one.activation(), one.zones(), one.maxTokens(), 16, 3);
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try (LabelModel single = TinyModel.load(one);
        LabelModel several = TinyModel.load(three)) {
      List<List<Finding>> alone =
          texts.stream().map(text -> read(single, Zone.USER, text)).toList();
      List<Future<List<Finding>>> together =
          IntStream.range(0, 40)
              .mapToObj(
                  i ->
                      pool.submit(
                          () -> read(i % 2 == 0 ? single : several, Zone.USER, texts.get(i % 5))))
              .toList();
      for (int i = 0; i < together.size(); i++) {
        assertThat(together.get(i).get()).isEqualTo(alone.get(i % 5));
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void a_run_takes_no_more_threads_than_it_is_given() throws Exception {
    Path tasks = Path.of("/proc/self/task");
    assumeThat(Files.isDirectory(tasks)).isTrue();
    LabelModelSpec spec = spec(Zone.USER);
    LabelModelSpec three =
        new LabelModelSpec(
            spec.id(), spec.labels(), spec.activation(), spec.zones(), spec.maxTokens(), 16, 3);
    // A native thread has the name of the thread that made it; the maker is one of the three.
    assertThat(threadsMadeBy("tiny-one", spec)).isEqualTo(1);
    assertThat(threadsMadeBy("tiny-three", three)).isEqualTo(3);
    assertThatThrownBy(
            () ->
                new LabelModelSpec(
                    "x", spec.labels(), Activation.AUTO, Set.of(Zone.USER), 64, 16, 9))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static long threadsMadeBy(String name, LabelModelSpec spec) throws Exception {
    FutureTask<Long> task =
        new FutureTask<>(
            () -> {
              try (LabelModel tiny = TinyModel.load(spec)) {
                assertThat(read(tiny, Zone.USER, "dragon")).hasSize(1);
                return threadsNamed(name);
              }
            });
    Thread thread = new Thread(task, name);
    thread.start();
    return task.get();
  }

  private static long threadsNamed(String name) throws IOException {
    try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
      return tasks
          .filter(
              task -> {
                try {
                  return Files.readString(task.resolve("comm")).trim().equals(name);
                } catch (IOException e) {
                  // Ended since it was listed.
                  return false;
                }
              })
          .count();
    }
  }

  private static LabelModel load(Activation activation, Label... labels) throws ModelException {
    return TinyModel.load(spec(List.of(labels), activation, 64, Zone.USER));
  }

  private static String refusal(LabelModelSpec spec) {
    return catchThrowableOfType(ModelException.class, () -> TinyModel.load(spec)).getMessage();
  }

  private static Finding only(LabelModel tiny, String text) {
    List<Finding> found = read(tiny, Zone.USER, text);
    assertThat(found).hasSize(1);
    return found.get(0);
  }

  private static List<Finding> read(LabelModel tiny, Zone zone, String text) {
    List<Finding> found = new ArrayList<>();
    boolean unused = tiny.read(reading(zone, text), Sources.NONE, AMPLE, found::add);
    return found;
  }
}
