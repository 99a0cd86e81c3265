package io.llmtrace.plugin.local;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Takes the bodies of call-outs out of the pipeline as they come in, so that they are held once and
 * within the budget of request bodies. All else goes on as it is. One for each connection.
 */
final class CalloutGate extends ChannelInboundHandlerAdapter {
  private final CalloutEndpoint endpoint;
  private final Predicate<HttpRequest> admitted;
  private final InFlight inFlight;
  private CalloutEndpoint.@Nullable Upload upload;
  private boolean keepAlive;

  /** A call-out whose body is complete. */
  record Complete(CalloutEndpoint.Upload upload, boolean keepAlive) {}

  /**
   * @param admitted whether a request has the key and may ask at all
   * @param inFlight told of each that begins; who takes a {@link Complete} tells of its end
   */
  CalloutGate(CalloutEndpoint endpoint, Predicate<HttpRequest> admitted, InFlight inFlight) {
    this.inFlight = inFlight;
    this.endpoint = endpoint;
    this.admitted = admitted;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (message instanceof HttpRequest head && begin(ctx, head)) {
      return;
    }
    CalloutEndpoint.Upload taking = upload;
    if (taking == null || !(message instanceof HttpContent content)) {
      ctx.fireChannelRead(message);
      return;
    }
    try {
      if (content.decoderResult().isFailure()) {
        // A broken chunk: where the next request would begin is not known.
        abandon();
        var unused = ctx.close();
        return;
      }
      if (content.content().isReadable()) {
        taking.add(ByteBufUtil.getBytes(content.content()));
      }
      if (message instanceof LastHttpContent) {
        upload = null;
        ctx.fireChannelRead(new Complete(taking, keepAlive));
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private boolean begin(ChannelHandlerContext ctx, HttpRequest head) {
    if (!head.decoderResult().isSuccess() || !admitted.test(head)) {
      return false;
    }
    List<Map.Entry<String, String>> headers = new ArrayList<>();
    head.headers()
        .forEach(
            header ->
                headers.add(
                    Map.entry(header.getKey().toLowerCase(Locale.ROOT), header.getValue())));
    if (!endpoint.isCallout(headers)) {
      return false;
    }
    keepAlive = HttpUtil.isKeepAlive(head);
    inFlight.begun();
    upload = endpoint.open(headers, HttpUtil.getContentLength(head, -1L));
    if (HttpUtil.is100ContinueExpected(head)) {
      var unused =
          ctx.writeAndFlush(
              new DefaultFullHttpResponse(
                  HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
    }
    return true;
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    abandon();
    ctx.fireChannelInactive();
  }

  private void abandon() {
    CalloutEndpoint.Upload taking = upload;
    upload = null;
    if (taking != null) {
      taking.abandon();
      inFlight.ended();
    }
  }
}
