package io.llmtrace.runtime.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads {@code llmtrace.yaml}. Stateless.
 *
 * <p>The file is read as a tree of nodes rather than bound to classes, because only nodes know
 * their lines; see {@link ConfigSection}. Size, depth and aliases are bounded, so that a hostile
 * file costs no more than a long one.
 */
public final class ConfigFile {
  private static final long LARGEST_FILE = 1 << 20;

  private static final int MOST_ALIASES = 20;

  /** Whose secret files are opened: a process need not be able to read those of the other. */
  public enum Role {
    CONTROL_PLANE,
    PLUGIN,
    BOTH,
    /** Of the control plane's, those of its database alone: for a job that brings it forward. */
    MIGRATION,
    /** No secret file is opened: for tools that only inspect texts. */
    TOOL
  }

  private ConfigFile() {}

  /**
   * Reads a file with the secrets of both processes.
   *
   * @throws ConfigException with every problem of the file, when there is one
   */
  public static LlmtraceConfig load(Path file, Map<String, String> env) throws ConfigException {
    return load(file, env, Role.BOTH);
  }

  /**
   * Reads a file for one process. All keys are checked alike; secret files of the other process's
   * section are not opened, and those secrets are {@code null}. Signature packs are not opened for
   * the control plane and its migration, which inspect nothing, and mappings for the plugin alone;
   * files of models are not opened here at all.
   *
   * @throws ConfigException with every problem of the file, when there is one
   */
  public static LlmtraceConfig load(Path file, Map<String, String> env, Role role)
      throws ConfigException {
    return parse(file.toString(), text(file), env, role);
  }

  static String text(Path file) throws ConfigException {
    try {
      return Utf8File.read(file, LARGEST_FILE);
    } catch (Utf8File.UnreadableException e) {
      throw new ConfigException(
          List.of(new ConfigProblem(file.toString(), 1, 1, "(file)", e.expectation())));
    }
  }

  static LlmtraceConfig parse(String name, String text, Map<String, String> env, Role role)
      throws ConfigException {
    Reading reading = new Reading(name, env);
    LlmtraceConfig config = config(reading, root(reading, text), role);
    if (!reading.problems().isEmpty()) {
      throw new ConfigException(reading.problems());
    }
    return config;
  }

  /**
   * The keys that are asked for while a text is read. Sections of lists are asked for their keys
   * where the text has one; what is wrong in it is no matter.
   */
  static List<AskedKey> asked(String text, Map<String, String> env) {
    Reading reading = new Reading("reference", env);
    LlmtraceConfig unused = config(reading, root(reading, text), Role.TOOL);
    return reading.asked();
  }

  static @Nullable Node root(Reading reading, String text) {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel("configuration")
            .setUseMarks(true)
            .setAllowRecursiveKeys(false)
            .setMaxAliasesForCollections(MOST_ALIASES)
            .build();
    try {
      return new Compose(settings).composeString(text).orElse(null);
    } catch (MarkedYamlEngineException e) {
      // The problem alone: context and snippet would repeat the file's text, secrets included.
      @Nullable Mark at = e.getProblemMark().orElse(null);
      reading.problem(at, "(file)", "expected YAML, but " + e.getProblem());
    } catch (YamlEngineException e) {
      reading.problem((Mark) null, "(file)", "expected YAML, but " + e.getMessage());
    }
    return null;
  }

  private static LlmtraceConfig config(Reading reading, @Nullable Node node, Role role) {
    boolean controlPlaneOpens = role == Role.CONTROL_PLANE || role == Role.BOTH;
    boolean databaseOpens = controlPlaneOpens || role == Role.MIGRATION;
    boolean inspects = role != Role.CONTROL_PLANE && role != Role.MIGRATION;
    boolean pluginOpens = role == Role.PLUGIN || role == Role.BOTH;
    ConfigSection root = new ConfigSection(reading, "", node);
    LlmtraceConfig config =
        new LlmtraceConfig(
            logging(root.section("logging")),
            new AlertsReader(root.section("alerts"), controlPlaneOpens).read(),
            breaker(root.section("circuit_breaker")),
            metrics(root.section("metrics"), controlPlaneOpens),
            ControlPlaneReader.read(
                root.section("control_plane"), controlPlaneOpens, databaseOpens),
            PluginReader.read(reading, root.section("plugin"), pluginOpens),
            detection(reading, root.section("detection"), inspects),
            ModelReader.models(root.sections("models")),
            LimitsReader.limits(root.sections("limits", LimitsReader.MOST_LIMITS)),
            PriceReader.prices(root.sections("prices", PriceReader.MOST_PRICES)));
    root.finish();
    if (!BindAddress.isLoopback(config.controlPlane().bind())
        && config.metrics().token() == null
        && !config.metrics().isPublic()
        && controlPlaneOpens) {
      root.section("control_plane")
          .problem(
              "bind",
              "expected a loopback address such as 127.0.0.1, or metrics.token, or metrics.public:"
                  + " true, because /metrics would be open to the network");
    }
    return config;
  }

  private static LoggingConfig logging(ConfigSection section) {
    LoggingConfig defaults = LoggingConfig.defaults();
    LoggingConfig logging =
        new LoggingConfig(
            section.choice("level", LoggingConfig.Level.class, defaults.level()),
            section.choice("format", LoggingConfig.Format.class, defaults.format()),
            section.choice("bodies", LoggingConfig.Bodies.class, defaults.bodies()),
            section.integer("repeats", defaults.repeats(), 0, 1_000_000));
    section.finish();
    return logging;
  }

  private static BreakerConfig breaker(ConfigSection section) {
    BreakerConfig defaults = BreakerConfig.defaults();
    BreakerConfig breaker =
        new BreakerConfig(
            section.bool("enabled", defaults.enabled()),
            section.integer("failure_threshold", defaults.failureThreshold(), 1, 10_000),
            section.millis("recovery_timeout_ms", defaults.recoveryTimeout(), 1, 3_600_000),
            section.integer("half_open_max_calls", defaults.halfOpenMaxCalls(), 1, 1_000));
    section.finish();
    return breaker;
  }

  private static MetricsConfig metrics(ConfigSection section, boolean open) {
    MetricsConfig metrics =
        new MetricsConfig(
            section.secret("token", open),
            section.bool("public", MetricsConfig.defaults().isPublic()));
    section.finish();
    return metrics;
  }

  private static DetectionConfig detection(Reading reading, ConfigSection section, boolean open) {
    DetectionConfig detection = new DetectionReader(reading, section, open).read();
    section.finish();
    return detection;
  }
}
