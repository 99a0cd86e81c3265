package io.llmtrace.cli.doctor;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP service on loopback of which every answer, header and silence can be chosen; a server of
 * Java's would set a Date of its own. Answers by path, without query. Thread-safe.
 */
final class FakePeer implements AutoCloseable {
  /** Sent as it is. */
  record Reply(int status, String body) {}

  private final ServerSocket server;
  private final String scheme;
  private final Map<String, Reply> replies = new ConcurrentHashMap<>();
  private final Map<String, String> keys = new ConcurrentHashMap<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Instant clock = Instant.MIN;
  private volatile boolean hangs;
  private volatile String keyHeader = "authorization";
  private volatile @Nullable String raw;

  private FakePeer(ServerSocket server, String scheme) {
    this.server = server;
    this.scheme = scheme;
    Thread acceptor = new Thread(this::accept, "fake-peer");
    acceptor.setDaemon(true);
    acceptor.start();
  }

  static FakePeer start() throws IOException {
    ServerSocket server = new ServerSocket();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return new FakePeer(server, "http");
  }

  static FakePeer startTls(SSLContext context) throws IOException {
    ServerSocket server = context.getServerSocketFactory().createServerSocket();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return new FakePeer(server, "https");
  }

  /** Serves TLS, and asks whoever comes for a certificate. */
  static FakePeer startMutualTls(SSLContext context) throws IOException {
    SSLServerSocket server =
        (SSLServerSocket) context.getServerSocketFactory().createServerSocket();
    server.setNeedClientAuth(true);
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return new FakePeer(server, "https");
  }

  /** Answers as another one does. */
  FakePeer like(FakePeer other) {
    replies.putAll(other.replies);
    keys.putAll(other.keys);
    keyHeader = other.keyHeader;
    return this;
  }

  int port() {
    return server.getLocalPort();
  }

  URI uri() {
    return URI.create(scheme + "://127.0.0.1:" + port());
  }

  FakePeer reply(String path, int status, String body) {
    replies.put(path, new Reply(status, body));
    return this;
  }

  /** Changes the body of an answer. */
  void edit(String path, UnaryOperator<String> change) {
    replies.compute(
        path,
        (same, reply) ->
            new Reply(
                reply == null ? 200 : reply.status(),
                change.apply(reply == null ? "" : reply.body())));
  }

  /** Asks for a value of a header below a path, and answers 401 without it. */
  FakePeer asks(String below, String header, String value) {
    keyHeader = header;
    keys.put(below, value);
    return this;
  }

  /** What the Date header says. */
  void clock(Instant at) {
    clock = at;
  }

  /** Takes requests and answers none. */
  void hang() {
    hangs = true;
  }

  /** Sends this instead of any answer. */
  void raw(String bytes) {
    raw = bytes;
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        Thread thread = new Thread(() -> serve(socket), "fake-peer-connection");
        thread.setDaemon(true);
        thread.start();
      } catch (IOException e) {
        // Closed: the loop ends.
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
      String first = in.readLine();
      if (first == null) {
        return;
      }
      String given = "";
      for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
        if (line.toLowerCase(java.util.Locale.ROOT).startsWith(keyHeader + ":")) {
          given = line.substring(line.indexOf(':') + 1).strip();
        }
      }
      if (hangs) {
        closed.await();
        return;
      }
      OutputStream out = socket.getOutputStream();
      String instead = raw;
      if (instead != null) {
        out.write(instead.getBytes(StandardCharsets.ISO_8859_1));
        return;
      }
      String path = first.split(" ", -1)[1].replaceFirst("\\?.*", "");
      Reply reply = replies.getOrDefault(path, new Reply(404, "{\"detail\":\"absent\"}"));
      for (Map.Entry<String, String> key : keys.entrySet()) {
        if (path.startsWith(key.getKey()) && !given.equals(key.getValue())) {
          reply = new Reply(401, "{\"detail\":\"who are you\"}");
        }
      }
      byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
      Instant now = clock.equals(Instant.MIN) ? Instant.now() : clock;
      out.write(
          String.join(
                  "\r\n",
                  "HTTP/1.1 %d X",
                  "Date: %s",
                  "Content-Type: application/json",
                  "Content-Length: %d",
                  "Connection: close",
                  "",
                  "")
              .formatted(
                  reply.status(),
                  DateTimeFormatter.RFC_1123_DATE_TIME.format(now.atOffset(ZoneOffset.UTC)),
                  body.length)
              .getBytes(StandardCharsets.ISO_8859_1));
      out.write(body);
    } catch (IOException e) {
      // A client that leaves, or refuses our certificate.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    server.close();
  }
}
