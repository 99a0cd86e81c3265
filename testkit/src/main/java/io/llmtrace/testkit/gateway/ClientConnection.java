package io.llmtrace.testkit.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.llmtrace.testkit.gateway.GatewayConfig.Route;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client: requests are read whole, as nginx does before it asks an upstream, and answered one
 * after the other. It always reads, so as to see the client hang up.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is heard of
final class ClientConnection extends SimpleChannelInboundHandler<HttpObject> {
  private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);
  private static final int MAX_BODY = 64 << 20;
  private static final int MAX_WAITING = 64;

  private final Worker worker;
  private final ByteCounter bytes;
  private final LongAdder requests;
  private final Consumer<Exchange> log;
  private final Queue<Exchange> waiting = new ArrayDeque<>();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private @Nullable HttpRequest head;
  private @Nullable RequestFlow current;
  private boolean refusing;

  ClientConnection(Worker worker, ByteCounter bytes, LongAdder requests, Consumer<Exchange> log) {
    this.worker = worker;
    this.bytes = bytes;
    this.requests = requests;
    this.log = log;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) throws IOException {
    if (refusing) {
      return;
    }
    if (message instanceof HttpRequest request) {
      head = request;
      body.reset();
      if (request.decoderResult().isFailure()) {
        LOG.debug("not HTTP", request.decoderResult().cause());
        refuse(ctx, request, 400);
        return;
      }
      if (HttpUtil.is100ContinueExpected(request)) {
        // Past the codec, which would take it for the answer.
        ctx.pipeline()
            .context(HttpServerCodec.class)
            .writeAndFlush(Unpooled.copiedBuffer("HTTP/1.1 100 Continue\r\n\r\n", US_ASCII));
      }
    }
    HttpRequest request = head;
    if (request != null && message instanceof HttpContent content) {
      content.content().readBytes(body, content.content().readableBytes());
      if (message.decoderResult().isFailure()) {
        refuse(ctx, request, 400);
      } else if (body.size() > MAX_BODY) {
        refuse(ctx, request, 413);
      } else if (message instanceof LastHttpContent) {
        head = null;
        requests.increment();
        waiting.add(new Exchange(ctx.channel(), request, body.toByteArray(), bytes.takeIn()));
        if (waiting.size() > MAX_WAITING) {
          refuse(ctx, request, 503);
        }
        next(ctx);
      }
    }
  }

  /** Answers what cannot be understood, and hangs up. */
  private void refuse(ChannelHandlerContext ctx, HttpRequest request, int status) {
    refusing = true;
    waiting.clear();
    if (current != null) {
      ctx.close();
      return;
    }
    Exchange x = new Exchange(ctx.channel(), request, new byte[0], bytes.takeIn());
    x.keepAlive = false;
    new ClientResponse(ctx.channel(), x, () -> {}).answer(status, List.of(), new byte[0]);
  }

  private void next(ChannelHandlerContext ctx) {
    if (current != null) {
      return;
    }
    Exchange x = waiting.poll();
    if (x != null) {
      RequestFlow flow =
          new RequestFlow(
              worker,
              x,
              new ClientResponse(
                  ctx.channel(),
                  x,
                  () -> {
                    current = null;
                    over(x);
                    next(ctx);
                  }));
      current = flow;
      flow.start();
    }
  }

  private void over(Exchange x) {
    x.endNanos = System.nanoTime();
    x.responseBytes = bytes.takeOut();
    Route route = x.route;
    if (route != null) {
      log.accept(x);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (current != null) {
      current.clientWritable();
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    waiting.clear();
    if (current != null) {
      current.clientGone();
    }
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof IOException) {
      LOG.debug("client {}", ctx.channel(), cause);
    } else {
      LOG.warn("client {}", ctx.channel(), cause);
    }
    ctx.close();
  }
}
