package io.llmtrace.testkit.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;

/** Counts what goes over a client's connection, for the sizes in the log. */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is heard of
final class ByteCounter extends ChannelDuplexHandler {
  private long in;
  private long out;

  /** Bytes in since the last call. */
  long takeIn() {
    long taken = in;
    in = 0;
    return taken;
  }

  /** Bytes out since the last call. */
  long takeOut() {
    long taken = out;
    out = 0;
    return taken;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    in += ((ByteBuf) message).readableBytes();
    ctx.fireChannelRead(message);
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    out += ((ByteBuf) message).readableBytes();
    ctx.write(message, promise);
  }
}
