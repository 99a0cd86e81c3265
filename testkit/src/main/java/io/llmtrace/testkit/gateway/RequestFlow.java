package io.llmtrace.testkit.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.a6.ExtraQuestion;
import io.llmtrace.testkit.a6.GatewayFrames;
import io.llmtrace.testkit.a6.RunnerAnswer;
import io.llmtrace.testkit.gateway.GatewayConfig.Route;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The phases of one request in APISIX's order: pre-req, key-auth, post-req, upstream, post-resp,
 * log.
 */
final class RequestFlow {
  private static final Logger LOG = LoggerFactory.getLogger(RequestFlow.class);
  private static final Set<String> HOP_BY_HOP =
      Set.of(
          "connection",
          "keep-alive",
          "content-length",
          "transfer-encoding",
          "host",
          "upgrade",
          "expect");

  private final GatewayConfig config;
  private final long version = Instant.now().getEpochSecond();
  private final RunnerLink link;
  private final HttpLogger logger;
  private final HttpClient upstream =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(60))
          .build();

  RequestFlow(GatewayConfig config, RunnerLink link, HttpLogger logger) {
    this.config = config;
    this.link = link;
    this.logger = logger;
  }

  void run(Exchange x) {
    Optional<Route> match = config.match(x.method, x.path);
    try {
      if (match.isEmpty()) {
        x.answer(404, json(), "{\"error_msg\":\"404 Route Not Found\"}".getBytes(UTF_8));
        return;
      }
      Route route = match.get();
      if (decided(x, route, "ext-plugin-pre-req")
          || unauthenticated(x, route)
          || decided(x, route, "ext-plugin-post-req")) {
        return;
      }
      forward(x, route);
    } catch (IOException e) {
      LOG.debug("exchange {} ended early", x.requestId, e);
      x.hangUp();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      x.hangUp();
    } catch (RuntimeException e) {
      LOG.warn("exchange {} failed", x.requestId, e);
      x.hangUp();
    } finally {
      match.ifPresent(r -> r.plugin("http-logger").ifPresent(c -> logger.log(c, r, x)));
    }
  }

  private boolean unauthenticated(Exchange x, Route route) throws IOException {
    if (route.plugin("key-auth").isEmpty()) {
      return false;
    }
    String key = x.header("apikey");
    x.consumer = key == null ? null : config.consumers().get(key);
    if (x.consumer != null) {
      x.setHeader("x-consumer-username", x.consumer);
      return false;
    }
    String what = key == null ? "Missing API key in request" : "Invalid API key in request";
    x.answer(401, json(), ("{\"message\":\"" + what + "\"}").getBytes(UTF_8));
    return true;
  }

  /** True when the client has its answer. */
  private boolean decided(Exchange x, Route route, String plugin) throws IOException {
    Optional<Map<String, Object>> conf = route.plugin(plugin);
    if (conf.isEmpty()) {
      return false;
    }
    List<Entry> headers =
        x.headers.entrySet().stream()
            .flatMap(e -> e.getValue().stream().map(v -> new Entry(e.getKey(), v)))
            .toList();
    Optional<RunnerAnswer> answered;
    try {
      answered =
          link.call(
              A6Frame.HTTP_REQ_CALL,
              key(x, route, plugin),
              GatewayConfig.conf(conf.get()),
              token ->
                  GatewayFrames.requestCall(
                      link.nextId(),
                      x.remote.getAddress().getAddress(),
                      x.method,
                      x.path,
                      x.args,
                      headers,
                      token),
              q -> extra(x, route, q, null),
              RequestFlow::requestAnswer);
    } catch (RunnerFailure e) {
      LOG.debug("{} on route {}", plugin, route.id(), e);
      if (Boolean.TRUE.equals(conf.get().get("allow_degradation"))) {
        return false;
      }
      x.answer(503, List.of(), new byte[0]);
      return true;
    }
    if (answered.isEmpty()) {
      x.answer(500, List.of(), new byte[0]);
      return true;
    }
    RunnerAnswer answer = answered.get();
    if (answer instanceof RunnerAnswer.Stop stop) {
      x.answer(stop.status(), stop.headers(), bytes(stop.body()));
      return true;
    }
    if (answer instanceof RunnerAnswer.Rewrite rewrite) {
      apply(x, rewrite);
    }
    return false;
  }

  /** Empty for an answer of no bytes, on which the real gateway's Lua fails with 500. */
  private static Optional<RunnerAnswer> requestAnswer(A6Frame frame) {
    return frame.payload().hasRemaining()
        ? Optional.of(GatewayFrames.requestAnswer(frame))
        : Optional.empty();
  }

  private static void apply(Exchange x, RunnerAnswer.Rewrite rewrite) {
    String path = rewrite.path();
    if (path != null) {
      x.path = path;
      x.rawPath = path;
    }
    for (Entry h : rewrite.headers()) {
      String name = h.name().toLowerCase(Locale.ROOT);
      String value = h.value();
      if (value == null) {
        x.headers.remove(name);
      } else {
        x.setHeader(name, value);
      }
    }
    x.rewriteArgs(rewrite.args());
    x.addedResponseHeaders.addAll(rewrite.respHeaders());
    ByteBuffer body = rewrite.body();
    if (body != null) {
      x.body = bytes(body);
      x.setHeader("content-length", String.valueOf(x.body.length));
    }
  }

  private void forward(Exchange x, Route route) throws IOException, InterruptedException {
    URI target =
        URI.create(route.scheme() + "://" + route.host() + ":" + route.port() + x.target());
    HttpRequest.Builder request =
        HttpRequest.newBuilder(target)
            .method(x.method, HttpRequest.BodyPublishers.ofByteArray(x.body));
    x.headers.forEach(
        (name, values) -> {
          if (!HOP_BY_HOP.contains(name)) {
            values.forEach(value -> request.header(name, value));
          }
        });
    String peer = x.remote.getAddress().getHostAddress();
    String before = x.header("x-forwarded-for");
    request.setHeader("x-real-ip", peer);
    request.setHeader("x-forwarded-for", before == null ? peer : before + ", " + peer);
    long sent = System.nanoTime();
    HttpResponse<InputStream> response;
    try {
      response = upstream.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (IOException e) {
      LOG.debug("upstream of route {}", route.id(), e);
      x.upstreamStatus = 502;
      x.answer(502, List.of(), new byte[0]);
      return;
    }
    x.upstreamStatus = response.statusCode();
    List<Entry> head = new ArrayList<>();
    response.headers().map().forEach((n, vs) -> vs.forEach(v -> head.add(new Entry(n, v))));
    try (InputStream in = response.body()) {
      if (route.plugin("ext-plugin-post-resp").isPresent()) {
        respond(x, route, response.statusCode(), head, in.readAllBytes());
        return;
      }
      x.begin(response.statusCode(), head);
      byte[] buffer = new byte[16 << 10];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        x.write(buffer, n);
      }
      x.end();
    } finally {
      x.upstreamMillis = Duration.ofNanos(System.nanoTime() - sent).toMillis();
    }
  }

  /**
   * Post-resp: upstream headers are lost unless the runner returns them; a failure leaks the body.
   */
  private void respond(Exchange x, Route route, int status, List<Entry> head, byte[] body)
      throws IOException {
    String plugin = "ext-plugin-post-resp";
    Map<String, Object> conf = route.plugin(plugin).orElseThrow();
    try {
      RunnerAnswer.Response answer =
          link.call(
              A6Frame.HTTP_RESP_CALL,
              key(x, route, plugin),
              GatewayConfig.conf(conf),
              token -> GatewayFrames.responseCall(link.nextId(), status, head, token),
              q -> extra(x, route, q, body),
              GatewayFrames::responseAnswer);
      ByteBuffer replaced = answer.body();
      x.answer(
          answer.status() == 0 ? status : answer.status(),
          answer.headers(),
          replaced == null ? body : bytes(replaced));
    } catch (RunnerFailure e) {
      LOG.debug("{} on route {}", plugin, route.id(), e);
      boolean degrade = Boolean.TRUE.equals(conf.get("allow_degradation"));
      x.answer(degrade ? status : 503, List.of(), body);
    }
  }

  private static byte @Nullable [] extra(
      Exchange x, Route route, ExtraQuestion question, byte @Nullable [] responseBody) {
    if (question instanceof ExtraQuestion.Variable variable) {
      String value = variable(x, route, variable.name());
      return value == null ? null : value.getBytes(UTF_8);
    }
    return question instanceof ExtraQuestion.RequestBody ? x.body : responseBody;
  }

  static @Nullable String variable(Exchange x, Route route, String name) {
    return switch (name) {
      case "remote_addr" -> x.remote.getAddress().getHostAddress();
      case "route_id" -> route.id();
      case "consumer_name" -> x.consumer;
      case "request_id" -> x.requestId;
      case "host" -> x.header("host");
      case "scheme" -> "http";
      case "request_method" -> x.method;
      case "uri" -> x.path;
      case "request_uri" -> x.uri;
      case "status" -> String.valueOf(x.status);
      case "upstream_status" -> x.upstreamStatus == 0 ? null : String.valueOf(x.upstreamStatus);
      default ->
          name.startsWith("http_")
              ? x.header(name.substring("http_".length()).replace('_', '-'))
              : null;
    };
  }

  /** The recorded shape: type, id, plugin and version, the second since which the routes stand. */
  private String key(Exchange x, Route route, String plugin) {
    return x.consumer == null
        ? "route#" + route.id() + "#" + plugin + "#" + version
        : "route&consumer#"
            + route.id()
            + "&"
            + x.consumer
            + "#"
            + plugin
            + "#"
            + version
            + "&"
            + version;
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] out = new byte[buffer.remaining()];
    buffer.duplicate().get(out);
    return out;
  }

  private static List<Entry> json() {
    return List.of(new Entry("content-type", "application/json"));
  }
}
