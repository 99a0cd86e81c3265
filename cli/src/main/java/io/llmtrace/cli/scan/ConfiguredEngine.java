package io.llmtrace.cli.scan;

import io.llmtrace.policies.detect.engine.EngineOptions;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.detection.EngineSetup;
import java.nio.file.Path;
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
}
