package io.llmtrace.testkit.provider;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.testkit.provider.Dialect.Event;
import io.llmtrace.testkit.provider.Dialect.Usage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPInputStream;

/**
 * OpenAI chat completions ({@code /v1/chat/completions}) and Anthropic messages ({@code
 * /v1/messages}) on a free loopback port. The model's name picks the behaviour:
 *
 * <ul>
 *   <li>{@code error-NNN} answers that status with the provider's error body, 429 and 529 with
 *       {@code Retry-After};
 *   <li>{@code slow} waits 1 s before it answers;
 *   <li>{@code broken-json} answers 200 with half a JSON document;
 *   <li>{@code broken-stream} hangs up in the middle of a stream, {@code reset} in the middle of
 *       any answer;
 *   <li>any other model answers and is echoed.
 * </ul>
 *
 * <p>It stays on the JDK's server: one sleeping thread for each answer is the plainest pacing.
 * Thread-safe.
 */
public final class MockProvider implements AutoCloseable {
  static final int INPUT_TOKENS = 9;

  private static final List<String> WORDS =
      List.of("Hello", " from", " the", " mock", " provider.");
  private static final long SLOW_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final Dialect OPEN_AI = new OpenAi();
  private static final Dialect ANTHROPIC = new Anthropic();

  private final ObjectMapper json = new ObjectMapper();
  private final Pacing pacing;
  private final UsageBlocks usageBlocks;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicLong requests = new AtomicLong();
  private volatile Map<String, String> lastHeaders = Map.of();
  private volatile String lastBody = "";

  private MockProvider(Pacing pacing, UsageBlocks usageBlocks) throws IOException {
    this.pacing = pacing;
    this.usageBlocks = usageBlocks;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  /** Fast, and with usage in every stream. */
  public static MockProvider start() throws IOException {
    return start(Pacing.FAST, UsageBlocks.ALWAYS);
  }

  public static MockProvider start(Pacing pacing, UsageBlocks usageBlocks) throws IOException {
    return new MockProvider(pacing, usageBlocks);
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
      byte[] body = read(exchange);
      Dialect dialect =
          exchange.getRequestURI().getPath().endsWith("/messages") ? ANTHROPIC : OPEN_AI;
      JsonNode request;
      try {
        request = json.readTree(body);
      } catch (JsonProcessingException e) {
        answer(exchange, 400, dialect.error(400, "The body is not JSON."));
        return;
      }
      String model = request.path("model").asText("mock-model");
      if (model.equals("slow")) {
        pause(SLOW_NANOS);
      }
      if (model.matches("error-[45]\\d\\d")) {
        int status = Integer.parseInt(model.substring("error-".length()));
        if (status == 429 || status == 529) {
          exchange.getResponseHeaders().set("Retry-After", "1");
        }
        answer(exchange, status, dialect.error(status, "Mock error " + status + "."));
      } else if (model.equals("broken-json")) {
        byte[] whole = json.writeValueAsBytes(dialect.answer(model, WORDS));
        send(exchange, 200, whole.length / 2, whole);
      } else if (request.path("stream").asBoolean()) {
        stream(exchange, dialect, model, request);
      } else if (model.equals("reset")) {
        byte[] whole = json.writeValueAsBytes(dialect.answer(model, WORDS));
        exchange.sendResponseHeaders(200, whole.length);
        exchange.getResponseBody().write(whole, 0, whole.length / 2);
        exchange.getResponseBody().flush();
      } else {
        pause(pacing.firstToken().toNanos());
        answer(exchange, 200, dialect.answer(model, WORDS));
      }
    }
  }

  private byte[] read(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    if ("gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"))) {
      body = new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes();
    }
    Map<String, String> headers = new TreeMap<>();
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.get(0)));
    lastHeaders = Map.copyOf(headers);
    lastBody = new String(body, UTF_8);
    requests.incrementAndGet();
    return body;
  }

  private void stream(HttpExchange exchange, Dialect dialect, String model, JsonNode request)
      throws IOException {
    boolean broken = model.equals("broken-stream") || model.equals("reset");
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
    // A length that is never reached makes the hang-up an error for whoever reads.
    exchange.sendResponseHeaders(200, broken ? 1 << 20 : 0);
    OutputStream out = exchange.getResponseBody();
    Random chance = new Random(pacing.seed());
    int tokens = 0;
    for (Event event : dialect.stream(model, WORDS, usage(request))) {
      if (event.token()) {
        pause(tokens == 0 ? pacing.firstToken().toNanos() : pacing.pauseNanos(chance.nextDouble()));
        tokens++;
      }
      if (broken && tokens > WORDS.size() / 2) {
        return;
      }
      write(out, event);
    }
  }

  private Usage usage(JsonNode request) {
    if (usageBlocks == UsageBlocks.ALWAYS) {
      return Usage.WITH_FINISH;
    }
    return request.path("stream_options").path("include_usage").asBoolean()
        ? Usage.AT_THE_END
        : Usage.NONE;
  }

  private void write(OutputStream out, Event event) throws IOException {
    String name = event.name().isEmpty() ? "" : "event: " + event.name() + "\n";
    String data =
        event.data() instanceof String text ? text : json.writeValueAsString(event.data());
    out.write((name + "data: " + data + "\n\n").getBytes(UTF_8));
    out.flush();
  }

  private void answer(HttpExchange exchange, int status, Object body) throws IOException {
    byte[] bytes = json.writeValueAsBytes(body);
    send(exchange, status, bytes.length, bytes);
  }

  private static void send(HttpExchange exchange, int status, int length, byte[] bytes)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, length);
    exchange.getResponseBody().write(bytes, 0, length);
  }

  private static void pause(long nanos) throws IOException {
    try {
      TimeUnit.NANOSECONDS.sleep(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("stopped", e);
    }
  }
}
