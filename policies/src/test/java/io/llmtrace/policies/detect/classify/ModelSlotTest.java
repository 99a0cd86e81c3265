package io.llmtrace.policies.detect.classify;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ModelSlotTest {
  private static final InspectionBudget AMPLE = InspectionBudget.unlimited();
  private static final SegmentReading READING =
      SegmentReading.asItStands(new Segment(Zone.USER, "user", "/x", "hello"));
  private static final Score NOMINEE =
      new Score(0, 0.5, 0, TextView.original("hello"), 0, 5, 1, true);

  @Test
  void a_model_loads_in_the_background_and_answers_nothing_until_then() throws ModelException {
    List<Runnable> waiting = new ArrayList<>();
    ModelSlot<OnnxTextClassifier> slot =
        ModelSlot.load("guard", () -> GuardModel.load(1), waiting::add);
    assertThat(slot.state()).isEqualTo(new ModelState(ModelState.Status.LOADING, ""));
    assertThat(ask(slot)).isEmpty();

    waiting.get(0).run();
    assertThat(slot.state()).isEqualTo(new ModelState(ModelState.Status.LOADED, ""));
    assertThat(ask(slot)).isPresent();
    slot.model().orElseThrow().close();
  }

  @Test
  void a_model_without_its_library_is_absent() {
    ModelSlot<OnnxTextClassifier> slot =
        ModelSlot.load(
            "guard",
            () -> {
              throw new NoClassDefFoundError("ai/onnxruntime/OrtEnvironment");
            },
            Runnable::run);
    assertThat(slot.state().status()).isEqualTo(ModelState.Status.ABSENT);
    assertThat(slot.state().reason()).contains("guard", "OrtEnvironment");
    assertThat(ask(slot)).isEmpty();
  }

  @Test
  void a_model_without_its_file_is_absent_and_one_that_is_wrong_has_failed() {
    ModelSlot<OnnxTextClassifier> absent =
        ModelSlot.load(
            "guard",
            () -> {
              throw ModelException.absent("no file");
            },
            Runnable::run);
    ModelSlot<OnnxTextClassifier> failed =
        ModelSlot.load(
            "guard",
            () -> {
              throw ModelException.failed("altered");
            },
            Runnable::run);
    assertThat(absent.state()).isEqualTo(new ModelState(ModelState.Status.ABSENT, "no file"));
    assertThat(failed.state()).isEqualTo(new ModelState(ModelState.Status.FAILED, "altered"));
  }

  @Test
  void a_model_that_breaks_while_it_runs_is_not_asked_again() throws ModelException {
    ModelSlot<OnnxTextClassifier> slot =
        ModelSlot.load("guard", () -> GuardModel.load(1), Runnable::run);
    slot.model().orElseThrow().close();
    assertThat(ask(slot)).isEmpty();
    assertThat(slot.state().status()).isEqualTo(ModelState.Status.FAILED);
    assertThat(slot.state().reason()).isNotEmpty();
    assertThat(ask(slot)).isEmpty();
  }

  @Test
  void a_slot_that_was_never_filled_says_why() {
    ModelSlot<OnnxTextClassifier> slot = ModelSlot.empty("guard", "not configured");
    assertThat(slot.id()).isEqualTo("guard");
    assertThat(slot.state()).isEqualTo(new ModelState(ModelState.Status.ABSENT, "not configured"));
    assertThat(slot.model()).isEmpty();
  }

  private static Optional<Score> ask(ModelSlot<OnnxTextClassifier> slot) {
    return slot.ask(model -> Optional.of(model.score(READING, NOMINEE, AMPLE)));
  }
}
