package io.llmtrace.testkit.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.gateway.GatewayConfig.Route;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way: what the client sent, what the runner made of it, and the facts of the
 * answer for the log. For one event loop, until it is logged.
 */
final class Exchange {
  final long startMillis = System.currentTimeMillis();
  final long startNanos = System.nanoTime();
  final String requestId = UUID.randomUUID().toString().replace("-", "");

  final String method;
  final String uri;
  final InetSocketAddress remote;
  final boolean http10;

  /** The path cannot be decoded, or leads out of the root. */
  final boolean malformed;

  final long requestBytes;
  final Map<String, List<String>> headers = new TreeMap<>();
  final List<Entry> args = new ArrayList<>();
  private @Nullable String rawQuery;
  String path;
  String rawPath;
  byte[] body;

  /** Whether anybody has read the body: only then is it in the log. */
  boolean bodyRead;

  @Nullable Route route;
  @Nullable String consumer;
  final List<Entry> addedResponseHeaders = new ArrayList<>();

  boolean keepAlive;
  int status;
  final Map<String, String> responseHeaders = new TreeMap<>();
  final ByteArrayOutputStream responseBody = new ByteArrayOutputStream();
  long responseBytes;
  boolean aborted;
  long endNanos;

  /** Host and port of the node; null where none was asked, or post-resp asked it. */
  @Nullable String upstream;

  int upstreamStatus;
  long upstreamSentNanos;
  long upstreamHeadNanos;
  long upstreamEndNanos;

  Exchange(Channel client, HttpRequest request, byte[] body, long requestBytes) {
    this.body = body;
    this.requestBytes = requestBytes;
    method = request.method().name();
    remote = (InetSocketAddress) client.remoteAddress();
    http10 = request.protocolVersion().compareTo(HttpVersion.HTTP_1_1) < 0;
    keepAlive = HttpUtil.isKeepAlive(request);
    uri = request.uri();
    QueryStringDecoder query = new QueryStringDecoder(uri, UTF_8);
    rawPath = query.rawPath();
    Optional<String> normal = decoded(rawPath, true).flatMap(NormalPath::of);
    path = normal.orElse(rawPath);
    malformed = normal.isEmpty();
    rawQuery = query.rawQuery();
    for (String pair : rawQuery.split("&", -1)) {
      if (!pair.isEmpty()) {
        args.add(argument(pair));
      }
    }
    for (Map.Entry<String, String> h : request.headers()) {
      headers
          .computeIfAbsent(h.getKey().toLowerCase(Locale.ROOT), n -> new ArrayList<>(1))
          .add(HeaderText.read(h.getValue()));
    }
    setHeader("x-forwarded-proto", "http");
    setHeader("x-forwarded-host", host());
    setHeader(
        "x-forwarded-port", String.valueOf(((InetSocketAddress) client.localAddress()).getPort()));
  }

  /** A flag, an argument without an equals sign, has no value. */
  private static Entry argument(String pair) {
    int equals = pair.indexOf('=');
    return equals < 0
        ? new Entry(lenient(pair), null)
        : new Entry(lenient(pair.substring(0, equals)), lenient(pair.substring(equals + 1)));
  }

  /** What is no percent-encoding stands for itself in an argument. */
  private static String lenient(String text) {
    return decoded(text, false).orElse(text);
  }

  private static Optional<String> decoded(String text, boolean plusIsPlus) {
    try {
      return Optional.of(
          QueryStringDecoder.decodeComponent(plusIsPlus ? text.replace("+", "%2B") : text, UTF_8));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // the caller says what that means
    }
  }

  /** The values of a request header, joined as nginx joins them. */
  @Nullable String header(String name) {
    List<String> values = headers.get(name);
    return values == null ? null : String.join(", ", values);
  }

  /** The host that the client asked for. */
  String host() {
    String host = header("host");
    return host == null ? "127.0.0.1" : host;
  }

  void setHeader(String name, String value) {
    headers.put(name.toLowerCase(Locale.ROOT), List.of(value));
  }

  /** Header lines as the runner sees them. */
  List<Entry> headerLines() {
    return headers.entrySet().stream()
        .flatMap(e -> e.getValue().stream().map(v -> new Entry(e.getKey(), v)))
        .toList();
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

  /** The query; as the client wrote it unless rewritten. */
  String query() {
    String query = rawQuery;
    if (query != null) {
      return query;
    }
    List<String> pairs = new ArrayList<>();
    for (Entry arg : args) {
      String value = arg.value();
      pairs.add(value == null ? encode(arg.name()) : encode(arg.name()) + "=" + encode(value));
    }
    return String.join("&", pairs);
  }

  /** Path and query for the upstream. */
  String target() {
    String query = query();
    return query.isEmpty() ? rawPath : rawPath + '?' + query;
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, UTF_8).replace("+", "%20");
  }
}
