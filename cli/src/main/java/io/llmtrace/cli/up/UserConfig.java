package io.llmtrace.cli.up;

import io.llmtrace.cli.stack.ConfigOverlay;
import io.llmtrace.cli.stack.StackPorts;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The user's configuration as {@code up} takes it: a port that it names stays, and what ties the
 * parts together does not.
 *
 * @param text YAML; empty without a file
 * @param taken keys that are in the file and have no effect
 */
record UserConfig(String text, StackPorts ports, List<String> taken) {
  private static final Map<String, List<String>> OWN =
      Map.of(
          "control_plane", List.of("data_directory"),
          "plugin", List.of("socket", "data_directory", "control_plane_url", "bind", "tap_secret"));

  UserConfig {
    taken = List.copyOf(taken);
  }

  /**
   * Reads and checks the file; what it does not name listens on free ports.
   *
   * @throws ConfigException with every problem of the file, by its own lines
   */
  static UserConfig read(Optional<Path> file, Map<String, String> env)
      throws ConfigException, IOException {
    return read(file, env, StackPorts.free());
  }

  /**
   * Reads and checks the file.
   *
   * @param others where that listens for which the file names no port
   * @throws ConfigException with every problem of the file, by its own lines
   */
  static UserConfig read(Optional<Path> file, Map<String, String> env, StackPorts others)
      throws ConfigException, IOException {
    if (file.isEmpty()) {
      return new UserConfig("", others, List.of());
    }
    LlmtraceConfig config = ConfigFile.load(file.get(), env, ConfigFile.Role.CONTROL_PLANE);
    // The plugin's side without its secrets: the key of the control plane may not be there yet.
    ConfigFile.load(file.get(), env, ConfigFile.Role.TOOL);
    String text = Files.readString(file.get());
    ConfigOverlay keys = ConfigOverlay.of(text);
    StackPorts ports =
        new StackPorts(
            port(
                keys, "control_plane", "port", config.controlPlane().port(), others.controlPlane()),
            port(
                keys,
                "control_plane",
                "admin_port",
                config.controlPlane().adminPort(),
                others.admin()),
            port(keys, "plugin", "port", config.plugin().port(), others.plugin()));
    List<String> taken =
        OWN.entrySet().stream()
            .flatMap(
                own ->
                    own.getValue().stream()
                        .filter(key -> keys.has(own.getKey(), key))
                        .map(key -> own.getKey() + "." + key))
            .sorted()
            .toList();
    return new UserConfig(text, ports, taken);
  }

  private static int port(ConfigOverlay keys, String section, String key, int configured, int other)
      throws IOException {
    if (!keys.has(section, key)) {
      return other;
    }
    return configured != 0 ? configured : StackPorts.freePort();
  }
}
