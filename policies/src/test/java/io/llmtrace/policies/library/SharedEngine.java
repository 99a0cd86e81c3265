package io.llmtrace.policies.library;

import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.EngineOptions;
import java.time.Duration;

/** The engine as it is shipped, which takes seconds to load, once for all tests of policies. */
public final class SharedEngine {
  private static final DetectionEngine ENGINE =
      DetectionEngine.builtIn(EngineOptions.standard().withoutCache());

  private SharedEngine() {}

  /** With all its models. */
  public static DetectionEngine get() throws InterruptedException {
    if (!ENGINE.awaitModels(Duration.ofMinutes(1))) {
      throw new IllegalStateException("a model did not load within a minute");
    }
    return ENGINE;
  }
}
