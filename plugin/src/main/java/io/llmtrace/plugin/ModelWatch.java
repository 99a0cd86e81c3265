package io.llmtrace.plugin;

import io.llmtrace.policies.detect.classify.ModelState;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log what became of each model once it is known: the process starts without them, and
 * whoever reads only the log must learn which stage is missing, and why.
 */
final class ModelWatch {
  private static final Logger LOG = LoggerFactory.getLogger(ModelWatch.class);
  private static final Duration LONGEST = Duration.ofMinutes(10);

  private ModelWatch() {}

  static void start(DetectionEngine engine) {
    Thread watch = new Thread(() -> watch(engine), "llmtrace-model-watch");
    watch.setDaemon(true);
    watch.start();
  }

  private static void watch(DetectionEngine engine) {
    try {
      if (!engine.awaitModels(LONGEST)) {
        LOG.warn("a model is still loading after {} minutes", LONGEST.toMinutes());
      }
    } catch (InterruptedException e) {
      // Nobody interrupts it but the end of the process.
      Thread.currentThread().interrupt();
      return;
    }
    engine.models().forEach(ModelWatch::tell);
  }

  private static void tell(String id, ModelState state) {
    if (state.status() == ModelState.Status.LOADED) {
      LOG.info("model {} is loaded", id);
    } else {
      LOG.warn(
          "model {} is {}, detection goes on without it: {}",
          id,
          state.status().label(),
          state.reason());
    }
  }
}
