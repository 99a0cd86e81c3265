package io.llmtrace.testkit.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that may lie idle in a {@link ConnectionPool}. Like nginx it closes an idle one on
 * which anything arrives, once its event loop gets to it, and does not look when it takes one out:
 * bytes that arrive between the two belong to whoever took it. All methods run on its event loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is heard of
abstract class PooledConnection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(PooledConnection.class);

  private @Nullable ChannelHandlerContext context;
  private @Nullable Runnable whenGone;
  private @Nullable Future<?> alarm;

  /**
   * Something arrived while the connection was in use. The message is the receiver's to release.
   */
  abstract void received(Object message);

  /** The connection is gone. */
  abstract void gone(String why);

  /** Idle from now on; null ends it. */
  final void idle(@Nullable Runnable goneWhileIdle) {
    whenGone = goneWhileIdle;
  }

  final ChannelHandlerContext context() {
    if (context == null) {
      throw new IllegalStateException("not connected yet");
    }
    return context;
  }

  final boolean open() {
    return context().channel().isActive();
  }

  final void close() {
    context().close();
  }

  /** Closes the connection after that long, unless disarmed or armed anew. */
  final void arm(Duration patience, Runnable before) {
    disarm();
    alarm =
        context()
            .executor()
            .schedule(
                () -> {
                  before.run();
                  close();
                },
                patience.toMillis(),
                TimeUnit.MILLISECONDS);
  }

  final void disarm() {
    if (alarm != null) {
      alarm.cancel(false);
      alarm = null;
    }
  }

  @Override
  public final void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  @Override
  public final void channelRead(ChannelHandlerContext ctx, Object message) {
    if (whenGone != null) {
      ReferenceCountUtil.release(message);
      ctx.close();
    } else {
      received(message);
    }
  }

  @Override
  public final void channelInactive(ChannelHandlerContext ctx) {
    Runnable left = whenGone;
    if (left != null) {
      left.run();
    }
    gone("the other side closed the connection");
    ctx.fireChannelInactive();
  }

  @Override
  public final void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    LOG.debug("connection {} fails", ctx.channel(), cause);
    gone(cause.toString());
    ctx.close();
  }
}
