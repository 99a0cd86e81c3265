package io.llmtrace.plugin.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/**
 * Cuts the byte stream into {@link Frame}s. A long payload takes memory from the budget first;
 * where there is none its bytes are read and let go, so that the connection stays in step and the
 * call can still be answered.
 */
final class FrameDecoder extends ChannelInboundHandlerAdapter {
  /** Payloads up to here are not accounted for: they are the calls themselves, not bodies. */
  static final int UNACCOUNTED_BYTES = 64 * 1024;

  private static final byte[] NOTHING = {};

  private final MemoryBudget memory;

  /** Of all payloads that are not accounted for; never grows. */
  private final MemoryBudget.Lease nothing;

  private final byte[] header = new byte[Frame.HEADER_BYTES];
  private int headerRead;
  private int length;
  private int read;
  private byte[] payload = NOTHING;
  private boolean discarding;
  private MemoryBudget.Lease lease;

  FrameDecoder(MemoryBudget memory) {
    this.memory = memory;
    this.nothing = memory.open();
    this.lease = nothing;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (!(message instanceof ByteBuf in)) {
      ctx.fireChannelRead(message);
      return;
    }
    try {
      while (in.isReadable() && ctx.channel().isActive()) {
        decode(ctx, in);
      }
    } finally {
      ReferenceCountUtil.release(in);
    }
  }

  private void decode(ChannelHandlerContext ctx, ByteBuf in) {
    if (headerRead < Frame.HEADER_BYTES) {
      int n = Math.min(in.readableBytes(), Frame.HEADER_BYTES - headerRead);
      in.readBytes(header, headerRead, n);
      headerRead += n;
      if (headerRead < Frame.HEADER_BYTES) {
        return;
      }
      begin();
    }
    int n = Math.min(in.readableBytes(), length - read);
    if (discarding) {
      in.skipBytes(n);
    } else {
      if (payload.length < length) {
        // All of it at once: what is not here yet is taken from the budget all the same.
        payload = new byte[length];
      }
      in.readBytes(payload, read, n);
    }
    read += n;
    if (read == length) {
      finish(ctx);
    }
  }

  private void begin() {
    length = ((header[1] & 0xFF) << 16) | ((header[2] & 0xFF) << 8) | (header[3] & 0xFF);
    read = 0;
    discarding = false;
    lease = nothing;
    if (length > UNACCOUNTED_BYTES) {
      MemoryBudget.Lease taken = memory.take(length);
      if (taken == null) {
        discarding = true;
      } else {
        lease = taken;
      }
    }
  }

  private void finish(ChannelHandlerContext ctx) {
    Frame frame = new Frame(header[0] & 0xFF, length, discarding ? null : payload, lease);
    headerRead = 0;
    payload = NOTHING;
    lease = nothing;
    ctx.fireChannelRead(frame);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    lease.close();
    ctx.fireChannelInactive();
  }
}
