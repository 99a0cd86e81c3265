package io.llmtrace.plugin.local;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;

/** Gathers a request's body, and refuses one that is too long with a problem document. */
final class BodyAggregator extends HttpObjectAggregator {
  BodyAggregator(int maxContentLength) {
    super(maxContentLength, true);
  }

  @Override
  protected void handleOversizedMessage(ChannelHandlerContext ctx, HttpMessage oversized) {
    // What is still on its way would be read as the next request: the connection ends here.
    ctx.writeAndFlush(
            Answers.problem(
                HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
                "the body is longer than " + maxContentLength() + " bytes"))
        .addListener(ChannelFutureListener.CLOSE);
  }
}
