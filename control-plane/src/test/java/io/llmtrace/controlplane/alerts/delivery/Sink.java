package io.llmtrace.controlplane.alerts.delivery;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import org.slf4j.LoggerFactory;

/** A small HTTP server on loopback that answers as it is told, and keeps what it got. */
final class Sink implements AutoCloseable {
  /** One request as it came. */
  record Got(String head, String body) {}

  /** What is done with a request. */
  enum Manner {
    TAKE,
    LIMIT,
    FAIL,
    REFUSE,
    REDIRECT,
    /** Takes it, and closes with a reset before a word. */
    RESET,
    /** Takes it, and says nothing until the sink is closed. */
    HANG,
    /** Says one byte a while, for ever. */
    TRICKLE,
    /** An answer without an end. */
    ENDLESS
  }

  static {
    // At debug the client logs every byte; processes of ours never let it.
    ((Logger) LoggerFactory.getLogger("org.apache.hc")).setLevel(Level.INFO);
  }

  private final ServerSocket server;
  private final Function<Got, Manner> manner;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Got> got = new ArrayList<>();
  private int connections;
  private volatile boolean closed;

  Sink(Function<Got, Manner> manner) throws IOException {
    this.manner = manner;
    this.server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    accept();
  }

  Sink(Function<Got, Manner> manner, SSLContext tls) throws IOException {
    this.manner = manner;
    this.server =
        tls.getServerSocketFactory().createServerSocket(0, 100, InetAddress.getLoopbackAddress());
    accept();
  }

  private void accept() {
    threads.execute(
        () -> {
          while (!closed) {
            try {
              Socket socket = server.accept();
              synchronized (got) {
                connections++;
              }
              threads.execute(() -> serve(socket));
            } catch (IOException e) {
              if (closed) {
                return;
              }
            }
          }
        });
  }

  int port() {
    return server.getLocalPort();
  }

  URI at(String scheme, String host, String path) {
    return URI.create(scheme + "://" + host + ":" + port() + path);
  }

  List<Got> got() {
    synchronized (got) {
      return List.copyOf(got);
    }
  }

  int connections() {
    synchronized (got) {
      return connections;
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        int next = in.read();
        if (next < 0) {
          return;
        }
        head.append((char) next);
      }
      int length = 0;
      for (String line : head.toString().lines().toList()) {
        if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
          length = Integer.parseInt(line.substring(15).strip());
        }
      }
      Got one = new Got(head.toString(), new String(in.readNBytes(length), UTF_8));
      synchronized (got) {
        got.add(one);
      }
      answer(socket, manner.apply(one));
    } catch (IOException | InterruptedException e) {
      // The other side is gone, or the sink is closed.
    }
  }

  private void answer(Socket socket, Manner how) throws IOException, InterruptedException {
    OutputStream out = socket.getOutputStream();
    switch (how) {
      case TAKE -> say(out, "200 OK", "");
      case LIMIT -> say(out, "429 Too Many Requests", "Retry-After: 1\r\n");
      case FAIL -> say(out, "500 Internal Server Error", "");
      case REFUSE -> say(out, "404 Not Found", "");
      case REDIRECT ->
          say(out, "307 Temporary Redirect", "Location: http://127.0.0.1:" + port() + "/other\r\n");
      case RESET -> reset(socket);
      case HANG -> Thread.sleep(60_000);
      case TRICKLE -> {
        out.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".getBytes(ISO_8859_1));
        while (!closed) {
          out.write('x');
          out.flush();
          Thread.sleep(50);
        }
      }
      case ENDLESS -> {
        out.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".getBytes(ISO_8859_1));
        byte[] much = new byte[8192];
        while (!closed) {
          out.write(much);
        }
      }
    }
  }

  private static void say(OutputStream out, String status, String headers) throws IOException {
    out.write(
        ("HTTP/1.1 " + status + "\r\n" + headers + "Set-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok")
            .getBytes(ISO_8859_1));
    out.flush();
  }

  private static void reset(Socket socket) throws SocketException, IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    closed = true;
    server.close();
    threads.shutdownNow();
  }
}
