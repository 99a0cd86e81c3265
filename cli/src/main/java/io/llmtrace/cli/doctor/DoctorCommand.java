package io.llmtrace.cli.doctor;

import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.ConfigProblem;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.Secret;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code doctor}: says what is wrong with an installation, and how to mend it. */
@Command(
    name = "doctor",
    description = {
      "Looks at an installation and says for each problem its cause and the command that mends it.",
      "It changes nothing; one request is sent through the plugin's socket, which leaves one"
          + " exchange of the route llmtrace-doctor.",
      "Ends with 0 where nothing is wrong, with 1 where something is, with 2 where an argument is."
    },
    mixinStandardHelpOptions = true)
public final class DoctorCommand implements Callable<Integer> {
  private static final int LARGEST_KEY = 16_384;
  private static final Path USUAL = Path.of("llmtrace.yaml");

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration file. Default: llmtrace.yaml, if there is one.")
  private @Nullable Path file;

  @Option(names = "--json", description = "Prints one JSON object.")
  private boolean json;

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      defaultValue = "both",
      description =
          "What runs on this machine: plugin, control-plane or both. Default: ${DEFAULT-VALUE}.")
  private String role = "both";

  @Option(
      names = "--control-plane",
      paramLabel = "URL",
      description =
          "Where the control plane is asked. Default: plugin.control_plane_url; with --role"
              + " control-plane its own port.")
  private @Nullable URI controlPlane;

  @Option(
      names = "--api-key-file",
      paramLabel = "FILE",
      description =
          "A key that may read alerts and instances. Default: initial-admin.key in"
              + " control_plane.data_directory, if it can be read.")
  private @Nullable Path apiKeyFile;

  @Option(names = "--gateway", paramLabel = "URL", description = "The gateway, as clients see it.")
  private @Nullable URI gateway;

  @Option(
      names = "--admin",
      paramLabel = "URL",
      description = "The gateway's Admin API, such as http://127.0.0.1:9180.")
  private @Nullable URI admin;

  @Option(
      names = "--admin-key-file",
      paramLabel = "FILE",
      description = "A file with the Admin API's key.")
  private @Nullable Path adminKeyFile;

  @Option(
      names = "--routes",
      paramLabel = "FILE",
      description =
          "conf/apisix.yaml of a standalone gateway, instead of --admin; config.yaml beside it is"
              + " read too.")
  private @Nullable Path routes;

  @Option(
      names = "--gateway-user",
      paramLabel = "NAME",
      description = "The user that the gateway's workers run as, which must reach the socket.")
  private @Nullable String gatewayUser;

  @Option(
      names = "--min-free-mib",
      paramLabel = "N",
      defaultValue = "512",
      description = "What should be free on disks of data. Default: ${DEFAULT-VALUE}.")
  private long leastFree;

  @Option(
      names = "--min-free-inodes",
      paramLabel = "N",
      defaultValue = "10000",
      description = "How many files should be free there. Default: ${DEFAULT-VALUE}.")
  private long leastInodes;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "4",
      description =
          "For one answer of a peer, 1 to 600; a check takes at most five times as long. Default:"
              + " ${DEFAULT-VALUE}.")
  private int timeout;

  @Override
  public Integer call() throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    Deployment deployment = deployment();
    Map<String, Outcome> outcomes =
        Doctor.standard(Duration.ofSeconds(5L * timeout)).look(deployment);
    if (json) {
      Report.json(outcomes, out);
    } else {
      Report.text(outcomes, out);
    }
    out.flush();
    return Report.problems(outcomes).isEmpty() ? 0 : 1;
  }

  private Deployment deployment() {
    if (timeout < 1 || timeout > 600) {
      throw wrong("--timeout: expected 1 to 600 seconds");
    }
    if (admin != null && routes != null) {
      throw wrong("expected --admin or --routes, and not both");
    }
    if (leastFree < 0 || leastFree > 1L << 40 || leastInodes < 0) {
      throw wrong("--min-free-mib and --min-free-inodes: expected numbers that are not negative");
    }
    Check.Side side =
        switch (role) {
          case "both" -> Check.Side.BOTH;
          case "plugin" -> Check.Side.PLUGIN;
          case "control-plane" -> Check.Side.CONTROL_PLANE;
          default -> throw wrong("--role: expected plugin, control-plane or both, got " + role);
        };
    Path named = file != null ? file : Files.exists(USUAL) ? USUAL : null;
    LlmtraceConfig config = LlmtraceConfig.defaults();
    List<ConfigProblem> problems = List.of();
    if (named != null) {
      try {
        config = ConfigFile.load(named, System.getenv(), ConfigFile.Role.valueOf(side.name()));
      } catch (ConfigException e) {
        problems = e.problems();
      }
    }
    return new Deployment(
        named,
        config,
        problems,
        side,
        address(config, side),
        trust(config, side),
        http("--gateway", gateway),
        http("--admin", admin),
        adminKeyFile == null ? null : key("--admin-key-file", adminKeyFile),
        adminKeyFile,
        routes,
        gatewayUser,
        apiKey(config, side),
        new Deployment.Machine(
            System.getProperties(), Runtime.getRuntime().maxMemory(), leastFree << 20, leastInodes),
        System.getenv(),
        Duration.ofSeconds(timeout),
        Clock.systemUTC());
  }

  private URI address(LlmtraceConfig config, Check.Side side) {
    URI given = http("--control-plane", controlPlane);
    if (given != null) {
      return given;
    }
    if (side != Check.Side.CONTROL_PLANE) {
      return config.plugin().controlPlaneUrl();
    }
    String bind = config.controlPlane().bind();
    String host = bind.equals("0.0.0.0") || bind.equals("::") ? "127.0.0.1" : bind;
    return URI.create(
        (config.controlPlane().tls().isPresent() ? "https://" : "http://")
            + (host.contains(":") ? "[" + host + "]" : host)
            + ":"
            + config.controlPlane().port());
  }

  private @Nullable URI http(String option, @Nullable URI given) {
    if (given == null) {
      return null;
    }
    String scheme = given.getScheme() == null ? "" : given.getScheme();
    if (!(scheme.equalsIgnoreCase("http") || scheme.equalsIgnoreCase("https"))
        || given.getHost() == null
        || given.getRawUserInfo() != null
        || given.getRawQuery() != null) {
      throw wrong(option + ": expected an address such as http://127.0.0.1:9180");
    }
    return given;
  }

  /** Asked at its own port it must show its own certificate; elsewhere the plugin's trust holds. */
  private Trust trust(LlmtraceConfig config, Check.Side side) {
    Path own = config.controlPlane().tls().certificate();
    return side == Check.Side.CONTROL_PLANE && controlPlane == null && own != null
        ? Trust.only(own)
        : Trust.of(config.plugin().controlPlaneTls());
  }

  private @Nullable Secret apiKey(LlmtraceConfig config, Check.Side side) {
    if (apiKeyFile != null) {
      return key("--api-key-file", apiKeyFile);
    }
    Path made = config.controlPlane().dataDirectory().resolve("initial-admin.key");
    return side != Check.Side.PLUGIN && Files.isReadable(made) ? key("initial key", made) : null;
  }

  private Secret key(String option, Path path) {
    try {
      if (Files.size(path) <= LARGEST_KEY) {
        String text = Files.readString(path, StandardCharsets.UTF_8).strip();
        // A header takes nothing else, and an error would repeat it.
        if (!text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c < 127)) {
          return Secret.of(text);
        }
      }
    } catch (IOException e) {
      throw wrong(option + ": expected a file with a key that can be read at " + path);
    }
    throw wrong(option + ": expected one word of printable ASCII in " + path);
  }

  private ParameterException wrong(String what) {
    return new ParameterException(spec.commandLine(), what);
  }
}
