package io.llmtrace.plugin.gateway;

import io.llmtrace.plugin.conf.ConfTable;
import io.llmtrace.plugin.conf.RouteConf;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection from the gateway, and the call on it. All state belongs to the event loop. */
final class A6Connection extends ChannelInboundHandlerAdapter {
  /*
   * The gateway does not match answers to calls: whatever is written next on a connection is taken
   * as the answer to the next call. So a call is answered by whoever wins its one compare-and-set,
   * the write happens on the event loop and only while that call is still the connection's call,
   * and a connection whose state is in any doubt is closed instead of repaired.
   */
  private static final Logger LOG = LoggerFactory.getLogger(A6Connection.class);

  private final A6Server server;
  private final ConfTable confs;
  private final ExchangeHandler handler;
  private final AnswerHandler answers;
  private final GatewayMetrics metrics;
  private final long maxRequestBody;
  private final CallLine line = new Line();
  private @Nullable Channel channel;
  private @Nullable RequestCall call;
  private @Nullable ResponseCall held;
  private long idleSince = System.nanoTime();

  A6Connection(
      A6Server server,
      ConfTable confs,
      ExchangeHandler handler,
      AnswerHandler answers,
      GatewayMetrics metrics,
      long maxRequestBody) {
    this.server = server;
    this.confs = confs;
    this.handler = handler;
    this.answers = answers;
    this.metrics = metrics;
    this.maxRequestBody = maxRequestBody;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    channel = ctx.channel();
    server.opened(this);
    ctx.fireChannelActive();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    abandonCall();
    server.closed(this);
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    LOG.debug("connection from the gateway failed", cause);
    close("io_error");
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    Frame frame = (Frame) message;
    metrics.frame(frame.type());
    byte[] payload = frame.payload();
    boolean moved = false;
    try {
      if (frame.type() == Frame.EXTRA_INFO) {
        moved = reply(frame);
      } else if (call != null || held != null) {
        close("call_in_call");
      } else if (payload == null) {
        close("no_memory");
      } else {
        switch (frame.type()) {
          case Frame.PREPARE_CONF -> prepareConf(payload);
          case Frame.HTTP_REQ_CALL -> requestCall(payload);
          case Frame.HTTP_RESP_CALL -> responseCall(payload);
          default -> close("unexpected_frame");
        }
      }
    } catch (BadFrameException e) {
      LOG.debug("bad {} frame: {}", Frame.name(frame.type()), e.getMessage());
      close("bad_frame");
    } finally {
      // Whatever has not moved on to its call is done with.
      if (!moved) {
        frame.lease().close();
      }
    }
  }

  private void prepareConf(byte[] payload) throws BadFrameException {
    A6.PrepareConf prepare = A6.prepareConf(payload);
    write(A6.token(confs.prepare(prepare.key(), prepare.conf())), "token");
  }

  private void responseCall(byte[] payload) throws BadFrameException {
    A6.ResponseCall response = A6.responseCall(payload);
    ResponseCall made = new ResponseCall(response, answers, maxRequestBody, line);
    held = made;
    find(
        response.token(),
        conf -> {
          if (held != made) {
            return;
          }
          if (conf != null) {
            made.begin(conf);
          } else if (made.take()) {
            done();
            write(A6.tokenNotFound(), "token_not_found");
          }
        });
  }

  private final class Line implements CallLine {
    @Override
    public void ask(ByteBuf questions) {
      send(questions);
    }

    @Override
    public void answer(RequestCall answered, Answer answer) {
      if (answered.take()) {
        finish(
            () -> call == answered,
            A6.answer(answered.call.id(), answer),
            answer instanceof Answer.Stop ? "stop" : "rewrite");
      } else {
        metrics.lateAnswer();
      }
    }

    @Override
    public void answer(ResponseCall answered, HeldAnswer.Decision decision, String action) {
      if (answered.take()) {
        finish(() -> held == answered, A6.answer(answered.call.id(), decision), action);
      } else {
        metrics.lateAnswer();
      }
    }

    @Override
    public void close(String reason) {
      A6Connection.this.close(reason);
    }

    @Override
    public Future<?> later(Runnable task, long delay, TimeUnit unit) {
      return channel().eventLoop().schedule(task, delay, unit);
    }
  }

  /** Finds a route's configuration, here or in what other processes wrote; on the event loop. */
  private void find(int token, Consumer<@Nullable RouteConf> then) {
    RouteConf conf = confs.find(token);
    if (conf != null) {
      then.accept(conf);
      return;
    }
    Channel ch = channel();
    var unused =
        confs
            .reload(token)
            .thenAccept(
                found -> {
                  try {
                    ch.eventLoop().execute(() -> then.accept(found));
                  } catch (RejectedExecutionException e) {
                    LOG.debug("a call came too late for this process", e);
                  }
                });
  }

  private void requestCall(byte[] payload) throws BadFrameException {
    A6.RequestCall request = A6.requestCall(payload);
    if (server.sendsCallsAway()) {
      // The gateway closes this connection and prepares again, on the process that took over.
      write(A6.tokenNotFound(), "handed_over");
      return;
    }
    RequestCall made = new RequestCall(request, handler, maxRequestBody, line);
    call = made;
    find(
        request.token(),
        conf -> {
          if (call != made) {
            return;
          }
          if (conf != null) {
            made.begin(conf);
          } else if (made.take()) {
            done();
            write(A6.tokenNotFound(), "token_not_found");
          }
        });
  }

  /** Whether the frame's lease has moved on to the call. */
  private boolean reply(Frame frame) throws BadFrameException {
    if (held != null) {
      return held.reply(frame);
    }
    if (call != null) {
      return call.reply(frame);
    }
    close("unasked_reply");
    return false;
  }

  /** Writes an answer if its call is still the connection's. Any thread. */
  private void finish(BooleanSupplier current, ByteBuf frame, String action) {
    Channel ch = channel();
    try {
      ch.eventLoop()
          .execute(
              () -> {
                if (!current.getAsBoolean() || !ch.isActive()) {
                  frame.release();
                  metrics.lateAnswer();
                  return;
                }
                done();
                write(frame, action);
              });
    } catch (RejectedExecutionException e) {
      frame.release();
      metrics.lateAnswer();
    }
  }

  private void done() {
    if (held != null) {
      held.stopWaiting();
    }
    held = null;
    call = null;
    idleSince = System.nanoTime();
  }

  private void write(ByteBuf frame, String action) {
    metrics.answered(action);
    idleSince = System.nanoTime();
    send(frame);
  }

  private void send(ByteBuf frames) {
    channel()
        .writeAndFlush(frames)
        .addListener(
            written -> {
              if (!written.isSuccess()) {
                close("write_failed");
              }
            });
  }

  /** Closes the connection if nothing has happened on it for that long. Any thread. */
  void closeIfIdle(long nanos) {
    Channel ch = channel();
    onLoop(
        ch,
        () -> {
          if (call == null && held == null && System.nanoTime() - idleSince >= nanos) {
            close("drained");
          }
        });
  }

  /** Closes the connection whatever it is doing. Any thread. */
  void closeNow(String reason) {
    onLoop(channel(), () -> close(reason));
  }

  private static void onLoop(Channel ch, Runnable task) {
    try {
      ch.eventLoop().execute(task);
    } catch (RejectedExecutionException e) {
      // The loops are gone, and with them every connection.
      LOG.debug("event loop closed", e);
    }
  }

  private void close(String reason) {
    if (channel().isActive()) {
      metrics.closed(reason);
    }
    abandonCall();
    var unused = channel().close();
  }

  private void abandonCall() {
    if (held != null) {
      held.abandon();
      held = null;
    }
    RequestCall abandoned = call;
    call = null;
    if (abandoned != null) {
      abandoned.abandon();
    }
  }

  private Channel channel() {
    Channel ch = channel;
    if (ch == null) {
      throw new IllegalStateException("connection used before it was opened");
    }
    return ch;
  }
}
