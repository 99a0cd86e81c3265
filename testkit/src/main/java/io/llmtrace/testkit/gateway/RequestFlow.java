package io.llmtrace.testkit.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.a6.RunnerAnswer;
import io.llmtrace.testkit.gateway.GatewayConfig.Route;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The phases of one request in APISIX's order: pre-req, key-auth, proxy-rewrite, post-req, then the
 * upstream, with or without post-resp. For one event loop.
 */
final class RequestFlow {
  private static final Logger LOG = LoggerFactory.getLogger(RequestFlow.class);
  private static final byte[] EMPTY = new byte[0];

  private final Worker worker;
  private final Exchange x;
  private final ClientResponse response;
  private @Nullable Proxying proxying;
  private boolean clientGone;

  RequestFlow(Worker worker, Exchange x, ClientResponse response) {
    this.worker = worker;
    this.x = x;
    this.response = response;
  }

  void start() {
    if (x.malformed) {
      response.answer(400, List.of(), EMPTY);
      return;
    }
    Optional<Route> match = worker.config().match(x.method, x.path);
    if (match.isEmpty()) {
      response.answer(404, json(), "{\"error_msg\":\"404 Route Not Found\"}".getBytes(UTF_8));
      return;
    }
    Route route = match.get();
    x.route = route;
    var unused =
        decided(route, "ext-plugin-pre-req")
            .thenApply(answered -> answered || unauthenticated(route))
            .thenCompose(
                answered -> {
                  if (answered) {
                    return CompletableFuture.completedFuture(true);
                  }
                  route.rewrite().ifPresent(rewrite -> x.rawPath = rewrite.apply(x.path));
                  return decided(route, "ext-plugin-post-req");
                })
            .thenAccept(
                answered -> {
                  if (!answered) {
                    proxy(route);
                  }
                })
            .exceptionally(
                failure -> {
                  LOG.warn("exchange {} failed", x.requestId, failure);
                  response.breakOff();
                  return null;
                });
  }

  void clientWritable() {
    if (proxying != null) {
      proxying.clientWritable();
    }
  }

  /** What is with the runner stays there; what is with the upstream is broken off. */
  void clientGone() {
    clientGone = true;
    if (proxying != null) {
      proxying.clientGone();
    }
  }

  private boolean unauthenticated(Route route) {
    Optional<Map<String, Object>> auth = route.plugin("key-auth");
    if (auth.isEmpty()) {
      return false;
    }
    String key = x.header("apikey");
    x.consumer = key == null ? null : worker.config().consumers().get(key);
    if (x.consumer != null) {
      x.setHeader("x-consumer-username", x.consumer);
      if (Boolean.TRUE.equals(auth.get().get("hide_credentials"))) {
        x.headers.remove("apikey");
      }
      return false;
    }
    String what = key == null ? "Missing API key in request" : "Invalid API key in request";
    response.answer(401, json(), ("{\"message\":\"" + what + "\"}").getBytes(UTF_8));
    return true;
  }

  /** Completes with true when the client has its answer. */
  private CompletableFuture<Boolean> decided(Route route, String plugin) {
    Optional<Map<String, Object>> settings = route.plugin(plugin);
    if (settings.isEmpty()) {
      return CompletableFuture.completedFuture(false);
    }
    RequestCall call = new RequestCall(x, route.id(), plugin, settings.get(), worker.version());
    return worker
        .runner()
        .call(call)
        .handle(
            (answer, failure) -> {
              if (failure == null) {
                return apply(answer);
              }
              if (RunnerFailure.of(failure).isEmpty()) {
                throw new CompletionException(failure);
              }
              LOG.debug("{} on route {}", plugin, route.id(), failure);
              if (!call.degrades()) {
                response.answer(503, List.of(), EMPTY);
              }
              return !call.degrades();
            });
  }

  private boolean apply(Optional<RunnerAnswer> answer) {
    if (answer.isEmpty()) {
      response.answer(500, List.of(), EMPTY);
      return true;
    }
    if (answer.get() instanceof RunnerAnswer.Stop stop) {
      response.answer(stop.status(), stop.headers(), bytes(stop.body()));
      return true;
    }
    if (answer.get() instanceof RunnerAnswer.Rewrite rewrite) {
      rewrite(rewrite);
    }
    return false;
  }

  private void rewrite(RunnerAnswer.Rewrite rewrite) {
    String path = rewrite.path();
    if (path != null) {
      x.path = path;
      x.rawPath = path;
    }
    for (Entry h : rewrite.headers()) {
      String value = h.value();
      if (value == null) {
        x.headers.remove(h.name().toLowerCase(Locale.ROOT));
      } else {
        x.setHeader(h.name(), value);
      }
    }
    x.rewriteArgs(rewrite.args());
    x.addedResponseHeaders.addAll(rewrite.respHeaders());
    ByteBuffer body = rewrite.body();
    if (body != null) {
      x.body = bytes(body);
      x.headers.remove("transfer-encoding");
      x.setHeader("content-length", String.valueOf(x.body.length));
    }
  }

  private void proxy(Route route) {
    if (clientGone) {
      response.aborted();
      return;
    }
    Upstream.Address node = route.upstream().node(worker.nextTurn());
    Optional<Map<String, Object>> postResp = route.plugin(Responding.PLUGIN);
    if (postResp.isPresent()) {
      Responding responding =
          new Responding(
              x, response, route, node, worker.runner(), postResp.get(), worker.version());
      proxying = responding;
      responding.start(worker.upstreams());
    } else {
      Forwarding forwarding = new Forwarding(x, response, route.upstream(), node);
      proxying = forwarding;
      forwarding.start(worker.upstreams());
    }
  }

  static byte[] bytes(ByteBuffer buffer) {
    byte[] out = new byte[buffer.remaining()];
    buffer.duplicate().get(out);
    return out;
  }

  private static List<Entry> json() {
    return List.of(new Entry("Content-Type", "application/json"));
  }
}
