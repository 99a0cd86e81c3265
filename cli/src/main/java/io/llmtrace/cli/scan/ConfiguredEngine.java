package io.llmtrace.cli.scan;

import io.llmtrace.policies.detect.classify.ModelState;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.EngineOptions;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.detection.EngineSetup;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The engine that tools use: as a file says, or as it is shipped. Stateless. */
public final class ConfiguredEngine {
  private ConfiguredEngine() {}

  /**
   * What the engine is made of; without a cache, since a tool reads every text once.
   *
   * @param file the configuration; null for what is shipped
   * @throws ConfigException with every problem of the file; secrets of it are not opened
   */
  public static EngineOptions options(@Nullable Path file) throws ConfigException {
    return (file == null
            ? EngineOptions.standard()
            : EngineSetup.options(ConfigFile.load(file, System.getenv(), ConfigFile.Role.TOOL)))
        .withoutCache();
  }

  /**
   * An engine that has all it will ever have: what a tool says must not depend on when it asked.
   *
   * @param err is told which models are not there, and why
   * @throws IllegalStateException if a model is still loading after a minute
   */
  public static DetectionEngine loaded(EngineOptions options, PrintWriter err)
      throws InterruptedException {
    DetectionEngine engine = DetectionEngine.builtIn(options);
    if (!engine.awaitModels(Duration.ofMinutes(1))) {
      throw new IllegalStateException("a model did not load within a minute");
    }
    engine
        .models()
        .forEach(
            (name, state) -> {
              if (state.status() != ModelState.Status.LOADED) {
                err.println("without " + name + ": " + state.reason());
              }
            });
    return engine;
  }
}
