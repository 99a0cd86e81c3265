package io.llmtrace.testkit.gateway;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What APISIX has in its source or in config.yaml rather than in the route file.
 *
 * @param runnerSocket the plugin's Unix socket
 * @param port 0 picks a free one
 * @param runnerTimeout send and read time-out towards the runner; 60 s in the real gateway
 * @param runnerPool idle connections to the runner, for each worker
 * @param prepareLock how PrepareConf calls wait for each other
 * @param upstreamPool idle connections to an upstream node, for each worker
 * @param workers event loops; a request stays on one, and each has its own pools
 * @param transport what carries the sockets
 * @param upstreamCa certificates (PEM) that those of https upstreams must come from, instead of the
 *     JDK's own; {@code apisix.ssl.ssl_trusted_certificate} there. Upstreams are always verified
 *     here; in APISIX the route must say so
 */
public record Options(
    Path runnerSocket,
    int port,
    Duration runnerTimeout,
    Pool runnerPool,
    PrepareLock prepareLock,
    Pool upstreamPool,
    int workers,
    Transport transport,
    Optional<Path> upstreamCa) {
  /**
   * Idle connections, taken from the end to which they come back.
   *
   * @param size how many are kept; the one that was idle for longest makes room
   * @param idle how long one is kept
   */
  public record Pool(int size, Duration idle) {}

  /**
   * One PrepareConf at a time in the whole gateway.
   *
   * @param patience how long a request waits for the lock before it fails
   * @param expiry when a holder that has no answer loses the lock
   */
  public record PrepareLock(Duration patience, Duration expiry) {}

  /** The real gateway's values, on a free port. */
  public static Options of(Path runnerSocket) {
    return new Options(
        runnerSocket,
        0,
        Duration.ofSeconds(60),
        new Pool(32, Duration.ofSeconds(180)),
        new PrepareLock(Duration.ofSeconds(5), Duration.ofSeconds(30)),
        new Pool(320, Duration.ofSeconds(60)),
        2,
        Transport.best(),
        Optional.empty());
  }

  public Options withPort(int newPort) {
    return new Options(
        runnerSocket,
        newPort,
        runnerTimeout,
        runnerPool,
        prepareLock,
        upstreamPool,
        workers,
        transport,
        upstreamCa);
  }

  public Options withRunnerTimeout(Duration timeout) {
    return new Options(
        runnerSocket,
        port,
        timeout,
        runnerPool,
        prepareLock,
        upstreamPool,
        workers,
        transport,
        upstreamCa);
  }

  public Options withRunnerPool(Pool pool) {
    return new Options(
        runnerSocket,
        port,
        runnerTimeout,
        pool,
        prepareLock,
        upstreamPool,
        workers,
        transport,
        upstreamCa);
  }

  public Options withPoolIdle(Duration idle) {
    return withRunnerPool(new Pool(runnerPool.size(), idle));
  }

  public Options withPrepareLock(PrepareLock lock) {
    return new Options(
        runnerSocket,
        port,
        runnerTimeout,
        runnerPool,
        lock,
        upstreamPool,
        workers,
        transport,
        upstreamCa);
  }

  public Options withUpstreamPool(Pool pool) {
    return new Options(
        runnerSocket,
        port,
        runnerTimeout,
        runnerPool,
        prepareLock,
        pool,
        workers,
        transport,
        upstreamCa);
  }

  public Options withWorkers(int count) {
    return new Options(
        runnerSocket,
        port,
        runnerTimeout,
        runnerPool,
        prepareLock,
        upstreamPool,
        count,
        transport,
        upstreamCa);
  }

  public Options withTransport(Transport kind) {
    return new Options(
        runnerSocket,
        port,
        runnerTimeout,
        runnerPool,
        prepareLock,
        upstreamPool,
        workers,
        kind,
        upstreamCa);
  }

  public Options withUpstreamCa(Path pem) {
    return new Options(
        runnerSocket,
        port,
        runnerTimeout,
        runnerPool,
        prepareLock,
        upstreamPool,
        workers,
        transport,
        Optional.of(pem));
  }
}
