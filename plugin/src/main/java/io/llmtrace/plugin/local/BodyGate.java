package io.llmtrace.plugin.local;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpContentException;
import io.netty.util.ReferenceCountUtil;
import java.util.function.Predicate;

/**
 * Drops a body as it comes in if its request may have none, for who lacks the secret must not make
 * this process hold 32 MiB for him, and the rest of one that is too long. Such a request goes on
 * once all of it is here and is refused where all requests are: an answer followed by a close in
 * the middle of a body is lost on the client's side, whose unread bytes reset the connection. One
 * for each connection.
 */
final class BodyGate extends ChannelInboundHandlerAdapter {
  private final Predicate<HttpRequest> admitted;
  private final int maxBytes;
  private boolean dropping;
  private boolean tooLong;
  private long bytes;

  BodyGate(Predicate<HttpRequest> admitted, int maxBytes) {
    this.admitted = admitted;
    this.maxBytes = maxBytes;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (message instanceof HttpRequest head) {
      bytes = 0;
      boolean readable = head.decoderResult().isSuccess();
      boolean wanted = readable && admitted.test(head);
      tooLong = wanted && HttpUtil.getContentLength(head, -1L) > maxBytes;
      dropping = readable && (tooLong || !wanted);
      if (dropping) {
        head.headers().remove(HttpHeaderNames.CONTENT_LENGTH);
        head.headers().remove(HttpHeaderNames.TRANSFER_ENCODING);
        // Nobody is asked for a body that is not wanted.
        head.headers().remove(HttpHeaderNames.EXPECT);
      }
      ctx.fireChannelRead(message);
    } else if (message instanceof HttpContent content) {
      bytes += content.content().readableBytes();
      if (!dropping && bytes > maxBytes) {
        tooLong = true;
        dropping = true;
      }
      if (!dropping) {
        ctx.fireChannelRead(message);
        return;
      }
      ReferenceCountUtil.release(message);
      if (message instanceof LastHttpContent) {
        dropping = false;
        ctx.fireChannelRead(tooLong ? cut() : LastHttpContent.EMPTY_LAST_CONTENT);
      }
    } else {
      ctx.fireChannelRead(message);
    }
  }

  private LastHttpContent cut() {
    LastHttpContent end = new DefaultLastHttpContent();
    end.setDecoderResult(
        DecoderResult.failure(
            new TooLongHttpContentException("the body is longer than " + maxBytes + " bytes")));
    return end;
  }
}
