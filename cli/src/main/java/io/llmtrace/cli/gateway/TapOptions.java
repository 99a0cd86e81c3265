package io.llmtrace.cli.gateway;

import io.llmtrace.cli.remote.Key;
import io.llmtrace.cli.remote.RefusedException;
import io.llmtrace.cli.remote.RefusedException.Exit;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.PluginConfig;
import io.llmtrace.runtime.config.Secret;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the plugin listens for the gateway's log, and the secret that it takes. */
final class TapOptions {
  /** Where the plugin writes the secret that it makes when none is configured. */
  private static final String MADE = "initial-tap.key";

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "llmtrace.yaml",
      description = {
        "The plugin's configuration: its port and the tap's secret are read there. Default:"
            + " ${DEFAULT-VALUE}."
      })
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private Path config;

  @Option(
      names = "--tap-url",
      paramLabel = "URL",
      description = {
        "Where the gateway reaches the plugin's tap. Default: loopback, with the configured port."
      })
  private @Nullable URI url;

  @Option(
      names = "--tap-key-file",
      paramLabel = "FILE",
      description = {
        "A file with the tap's secret. Default: plugin.tap_secret, or the initial-tap.key that the"
            + " plugin made in its data directory."
      })
  private @Nullable Path keyFile;

  /** Where the tap is, or where it is by default if no configuration can be read. */
  String uri() throws RefusedException {
    URI given = url;
    if (given != null) {
      if (given.getHost() == null || given.getRawUserInfo() != null) {
        throw new RefusedException(
            Exit.WRONG, "--tap-url: expected an address such as http://127.0.0.1:9464/tap");
      }
      return given.toString();
    }
    int port =
        Files.exists(config) ? plugin().port() : PluginConfig.defaults(System.getenv()).port();
    return "http://127.0.0.1:" + port + "/tap";
  }

  /**
   * The tap with its secret.
   *
   * @throws RefusedException if no secret can be found
   */
  RouteChange.Tap tap() throws RefusedException {
    return new RouteChange.Tap(uri(), "Bearer " + secret().reveal());
  }

  private Secret secret() throws RefusedException {
    Path given = keyFile;
    if (given != null) {
      return Key.read("--tap-key-file", given);
    }
    if (!Files.exists(config)) {
      throw new RefusedException(
          Exit.WRONG,
          "the tap's secret is not known: expected --config FILE of the plugin, or --tap-key-file"
              + " FILE; without answers: --no-answers");
    }
    PluginConfig plugin = plugin();
    Secret configured = plugin.tapSecret();
    if (configured != null) {
      return configured;
    }
    Path made = plugin.dataDirectory().resolve(MADE);
    if (!Files.exists(made)) {
      throw new RefusedException(
          Exit.WRONG,
          "the tap has no secret yet: expected plugin.tap_secret in "
              + config
              + ", or a plugin that was started once and made "
              + made);
    }
    return Key.read("--config", made);
  }

  private PluginConfig plugin() throws RefusedException {
    try {
      return ConfigFile.load(config, System.getenv(), ConfigFile.Role.PLUGIN).plugin();
    } catch (ConfigException e) {
      throw new RefusedException(Exit.WRONG, String.valueOf(e.getMessage()), e);
    }
  }
}
