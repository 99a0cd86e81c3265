package io.llmtrace.cli.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** A provider that answers every chat and remembers the id with which each request came. */
final class RecordingProvider implements AutoCloseable {
  private static final byte[] ANSWER =
      """
      {"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"stop",
      "message":{"role":"assistant","content":"4"}}],
      "usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":8}}
      """
          .getBytes(StandardCharsets.UTF_8);

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Collection<String> ids = new ConcurrentLinkedQueue<>();

  RecordingProvider() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** What came as {@code x-llmtrace-id} since the last call, "" where a request had none. */
  List<String> takeIds() {
    List<String> taken = new ArrayList<>(ids);
    ids.removeAll(taken);
    return taken;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      @Nullable String header = exchange.getRequestHeaders().getFirst("x-llmtrace-id");
      ids.add(header == null ? "" : header.split("\\.", 2)[0]);
      exchange.getResponseHeaders().set("content-type", "application/json");
      exchange.sendResponseHeaders(200, ANSWER.length);
      exchange.getResponseBody().write(ANSWER);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
