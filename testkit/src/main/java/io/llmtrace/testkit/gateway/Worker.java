package io.llmtrace.testkit.gateway;

import io.netty.channel.EventLoop;

/** What one event loop has to itself, like one of nginx's worker processes. */
final class Worker {
  private final GatewayConfig config;
  private final long version;
  private final RunnerLink runner;
  private final UpstreamLink upstreams;
  private int turns;

  /**
   * A worker.
   *
   * @param version the second since which the routes stand
   * @param number 0 for the first
   */
  Worker(
      GatewayConfig config,
      long version,
      Options options,
      EventLoop loop,
      ConfTokens tokens,
      UpstreamTls tls,
      int number) {
    this.config = config;
    this.version = version;
    this.runner = new RunnerLink(options, loop, tokens, number);
    this.upstreams = new UpstreamLink(options, tls, loop);
  }

  GatewayConfig config() {
    return config;
  }

  long version() {
    return version;
  }

  RunnerLink runner() {
    return runner;
  }

  UpstreamLink upstreams() {
    return upstreams;
  }

  int nextTurn() {
    return turns++;
  }
}
