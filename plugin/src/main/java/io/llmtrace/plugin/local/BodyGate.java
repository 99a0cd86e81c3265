package io.llmtrace.plugin.local;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.function.Predicate;

/**
 * Drops a body as it comes in unless its request may have one: who lacks the secret must not make
 * this process hold 32 MiB for him. Such a request goes on without its body and is refused where
 * all requests are. One for each connection.
 */
final class BodyGate extends ChannelInboundHandlerAdapter {
  private final Predicate<HttpRequest> admitted;
  private boolean dropping;

  BodyGate(Predicate<HttpRequest> admitted) {
    this.admitted = admitted;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (message instanceof HttpRequest head) {
      dropping = head.decoderResult().isSuccess() && !admitted.test(head);
      if (dropping) {
        head.headers().remove(HttpHeaderNames.CONTENT_LENGTH);
        head.headers().remove(HttpHeaderNames.TRANSFER_ENCODING);
        // Nobody is asked for a body that is not wanted.
        head.headers().remove(HttpHeaderNames.EXPECT);
      }
      ctx.fireChannelRead(message);
    } else if (dropping && message instanceof HttpContent) {
      ReferenceCountUtil.release(message);
      if (message instanceof LastHttpContent) {
        dropping = false;
        ctx.fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
      }
    } else {
      ctx.fireChannelRead(message);
    }
  }
}
