package io.llmtrace.policies.detect.classify;

import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * A place for a model that may load later, or never, or break: asking it never throws. Thread-safe.
 *
 * @param <M> what asks the model
 */
public final class ModelSlot<M> {
  /** Makes the model; runs once. */
  @FunctionalInterface
  public interface Loader<M> {
    M load() throws ModelException;
  }

  private record Held<M>(ModelState state, Optional<M> model) {}

  private final String id;
  private volatile Held<M> held;

  private ModelSlot(String id, Held<M> held) {
    this.id = id;
    this.held = held;
  }

  /** A slot whose model {@code executor} loads while the other stages work already. */
  public static <M> ModelSlot<M> load(String id, Loader<M> loader, Executor executor) {
    ModelSlot<M> slot = new ModelSlot<>(id, without(ModelState.Status.LOADING, ""));
    executor.execute(() -> slot.held = loaded(id, loader));
    return slot;
  }

  /** A slot that stays empty, for example because the configuration names no model. */
  public static <M> ModelSlot<M> empty(String id, String reason) {
    return new ModelSlot<>(id, without(ModelState.Status.ABSENT, reason));
  }

  private static <M> Held<M> loaded(String id, Loader<M> loader) {
    try {
      return new Held<>(new ModelState(ModelState.Status.LOADED, ""), Optional.of(loader.load()));
    } catch (ModelException e) {
      return without(
          e.isAbsent() ? ModelState.Status.ABSENT : ModelState.Status.FAILED,
          String.valueOf(e.getMessage()));
    } catch (LinkageError e) {
      // The small jar leaves the runtime and the tokenizer out; some platforms have no build of
      // them.
      return without(
          ModelState.Status.ABSENT, "no library that runs model '" + id + "' here: " + e);
    } catch (OutOfMemoryError e) {
      return without(
          ModelState.Status.FAILED, "no memory to load model '" + id + "'; raise -Xmx: " + e);
    } catch (RuntimeException e) {
      return without(ModelState.Status.FAILED, "model '" + id + "' failed to load: " + e);
    }
  }

  private static <M> Held<M> without(ModelState.Status status, String reason) {
    return new Held<>(new ModelState(status, reason), Optional.empty());
  }

  public String id() {
    return id;
  }

  public ModelState state() {
    return held.state();
  }

  /** The model, once it is loaded. */
  public Optional<M> model() {
    return held.model();
  }

  /**
   * Asks the model; empty if there is none, or if the question has no answer. A model that breaks
   * is not asked again, and {@link #state()} says why.
   */
  public <A> Optional<A> ask(Function<M, Optional<A>> question) {
    Optional<M> model = model();
    try {
      return model.flatMap(question);
    } catch (IllegalStateException e) {
      held = without(ModelState.Status.FAILED, String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }
}
