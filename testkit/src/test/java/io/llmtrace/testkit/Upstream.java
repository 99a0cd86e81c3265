package io.llmtrace.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** An upstream that answers byte for byte as a test says, and keeps what it was asked. */
final class Upstream implements AutoCloseable {
  /** What one connection does with one request. */
  interface Script {
    /** Answers; true when the connection goes on. */
    boolean on(Request request, OutputStream out) throws IOException;
  }

  /**
   * One request as it came.
   *
   * @param line the request line
   * @param lines header lines
   * @param raw the body, a character each byte
   * @param connection the n-th connection to this upstream, from 1
   */
  record Request(String line, List<String> lines, String raw, int connection, Socket socket) {
    byte[] body() {
      return raw.getBytes(ISO_8859_1);
    }

    /** Names in lower case, repeated values joined. */
    Map<String, String> headers() {
      return joined(lines);
    }

    String target() {
      return line.split(" ", -1)[1];
    }
  }

  final List<Request> requests = new CopyOnWriteArrayList<>();
  private final ServerSocket server;
  private final Script script;
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger live = new AtomicInteger();
  private final List<Socket> open = new CopyOnWriteArrayList<>();

  Upstream(Script script) throws IOException {
    this(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), script);
  }

  /** Listens on a socket that the test has made, which closes with it. */
  Upstream(ServerSocket listening, Script script) {
    this.script = script;
    server = listening;
    new Thread(this::accept).start();
  }

  /** Answers everything with the same bytes and keeps the connection. */
  static Upstream always(String... lines) throws IOException {
    byte[] bytes = String.join("\r\n", lines).getBytes(ISO_8859_1);
    return new Upstream(
        (request, out) -> {
          out.write(bytes);
          return true;
        });
  }

  /** Answers 200 with a short text. */
  static Upstream ok() throws IOException {
    return always("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 2", "", "ok");
  }

  int port() {
    return server.getLocalPort();
  }

  int connections() {
    return connections.get();
  }

  /** Connections that are open now. */
  int live() {
    return live.get();
  }

  /** The only request. */
  Request request() {
    if (requests.size() != 1) {
      throw new AssertionError("one request expected, got " + requests);
    }
    return requests.get(0);
  }

  static Map<String, String> joined(List<String> lines) {
    Map<String, String> headers = new TreeMap<>();
    for (String line : lines) {
      int colon = line.indexOf(':');
      headers.merge(
          line.substring(0, colon).toLowerCase(Locale.ROOT),
          line.substring(colon + 1).trim(),
          (a, b) -> a + ", " + b);
    }
    return headers;
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        socket.setTcpNoDelay(true);
        open.add(socket);
        int number = connections.incrementAndGet();
        live.incrementAndGet();
        new Thread(() -> serve(socket, number)).start();
      } catch (IOException e) {
        return; // the test closed the socket
      }
    }
  }

  private void serve(Socket socket, int number) {
    try (socket) {
      InputStream in = socket.getInputStream();
      boolean goesOn = true;
      while (goesOn) {
        String line = line(in);
        if (line.isEmpty()) {
          return;
        }
        List<String> lines = new ArrayList<>();
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
          lines.add(header);
        }
        String length = joined(lines).getOrDefault("content-length", "0");
        byte[] body = in.readNBytes(Integer.parseInt(length));
        Request request = new Request(line, lines, new String(body, ISO_8859_1), number, socket);
        requests.add(request);
        OutputStream out = socket.getOutputStream();
        goesOn = script.on(request, out);
        out.flush();
      }
    } catch (IOException e) {
      return; // the gateway closed the connection, as some tests want
    } finally {
      live.decrementAndGet();
    }
  }

  /** A line without its end; empty at the end of the stream too. */
  static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
      if (b != '\r') {
        line.write(b);
      }
    }
    return line.toString(ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
