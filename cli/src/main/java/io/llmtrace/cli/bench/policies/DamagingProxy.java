package io.llmtrace.cli.bench.policies;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.policies.bundle.SignedBundle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Stands between an instance and its control plane, and changes a byte of each bundle when told to.
 * Bundles are asked for without compression: a changed byte would not survive it. Thread-safe.
 */
final class DamagingProxy implements AutoCloseable {
  private static final List<String> ASKED =
      List.of("authorization", "content-type", "content-encoding", "accept", "if-none-match");
  private static final List<String> TOLD = List.of("content-type", "etag", "retry-after");

  /** Which byte is another one. */
  enum Place {
    FIRST_LINE {
      @Override
      int of(byte[] sealed) {
        return 3;
      }
    },
    SIGNATURE {
      @Override
      int of(byte[] sealed) {
        return 40;
      }
    },
    MIDDLE {
      @Override
      int of(byte[] sealed) {
        return sealed.length / 2;
      }
    },
    LAST_BYTE {
      @Override
      int of(byte[] sealed) {
        return sealed.length - 1;
      }
    };

    abstract int of(byte[] sealed);

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  private final URI target;
  private final HttpClient client = HttpClient.newHttpClient();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;
  private final AtomicInteger damaged = new AtomicInteger();
  private volatile @Nullable Place place;

  private DamagingProxy(URI target, HttpServer server) {
    this.target = target;
    this.server = server;
  }

  static DamagingProxy start(URI target) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    DamagingProxy proxy = new DamagingProxy(target, server);
    server.createContext("/", proxy::forward);
    server.setExecutor(proxy.threads);
    server.start();
    return proxy;
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** From now on each bundle has another byte there. */
  void damage(Place where) {
    damaged.set(0);
    place = where;
  }

  /** From now on bundles pass as they are. */
  void pass() {
    place = null;
  }

  /** Bundles that were changed since {@link #damage}. */
  int damaged() {
    return damaged.get();
  }

  private void forward(HttpExchange exchange) throws IOException {
    try (exchange) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(target.resolve(exchange.getRequestURI().toString()))
              .method(
                  exchange.getRequestMethod(),
                  HttpRequest.BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes()));
      for (String name : ASKED) {
        String value = exchange.getRequestHeaders().getFirst(name);
        if (value != null) {
          request.header(name, value);
        }
      }
      HttpResponse<byte[]> answer =
          client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      for (String name : TOLD) {
        answer
            .headers()
            .firstValue(name)
            .ifPresent(value -> exchange.getResponseHeaders().set(name, value));
      }
      byte[] body = answer.body();
      Place where = place;
      String type = answer.headers().firstValue("content-type").orElse("");
      if (where != null && type.startsWith(SignedBundle.MEDIA_TYPE)) {
        body[where.of(body)] ^= 1;
        damaged.incrementAndGet();
      }
      exchange.sendResponseHeaders(answer.statusCode(), body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException e) {
      // The proxy closes: whoever asked finds the connection closed.
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
