package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * A place for a model that may load later, or never, or break: asking it never throws. Thread-safe.
 */
public final class ModelSlot {
  /** Makes the model; runs once. */
  @FunctionalInterface
  public interface Loader {
    OnnxTextClassifier load() throws ModelException;
  }

  private record Held(ModelState state, Optional<OnnxTextClassifier> model) {}

  private final String id;
  private volatile Held held;

  private ModelSlot(String id, Held held) {
    this.id = id;
    this.held = held;
  }

  /** A slot whose model {@code executor} loads while the other stages work already. */
  public static ModelSlot load(String id, Loader loader, Executor executor) {
    ModelSlot slot = new ModelSlot(id, without(ModelState.Status.LOADING, ""));
    executor.execute(() -> slot.held = loaded(id, loader));
    return slot;
  }

  /** A slot that stays empty, for example because the configuration names no model. */
  public static ModelSlot empty(String id, String reason) {
    return new ModelSlot(id, without(ModelState.Status.ABSENT, reason));
  }

  private static Held loaded(String id, Loader loader) {
    try {
      return new Held(new ModelState(ModelState.Status.LOADED, ""), Optional.of(loader.load()));
    } catch (ModelException e) {
      return without(
          e.isAbsent() ? ModelState.Status.ABSENT : ModelState.Status.FAILED,
          String.valueOf(e.getMessage()));
    } catch (LinkageError e) {
      // The small jar leaves the runtime and the tokenizer out; some platforms have no build of
      // them.
      return without(
          ModelState.Status.ABSENT, "no library that runs model '" + id + "' here: " + e);
    } catch (RuntimeException e) {
      return without(ModelState.Status.FAILED, "model '" + id + "' failed to load: " + e);
    }
  }

  private static Held without(ModelState.Status status, String reason) {
    return new Held(new ModelState(status, reason), Optional.empty());
  }

  public String id() {
    return id;
  }

  public ModelState state() {
    return held.state();
  }

  /** The model, once it is loaded. */
  public Optional<OnnxTextClassifier> model() {
    return held.model();
  }

  /**
   * What the model says of the window that {@code nominee} points at; empty if there is no model or
   * it does not read the zone. A model that breaks is not asked again, and {@link #state()} says
   * why.
   */
  public Optional<Score> score(SegmentReading reading, Score nominee, InspectionBudget budget) {
    Optional<OnnxTextClassifier> model = model();
    if (model.isEmpty() || !model.get().reads(reading.segment().zone())) {
      return Optional.empty();
    }
    try {
      return Optional.of(model.get().score(reading, nominee, budget));
    } catch (IllegalStateException e) {
      held = without(ModelState.Status.FAILED, String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }
}
