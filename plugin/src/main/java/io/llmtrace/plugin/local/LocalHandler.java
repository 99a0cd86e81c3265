package io.llmtrace.plugin.local;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.TooLongHttpContentException;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Routes the requests of one connection, one at a time. */
final class LocalHandler extends ChannelInboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(LocalHandler.class);
  private static final int MAX_PIPELINED = 16;
  private static final String BEARER = "bearer ";
  private static final String DEFAULT_METRICS = "text/plain; version=0.0.4; charset=utf-8";

  private final LocalServer.Endpoints endpoints;
  private final Executor status;
  private final Executor work;
  private final InFlight inFlight;

  // Touched by the connection's event loop only: a pipelined request waits for the answer before.
  private final Deque<Object> pipelined = new ArrayDeque<>();
  private boolean busy;

  LocalHandler(LocalServer.Endpoints endpoints, Executor status, Executor work, InFlight inFlight) {
    this.inFlight = inFlight;
    this.endpoints = endpoints;
    this.status = status;
    this.work = work;
  }

  /** Whether the body of a request is read at all; the request itself is answered in any case. */
  static boolean mayHaveBody(LocalServer.Endpoints endpoints, HttpRequest head) {
    String authorization = head.headers().get(HttpHeaderNames.AUTHORIZATION);
    return switch (new QueryStringDecoder(head.uri()).path()) {
      case "/tap" -> endpoints.tap().authorized(authorization);
      case "/inspect" -> hasInspectKey(endpoints, authorization);
      default -> false;
    };
  }

  /** Whether a request may ask {@code POST /inspect}. */
  static boolean mayInspect(LocalServer.Endpoints endpoints, HttpRequest head) {
    return head.method().equals(HttpMethod.POST)
        && new QueryStringDecoder(head.uri()).path().equals("/inspect")
        && hasInspectKey(endpoints, head.headers().get(HttpHeaderNames.AUTHORIZATION));
  }

  private static boolean hasInspectKey(
      LocalServer.Endpoints endpoints, @Nullable String authorization) {
    Predicate<String> key = endpoints.inspectKey();
    String bearer = bearer(authorization);
    return key != null && bearer != null && key.test(bearer);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (message instanceof FullHttpRequest) {
      inFlight.begun();
    }
    if (!busy) {
      busy = true;
      begin(ctx, message);
    } else if (pipelined.size() < MAX_PIPELINED) {
      pipelined.add(message);
    } else {
      drop(message);
      close(ctx);
    }
  }

  private void begin(ChannelHandlerContext ctx, Object message) {
    if (message instanceof CalloutGate.Complete callout) {
      callout
          .upload()
          .end(reply -> answer(ctx, callout.keepAlive(), response(reply), reply.sent()));
      return;
    }
    FullHttpRequest request = (FullHttpRequest) message;
    try {
      serve(ctx, request);
    } finally {
      request.release();
    }
  }

  private static FullHttpResponse response(CalloutEndpoint.Reply reply) {
    FullHttpResponse response =
        Answers.of(HttpResponseStatus.valueOf(reply.status()), reply.contentType(), reply.body());
    reply.headers().forEach((name, value) -> response.headers().set(name, value));
    return response;
  }

  private void next(ChannelHandlerContext ctx) {
    Object waiting = pipelined.poll();
    if (waiting == null) {
      busy = false;
    } else {
      begin(ctx, waiting);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    pipelined.forEach(this::drop);
    pipelined.clear();
    super.channelInactive(ctx);
  }

  private void drop(Object message) {
    inFlight.ended();
    if (message instanceof CalloutGate.Complete callout) {
      callout.upload().abandon();
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  private void serve(ChannelHandlerContext ctx, FullHttpRequest request) {
    boolean keepAlive = HttpUtil.isKeepAlive(request);
    if (request.decoderResult().cause() instanceof TooLongHttpContentException tooLong) {
      answer(
          ctx,
          keepAlive,
          Answers.problem(
              HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE, String.valueOf(tooLong.getMessage())));
      return;
    }
    if (request.decoderResult().cause() instanceof TooLongHttpHeaderException) {
      answer(
          ctx,
          false,
          Answers.problem(
              HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
              "the headers are longer than " + LocalServer.MAX_HEADERS + " bytes"));
      return;
    }
    if (request.decoderResult().isFailure()) {
      answer(ctx, false, Answers.problem(HttpResponseStatus.BAD_REQUEST, "not an HTTP request"));
      return;
    }
    String path = new QueryStringDecoder(request.uri()).path();
    switch (path) {
      case "/health" -> get(ctx, request, keepAlive, this::health);
      case "/metrics" -> {
        String accept = request.headers().get(HttpHeaderNames.ACCEPT);
        get(ctx, request, keepAlive, () -> metrics(accept));
      }
      case "/tap" -> tap(ctx, request, keepAlive);
      case "/inspect" -> inspect(ctx, request, keepAlive);
      default ->
          answer(
              ctx, keepAlive, Answers.problem(HttpResponseStatus.NOT_FOUND, "there is no " + path));
    }
  }

  private void get(
      ChannelHandlerContext ctx,
      FullHttpRequest request,
      boolean keepAlive,
      Supplier<FullHttpResponse> endpoint) {
    if (!request.method().equals(HttpMethod.GET)) {
      answer(ctx, keepAlive, notAllowed(HttpMethod.GET));
      return;
    }
    run(ctx, keepAlive, status, endpoint);
  }

  private void tap(ChannelHandlerContext ctx, FullHttpRequest request, boolean keepAlive) {
    if (!request.method().equals(HttpMethod.POST)) {
      answer(ctx, keepAlive, notAllowed(HttpMethod.POST));
      return;
    }
    if (!endpoints.tap().authorized(request.headers().get(HttpHeaderNames.AUTHORIZATION))) {
      answer(ctx, keepAlive, unauthorized("the tap's secret, as http-logger's auth_header"));
      return;
    }
    byte[] body = body(request);
    run(
        ctx,
        keepAlive,
        work,
        () -> {
          try {
            endpoints.tap().receive(body);
            return Answers.of(
                HttpResponseStatus.OK, Answers.JSON, "{}".getBytes(StandardCharsets.UTF_8));
          } catch (IOException e) {
            log.warn("log entries could not be kept: {}", e.getMessage());
            return unavailable("the entries could not be kept; send them again");
          }
        });
  }

  private void inspect(ChannelHandlerContext ctx, FullHttpRequest request, boolean keepAlive) {
    if (endpoints.inspectKey() == null) {
      answer(
          ctx,
          keepAlive,
          Answers.problem(HttpResponseStatus.NOT_FOUND, "no inspect_key is configured"));
      return;
    }
    if (!request.method().equals(HttpMethod.POST)) {
      answer(ctx, keepAlive, notAllowed(HttpMethod.POST));
      return;
    }
    if (!hasInspectKey(endpoints, request.headers().get(HttpHeaderNames.AUTHORIZATION))) {
      answer(ctx, keepAlive, unauthorized("the inspect key as a bearer token"));
      return;
    }
    if (request.content().readableBytes() > LocalServer.MAX_INSPECT_BODY) {
      answer(
          ctx,
          keepAlive,
          Answers.problem(
              HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
              "the body is longer than " + LocalServer.MAX_INSPECT_BODY + " bytes"));
      return;
    }
    byte[] body = body(request);
    run(
        ctx,
        keepAlive,
        work,
        () -> Answers.of(HttpResponseStatus.OK, Answers.JSON, endpoints.inspect().inspect(body)));
  }

  private FullHttpResponse health() {
    return Answers.json(HttpResponseStatus.OK, endpoints.health().get());
  }

  private FullHttpResponse metrics(@Nullable String accept) {
    String type =
        accept != null && accept.contains("application/openmetrics-text")
            ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
            : DEFAULT_METRICS;
    byte[] text = endpoints.metrics().scrape(type).getBytes(StandardCharsets.UTF_8);
    return Answers.of(HttpResponseStatus.OK, type, text);
  }

  private void run(
      ChannelHandlerContext ctx,
      boolean keepAlive,
      Executor executor,
      Supplier<FullHttpResponse> endpoint) {
    try {
      executor.execute(() -> answer(ctx, keepAlive, guarded(endpoint)));
    } catch (RejectedExecutionException e) {
      answer(ctx, keepAlive, unavailable("too much at once; try again"));
    }
  }

  /** The boundary: whatever an endpoint throws becomes an answer and a line in the log. */
  private static FullHttpResponse guarded(Supplier<FullHttpResponse> endpoint) {
    try {
      return endpoint.get();
    } catch (IllegalArgumentException e) {
      return Answers.problem(HttpResponseStatus.BAD_REQUEST, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      log.error("a local endpoint failed", e);
      return Answers.problem(HttpResponseStatus.INTERNAL_SERVER_ERROR, "see the plugin's log");
    }
  }

  private void answer(ChannelHandlerContext ctx, boolean asked, FullHttpResponse response) {
    answer(ctx, asked, response, () -> {});
  }

  private void answer(
      ChannelHandlerContext ctx, boolean asked, FullHttpResponse response, Runnable sent) {
    boolean keepAlive = asked && !inFlight.leaving();
    if (!keepAlive) {
      response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    }
    ctx.writeAndFlush(response)
        .addListener(
            (ChannelFutureListener)
                written -> {
                  sent.run();
                  inFlight.ended();
                  if (keepAlive && written.isSuccess()) {
                    next(ctx);
                  } else {
                    close(ctx);
                  }
                });
  }

  private static FullHttpResponse notAllowed(HttpMethod allowed) {
    FullHttpResponse response =
        Answers.problem(HttpResponseStatus.METHOD_NOT_ALLOWED, "only " + allowed + " is served");
    response.headers().set(HttpHeaderNames.ALLOW, allowed.name());
    return response;
  }

  private static FullHttpResponse unauthorized(String needed) {
    FullHttpResponse response =
        Answers.problem(HttpResponseStatus.UNAUTHORIZED, "this needs " + needed);
    response.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
    return response;
  }

  private static FullHttpResponse unavailable(String detail) {
    FullHttpResponse response = Answers.problem(HttpResponseStatus.SERVICE_UNAVAILABLE, detail);
    response.headers().setInt(HttpHeaderNames.RETRY_AFTER, 1);
    return response;
  }

  private static @Nullable String bearer(@Nullable String authorization) {
    if (authorization == null || !authorization.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
      return null;
    }
    return authorization.substring(BEARER.length()).trim();
  }

  private static byte[] body(FullHttpRequest request) {
    byte[] bytes = new byte[request.content().readableBytes()];
    request.content().readBytes(bytes);
    return bytes;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
    if (event instanceof IdleStateEvent) {
      close(ctx);
    } else {
      super.userEventTriggered(ctx, event);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    log.debug("a local connection failed", cause);
    close(ctx);
  }

  private static void close(ChannelHandlerContext ctx) {
    // Nothing waits for the end of a connection.
    ChannelFuture unused = ctx.close();
  }
}
