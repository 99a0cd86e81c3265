package io.llmtrace.testkit.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.testkit.a6.Entry;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One request on its way: what the client sent, what the runner made of it, what went back. */
final class Exchange {
  private static final int LOGGED_BODY = 512 << 10;

  final long startMillis = System.currentTimeMillis();
  final long startNanos = System.nanoTime();
  final String requestId = UUID.randomUUID().toString().replace("-", "");
  final String method;
  final InetSocketAddress remote;
  final Map<String, List<String>> headers = new TreeMap<>();
  final List<Entry> args = new ArrayList<>();
  final List<Entry> addedResponseHeaders = new ArrayList<>();
  final Map<String, String> responseHeaders = new TreeMap<>();
  final ByteArrayOutputStream responseBody = new ByteArrayOutputStream();
  final boolean keepAlive;
  final String uri;
  private @Nullable String rawQuery;
  String path;
  String rawPath;
  byte[] body;
  @Nullable String consumer;
  int status;
  int upstreamStatus;
  long upstreamMillis;
  boolean aborted;
  private final Channel client;

  Exchange(Channel client, HttpRequest request, byte[] body) {
    this.client = client;
    this.body = body;
    method = request.method().name();
    remote = (InetSocketAddress) client.remoteAddress();
    keepAlive = HttpUtil.isKeepAlive(request);
    uri = request.uri();
    QueryStringDecoder query = new QueryStringDecoder(uri, UTF_8);
    path = query.path();
    rawPath = query.rawPath();
    rawQuery = query.rawQuery();
    for (String pair : rawQuery.split("&", -1)) {
      if (!pair.isEmpty()) {
        args.add(argument(pair));
      }
    }
    for (Map.Entry<String, String> h : request.headers()) {
      headers
          .computeIfAbsent(h.getKey().toLowerCase(Locale.ROOT), n -> new ArrayList<>(1))
          .add(h.getValue());
    }
    String host = header("host");
    setHeader("x-forwarded-proto", "http");
    setHeader("x-forwarded-host", host == null ? "127.0.0.1" : host);
    setHeader(
        "x-forwarded-port", String.valueOf(((InetSocketAddress) client.localAddress()).getPort()));
    if (body.length > 0) {
      headers.remove("transfer-encoding");
      setHeader("content-length", String.valueOf(body.length));
    } else if (method.equals("GET") || method.equals("HEAD")) {
      headers.remove("content-length"); // the aggregator adds a zero that the client did not send
    }
  }

  /** A flag, an argument without an equals sign, has no value. */
  private static Entry argument(String pair) {
    int equals = pair.indexOf('=');
    return equals < 0
        ? new Entry(QueryStringDecoder.decodeComponent(pair, UTF_8), null)
        : new Entry(
            QueryStringDecoder.decodeComponent(pair.substring(0, equals), UTF_8),
            QueryStringDecoder.decodeComponent(pair.substring(equals + 1), UTF_8));
  }

  /** The values of a request header, joined as nginx joins them. */
  @Nullable String header(String name) {
    List<String> values = headers.get(name);
    return values == null ? null : String.join(", ", values);
  }

  void setHeader(String name, String value) {
    headers.put(name, List.of(value));
  }

  void rewriteArgs(List<Entry> changes) {
    for (Entry arg : changes) {
      args.removeIf(a -> a.name().equals(arg.name()));
      if (arg.value() != null) {
        args.add(arg);
      }
      rawQuery = null;
    }
  }

  /** Path and query for the upstream; the query is as the client wrote it unless rewritten. */
  String target() {
    String query = rawQuery;
    if (query != null) {
      return query.isEmpty() ? rawPath : rawPath + '?' + query;
    }
    StringBuilder out = new StringBuilder(rawPath);
    char separator = '?';
    for (Entry arg : args) {
      out.append(separator).append(URLEncoder.encode(arg.name(), UTF_8).replace("+", "%20"));
      String value = arg.value();
      if (value != null) {
        out.append('=').append(URLEncoder.encode(value, UTF_8).replace("+", "%20"));
      }
      separator = '&';
    }
    return out.toString();
  }

  void answer(int code, List<Entry> head, byte[] content) throws IOException {
    begin(code, head);
    write(content, content.length);
    end();
  }

  void begin(int code, List<Entry> head) throws IOException {
    status = code;
    DefaultHttpResponse response =
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(code));
    for (Entry h : addedResponseHeaders) {
      String value = h.value();
      if (value != null && !h.name().toLowerCase(Locale.ROOT).startsWith("content-")) {
        response.headers().add(h.name(), value);
      }
    }
    for (Entry h : head) {
      String name = h.name().toLowerCase(Locale.ROOT);
      String value = h.value();
      if (value != null
          && !name.startsWith(":")
          && !List.of("content-length", "transfer-encoding", "connection", "keep-alive")
              .contains(name)) {
        response.headers().add(h.name(), value);
      }
    }
    response.headers().set("server", "APISIX/3.18.0");
    HttpUtil.setTransferEncodingChunked(response, true);
    HttpUtil.setKeepAlive(response, keepAlive);
    for (Map.Entry<String, String> h : response.headers()) {
      responseHeaders.merge(
          h.getKey().toLowerCase(Locale.ROOT), h.getValue(), (a, b) -> a + ", " + b);
    }
    send(response);
  }

  void write(byte[] bytes, int length) throws IOException {
    if (length > 0) {
      if (responseBody.size() < LOGGED_BODY) {
        responseBody.write(bytes, 0, Math.min(length, LOGGED_BODY - responseBody.size()));
      }
      send(new DefaultHttpContent(Unpooled.copiedBuffer(bytes, 0, length)));
    }
  }

  void end() throws IOException {
    send(LastHttpContent.EMPTY_LAST_CONTENT);
    if (!keepAlive) {
      hangUp();
    }
  }

  void hangUp() {
    client.close().awaitUninterruptibly();
  }

  /** Waits for the socket, so that a slow client slows the upstream. */
  private void send(Object message) throws IOException {
    if (!client.writeAndFlush(message).awaitUninterruptibly().isSuccess()) {
      aborted = true;
      throw new IOException("client hung up");
    }
  }

  static byte[] latin1(String text) {
    return text.getBytes(ISO_8859_1);
  }
}
