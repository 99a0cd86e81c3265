package io.llmtrace.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.testkit.gateway.TestGateway;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One connection of a client that sees every byte of an answer. */
final class RawClient implements AutoCloseable {
  /**
   * One answer.
   *
   * @param raw the body, a character each byte
   * @param whole false when the connection ended before the body did
   */
  record Answer(int status, List<String> lines, String raw, boolean whole) {
    byte[] body() {
      return raw.getBytes(ISO_8859_1);
    }

    String text() {
      return new String(body(), UTF_8);
    }

    Map<String, String> headers() {
      return Upstream.joined(lines);
    }
  }

  final Socket socket;
  private final InputStream in;

  RawClient(TestGateway gateway) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
    in = new BufferedInputStream(socket.getInputStream());
  }

  /** A request on a connection of its own; the lines without the last, empty one. */
  static Answer send(TestGateway gateway, String... lines) throws IOException {
    try (RawClient client = new RawClient(gateway)) {
      client.write(String.join("\r\n", lines) + "\r\n\r\n");
      return client.read(lines[0].startsWith("HEAD "));
    }
  }

  static Answer get(TestGateway gateway, String target) throws IOException {
    return send(gateway, "GET " + target + " HTTP/1.1", "Host: localhost");
  }

  static Answer post(TestGateway gateway, String target, byte[] body) throws IOException {
    try (RawClient client = new RawClient(gateway)) {
      client.write(
          "POST "
              + target
              + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
              + body.length
              + "\r\n\r\n");
      client.write(body);
      return client.read(false);
    }
  }

  static Answer post(TestGateway gateway, String target, String body) throws IOException {
    return post(gateway, target, body.getBytes(UTF_8));
  }

  InputStream input() {
    return in;
  }

  void write(String text) throws IOException {
    write(text.getBytes(ISO_8859_1));
  }

  void write(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  /** Reads the next answer. */
  Answer read(boolean head) throws IOException {
    String first = Upstream.line(in);
    if (first.isEmpty()) {
      throw new IOException("the connection ended without an answer");
    }
    int status = Integer.parseInt(first.split(" ", -1)[1]);
    List<String> lines = new ArrayList<>();
    for (String line = Upstream.line(in); !line.isEmpty(); line = Upstream.line(in)) {
      lines.add(line);
    }
    Map<String, String> headers = Upstream.joined(lines);
    if (head || status == 204 || status == 304) {
      return new Answer(status, lines, "", true);
    }
    if ("chunked".equals(headers.get("transfer-encoding"))) {
      return chunked(status, lines);
    }
    String length = headers.get("content-length");
    if (length == null) {
      return new Answer(status, lines, new String(in.readAllBytes(), ISO_8859_1), true);
    }
    byte[] body = in.readNBytes(Integer.parseInt(length));
    return new Answer(
        status, lines, new String(body, ISO_8859_1), body.length == Integer.parseInt(length));
  }

  private Answer chunked(int status, List<String> lines) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (byte[] chunk = chunk(); chunk != null; chunk = chunk()) {
      if (chunk.length == 0) {
        return new Answer(status, lines, body.toString(ISO_8859_1), true);
      }
      body.writeBytes(chunk);
    }
    return new Answer(status, lines, body.toString(ISO_8859_1), false);
  }

  /** The next chunk of a body; of length 0 at its end, null where the connection ended first. */
  byte[] chunk() throws IOException {
    String size = Upstream.line(in);
    if (size.isEmpty()) {
      return null;
    }
    byte[] chunk = in.readNBytes(Integer.parseInt(size, 16));
    Upstream.line(in);
    return chunk;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
