package io.llmtrace.testkit.gateway;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What APISIX has in its source or in config.yaml rather than in the route file.
 *
 * @param runnerSocket the plugin's Unix socket
 * @param port 0 picks a free one
 * @param runnerTimeout send and read time-out towards the runner; 60 s in the real gateway
 * @param poolSize idle connections kept
 * @param poolIdle how long an idle connection is kept
 */
public record Options(
    Path runnerSocket, int port, Duration runnerTimeout, int poolSize, Duration poolIdle) {
  /** The real gateway's values, on a free port. */
  public static Options of(Path runnerSocket) {
    return new Options(runnerSocket, 0, Duration.ofSeconds(60), 32, Duration.ofSeconds(180));
  }

  public Options withPort(int newPort) {
    return new Options(runnerSocket, newPort, runnerTimeout, poolSize, poolIdle);
  }

  public Options withPoolIdle(Duration idle) {
    return new Options(runnerSocket, port, runnerTimeout, poolSize, idle);
  }

  public Options withRunnerTimeout(Duration timeout) {
    return new Options(runnerSocket, port, timeout, poolSize, poolIdle);
  }
}
