package io.llmtrace.cli.bench.gateway;

import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Starts contenders in front of one provider, and ends them. One thread's. */
final class Contenders implements AutoCloseable {
  /** Of the route. */
  static final String CONF = "{\"mode\":\"enforce\",\"tap\":false}";

  private static final List<String> HEAP = List.of("-Xmx512m");

  private final Path directory;
  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final Upstream upstream = new Upstream();

  /**
   * @param directory of their files
   */
  Contenders(Path directory) {
    this.directory = directory;
    running.push(upstream);
  }

  /** Port of the provider. */
  int provider() {
    return upstream.port();
  }

  /**
   * Starts a process of ours.
   *
   * @param kind what {@link SubjectMain} is to do
   * @param settings YAML beside what every process has
   */
  Contender ours(String name, String kind, String settings) throws IOException {
    Subject subject = Subject.ours(name, kind, directory, provider(), settings, HEAP);
    running.push(subject);
    return behindAGateway(subject, CONF);
  }

  /** Starts the stock runner, with a filter that reads the body. */
  Contender stock(Path jar) throws IOException, InterruptedException {
    Subject runner = Subject.stock(jar, directory);
    running.push(runner);
    return behindAGateway(runner, null);
  }

  /** Without a route's configuration it is the stock runner's. */
  private Contender behindAGateway(Subject subject, @Nullable String conf) {
    String entry =
        conf == null
            ? "{name: reads-the-body, value: ''}"
            : "{name: llmtrace, value: '" + conf + "'}";
    GatewayConfig routes =
        GatewayConfig.parse(
            """
            routes:
              - id: bench
                uri: /v1/*
                plugins:
                  ext-plugin-post-req:
                    allow_degradation: false
                    conf: [%s]
                upstream:
                  type: roundrobin
                  nodes: {"127.0.0.1:%d": 1}
            #END
            """
                .formatted(entry, provider()));
    TestGateway gateway = TestGateway.start(routes, Options.of(subject.socket()));
    running.push(gateway);
    HttpLoad load = new HttpLoad(gateway.port());
    running.push(load);
    return new Contender(subject, gateway, load);
  }

  @Override
  public void close() throws IOException {
    while (!running.isEmpty()) {
      try {
        running.pop().close();
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IOException("a part of the bench did not stop", e);
      }
    }
  }
}
