package io.llmtrace.cli.doctor;

import io.llmtrace.plugin.conf.ConfTable;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.plugin.gateway.A6Server;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.gateway.AnswerHandler;
import io.llmtrace.plugin.gateway.ExchangeHandler;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.runtime.config.OnUninspectable;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

/** The plugin's own server on a socket, with a handler that a test may choose. */
final class Runner implements AutoCloseable {
  static final ExchangeHandler PASSES =
      (request, lease, responder) -> {
        lease.close();
        responder.accept(new Answer.Rewrite(Map.of(), Set.of(), Map.of(), null));
      };

  private final Path socket;
  private final ConfTable confs;
  private final A6Server server;
  private volatile ExchangeHandler handler = PASSES;

  private Runner(Path directory) throws IOException {
    socket = directory.resolve("a6");
    confs =
        ConfTable.open(
            directory, new RouteConfReader(150, OnUninspectable.PASS), new SimpleMeterRegistry());
    server =
        A6Server.start(
            new A6Server.Settings(socket, "BOOT0000", 1 << 20, Duration.ZERO),
            confs,
            new MemoryBudget(1 << 20),
            (request, lease, responder) -> handler.handle(request, lease, responder),
            AnswerHandler.PASS,
            new SimpleMeterRegistry());
  }

  static Runner start(Path directory) throws IOException {
    return new Runner(directory);
  }

  Path socket() {
    return socket;
  }

  void handler(ExchangeHandler chosen) {
    handler = chosen;
  }

  @Override
  public void close() {
    server.close();
    confs.close();
  }
}
