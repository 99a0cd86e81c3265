package io.llmtrace.cli.doctor;

import io.llmtrace.runtime.config.ConfigProblem;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.Secret;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What is looked at. Immutable.
 *
 * @param file the configuration file; null where there is none and the defaults hold
 * @param config what it says; the defaults where it cannot be read
 * @param problems of the file; the checks that need a configuration are left out where there are
 *     some
 * @param side whose part of the installation is here
 * @param controlPlane where the control plane is asked
 * @param controlPlaneTrust whose certificate it is taken with
 * @param gateway the gateway as clients see it, or null
 * @param admin the gateway's Admin API, or null
 * @param adminKey its key, or null
 * @param adminKeyFile where the key stands, or null
 * @param routes a standalone gateway's {@code apisix.yaml}, or null
 * @param gatewayUser the user that the gateway's workers run as, or null
 * @param apiKey a key that may read alerts and instances, or null
 * @param machine what it runs on
 * @param env of the process
 * @param patience for one answer of a peer
 */
record Deployment(
    @Nullable Path file,
    LlmtraceConfig config,
    List<ConfigProblem> problems,
    Check.Side side,
    URI controlPlane,
    Trust controlPlaneTrust,
    @Nullable URI gateway,
    @Nullable URI admin,
    @Nullable Secret adminKey,
    @Nullable Path adminKeyFile,
    @Nullable Path routes,
    @Nullable String gatewayUser,
    @Nullable Secret apiKey,
    Machine machine,
    Map<String, String> env,
    Duration patience,
    Clock clock) {

  /**
   * What processes run on.
   *
   * @param properties of the JVM
   * @param heap bytes that the JVM may use
   * @param leastFree bytes that should be free below each data directory
   * @param leastInodes files that should be free there
   */
  record Machine(Properties properties, long heap, long leastFree, long leastInodes) {}

  Deployment {
    problems = List.copyOf(problems);
    env = Map.copyOf(env);
  }

  /** As a command line names the file, for mends. */
  String configOption() {
    return file == null ? "" : " --config " + file;
  }

  /** The file's name for people. */
  String fileName() {
    return file == null ? "llmtrace.yaml" : file.toString();
  }
}
