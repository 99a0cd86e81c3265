package io.llmtrace.testkit.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One connection to an upstream node, behind an HTTP codec; one request at a time. */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is heard of
final class UpstreamConnection extends PooledConnection {
  private static final int BAD_GATEWAY = 502;
  private static final int GATEWAY_TIMEOUT = 504;

  private @Nullable UpstreamListener listener;
  private Consumer<UpstreamConnection> whenFree = UpstreamConnection::close;
  private Duration timeout = Duration.ZERO;
  private boolean sent;
  private boolean answered;
  private boolean keepAlive;
  private boolean informational;

  /**
   * Sends a request.
   *
   * @param silence how long the upstream may say nothing
   * @param free gets the connection back if it can serve another request
   */
  void send(
      FullHttpRequest request,
      Duration silence,
      UpstreamListener receiver,
      Consumer<UpstreamConnection> free) {
    listener = receiver;
    timeout = silence;
    whenFree = free;
    sent = false;
    answered = false;
    read(true);
    context()
        .channel()
        .writeAndFlush(request)
        .addListener(
            written -> {
              sent = written.isSuccess();
              if (!sent) {
                gone("cannot write: " + written.cause());
              }
            });
  }

  /** Whether any part of an answer has come. */
  boolean answered() {
    return answered;
  }

  /** Stops or goes on reading; while it does not read the upstream may be as slow as it likes. */
  void read(boolean on) {
    context().channel().config().setAutoRead(on);
    if (on && listener != null) {
      arm();
    } else {
      disarm();
    }
  }

  /** The receiver wants no more. */
  void abandon() {
    listener = null;
    disarm();
    close();
  }

  @Override
  void received(Object message) {
    UpstreamListener receiver = listener;
    try {
      if (receiver == null) {
        close();
        return;
      }
      if (message instanceof HttpObject part && part.decoderResult().isFailure()) {
        gone("not HTTP: " + part.decoderResult().cause());
        close();
        return;
      }
      arm();
      if (message instanceof HttpResponse head) {
        informational = head.status().codeClass() == HttpStatusClass.INFORMATIONAL;
        if (!informational) {
          answered = true;
          keepAlive = HttpUtil.isKeepAlive(head);
          receiver.head(head);
        }
      }
      if (!informational && message instanceof HttpContent content) {
        if (content.content().isReadable()) {
          receiver.content(content.content());
        }
        if (message instanceof LastHttpContent && listener != null) {
          finish(receiver);
        }
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  /** The connection is handed on first: the next request may follow at once. */
  private void finish(UpstreamListener receiver) {
    disarm();
    listener = null;
    context().channel().config().setAutoRead(true); // an idle connection is read to see it end
    if (keepAlive && sent) {
      whenFree.accept(this);
    } else {
      close();
    }
    receiver.end();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (listener != null) {
      listener.pause();
    }
    ctx.fireChannelReadComplete();
  }

  @Override
  void gone(String why) {
    fail(BAD_GATEWAY, why);
  }

  private void fail(int status, String why) {
    UpstreamListener receiver = listener;
    disarm();
    listener = null;
    if (receiver != null) {
      receiver.failed(new UpstreamFailure(status, why));
    }
  }

  private void arm() {
    arm(timeout, () -> fail(GATEWAY_TIMEOUT, "silent for " + timeout));
  }
}
