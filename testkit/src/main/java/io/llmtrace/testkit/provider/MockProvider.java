package io.llmtrace.testkit.provider;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * OpenAI chat completions ({@code /v1/chat/completions}) and Anthropic messages ({@code
 * /v1/messages}) on a free loopback port. The model's name picks the behaviour: {@code error-NNN}
 * answers that status, {@code slow} waits 1 s, {@code broken-stream} hangs up in the middle; any
 * other model answers and is echoed. Thread-safe.
 */
public final class MockProvider implements AutoCloseable {
  private static final List<String> WORDS =
      List.of("Hello", " from", " the", " mock", " provider.");
  private static final int INPUT_TOKENS = 9;
  private static final long TOKEN_PAUSE_MS = 10;
  private static final long SLOW_MS = 1000;

  private final ObjectMapper json = new ObjectMapper();
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicLong requests = new AtomicLong();
  private volatile Map<String, String> lastHeaders = Map.of();
  private volatile String lastBody = "";

  private MockProvider() throws IOException {
    server =
        HttpServer.create(
            new InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), 0), 1024);
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  public static MockProvider start() throws IOException {
    return new MockProvider();
  }

  public int port() {
    return server.getAddress().getPort();
  }

  /** Requests that reached the provider. */
  public long requests() {
    return requests.get();
  }

  /** The last request's headers, names in lower case, first value each. */
  public Map<String, String> lastHeaders() {
    return lastHeaders;
  }

  /** The last request's body. */
  public String lastBody() {
    return lastBody;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      if ("gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"))) {
        body =
            new java.util.zip.GZIPInputStream(new java.io.ByteArrayInputStream(body))
                .readAllBytes();
      }
      Map<String, String> headers = new TreeMap<>();
      exchange
          .getRequestHeaders()
          .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.get(0)));
      lastHeaders = Map.copyOf(headers);
      lastBody = new String(body, UTF_8);
      requests.incrementAndGet();
      boolean anthropic = exchange.getRequestURI().getPath().endsWith("/messages");
      JsonNode request;
      try {
        request = json.readTree(body);
      } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
        answer(exchange, 400, error(anthropic, 400, "The body is not JSON."));
        return;
      }
      String model = request.path("model").asText("mock-model");
      if (model.equals("slow")) {
        pause(SLOW_MS);
      }
      if (model.matches("error-[45]\\d\\d")) {
        int status = Integer.parseInt(model.substring("error-".length()));
        answer(exchange, status, error(anthropic, status, "Mock error " + status + "."));
      } else if (request.path("stream").asBoolean()) {
        stream(exchange, anthropic, model);
      } else {
        answer(exchange, 200, anthropic ? message(model) : completion(model));
      }
    }
  }

  private void stream(HttpExchange exchange, boolean anthropic, String model) throws IOException {
    boolean broken = model.equals("broken-stream");
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
    // A length that is never reached makes the hang-up an error for whoever reads.
    exchange.sendResponseHeaders(200, broken ? 1 << 20 : 0);
    OutputStream out = exchange.getResponseBody();
    if (anthropic) {
      event(out, "message_start", Map.of("type", "message_start", "message", message(model, 1)));
    }
    for (int i = 0; i < WORDS.size(); i++) {
      if (broken && i == WORDS.size() / 2) {
        return;
      }
      if (anthropic) {
        event(
            out,
            "content_block_delta",
            Map.of(
                "type",
                "content_block_delta",
                "index",
                0,
                "delta",
                Map.of("type", "text_delta", "text", WORDS.get(i))));
      } else {
        data(out, chunk(model, Map.of("content", WORDS.get(i)), null));
      }
      pause(TOKEN_PAUSE_MS);
    }
    if (anthropic) {
      event(
          out,
          "message_delta",
          Map.of(
              "type", "message_delta",
              "delta", Map.of("stop_reason", "end_turn"),
              "usage", Map.of("output_tokens", WORDS.size())));
      event(out, "message_stop", Map.of("type", "message_stop"));
    } else {
      data(out, chunk(model, Map.of(), "stop"));
      out.write("data: [DONE]\n\n".getBytes(UTF_8));
      out.flush();
    }
  }

  private void event(OutputStream out, String name, Object value) throws IOException {
    out.write(("event: " + name + "\n").getBytes(UTF_8));
    data(out, value);
  }

  private void data(OutputStream out, Object value) throws IOException {
    out.write(("data: " + json.writeValueAsString(value) + "\n\n").getBytes(UTF_8));
    out.flush();
  }

  private void answer(HttpExchange exchange, int status, Object body) throws IOException {
    byte[] bytes = json.writeValueAsBytes(body);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static Object error(boolean anthropic, int status, String message) {
    String type =
        status == 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "api_error";
    Map<String, Object> error = Map.of("type", type, "message", message);
    return anthropic ? Map.of("type", "error", "error", error) : Map.of("error", error);
  }

  private static Object completion(String model) {
    return Map.of(
        "id",
        "chatcmpl-mock",
        "object",
        "chat.completion",
        "created",
        1_700_000_000,
        "model",
        model,
        "choices",
        List.of(
            Map.of(
                "index",
                0,
                "message",
                Map.of("role", "assistant", "content", String.join("", WORDS)),
                "finish_reason",
                "stop")),
        "usage",
        usage());
  }

  private static Map<String, Object> usage() {
    return Map.of(
        "prompt_tokens",
        INPUT_TOKENS,
        "completion_tokens",
        WORDS.size(),
        "total_tokens",
        INPUT_TOKENS + WORDS.size());
  }

  private static Object chunk(
      String model, Map<String, Object> delta, @org.jspecify.annotations.Nullable String finish) {
    Map<String, Object> choice = new TreeMap<>(Map.of("index", 0, "delta", delta));
    Map<String, Object> out =
        new TreeMap<>(
            Map.of(
                "id",
                "chatcmpl-mock",
                "object",
                "chat.completion.chunk",
                "created",
                1_700_000_000,
                "model",
                model,
                "choices",
                List.of(choice)));
    if (finish != null) {
      choice.put("finish_reason", finish);
      out.put("usage", usage());
    }
    return out;
  }

  private static Map<String, Object> message(String model) {
    return message(model, WORDS.size());
  }

  private static Map<String, Object> message(String model, int outputTokens) {
    return Map.of(
        "id",
        "msg_mock",
        "type",
        "message",
        "role",
        "assistant",
        "model",
        model,
        "content",
        outputTokens == 1
            ? List.of()
            : List.of(Map.of("type", "text", "text", String.join("", WORDS))),
        "stop_reason",
        outputTokens == 1 ? "" : "end_turn",
        "usage",
        Map.of("input_tokens", INPUT_TOKENS, "output_tokens", outputTokens));
  }

  private static void pause(long millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("stopped", e);
    }
  }
}
