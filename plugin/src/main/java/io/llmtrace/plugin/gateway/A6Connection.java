package io.llmtrace.plugin.gateway;

import io.llmtrace.plugin.conf.ConfTable;
import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.gateway.GatewayRequest.BodyState;
import io.llmtrace.policies.exchange.BodyBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
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
  private static final List<String> VARIABLES = List.of("route_id", "consumer_name", "request_id");
  private static final byte[] QUESTIONS = A6.questions(VARIABLES, A6.Asking.VARIABLES);
  private static final byte[] QUESTIONS_AND_BODY = A6.questions(VARIABLES, A6.Asking.BODY_TOO);
  private static final Set<String> METHODS_WITH_BODY = Set.of("POST", "PUT", "PATCH", "DELETE");

  /** The gateway gives up a read after 60 s; an unanswered question after that is a lost peer. */
  private static final long PATIENCE_SECONDS = 65;

  private final A6Server server;
  private final ConfTable confs;
  private final ExchangeHandler handler;
  private final AnswerHandler answers;
  private final GatewayMetrics metrics;
  private final long maxRequestBody;
  private @Nullable Channel channel;
  private @Nullable Call call;
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

  private static final class Call {
    final A6.RequestCall request;
    final AtomicBoolean answered = new AtomicBoolean();
    final String[] variables = {"", "", ""};
    @Nullable RouteConf conf;
    int repliesLeft;
    int repliesSeen;
    BodyBytes body = BodyBytes.NONE;
    long bodyBytes;
    BodyState bodyState = BodyState.READ;
    MemoryBudget.Lease lease = MemoryBudget.Lease.NONE;
    @Nullable Future<?> patience;

    Call(A6.RequestCall request) {
      this.request = request;
    }
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
        moved = held == null ? extraInfo(frame) : held.reply(frame);
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
    ResponseCall made = new ResponseCall(response, answers, maxRequestBody, new HeldLine());
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

  /** The connection as a held answer sees it. */
  private final class HeldLine implements ResponseCall.Line {
    @Override
    public void ask(ByteBuf question) {
      send(question);
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
    Call made = new Call(A6.requestCall(payload));
    if (server.sendsCallsAway()) {
      // The gateway closes this connection and prepares again, on the process that took over.
      write(A6.tokenNotFound(), "handed_over");
      return;
    }
    call = made;
    find(made.request.token(), conf -> lookedUp(made, conf));
  }

  private void lookedUp(Call made, @Nullable RouteConf conf) {
    if (call != made) {
      return;
    }
    if (conf != null) {
      ask(made, conf);
    } else if (made.answered.compareAndSet(false, true)) {
      done();
      write(A6.tokenNotFound(), "token_not_found");
    }
  }

  private void ask(Call made, RouteConf conf) {
    made.conf = conf;
    long announced = contentLength(made.request.headers());
    boolean body =
        METHODS_WITH_BODY.contains(made.request.method())
            || announced > 0
            || made.request.headers().containsKey("transfer-encoding");
    if (body && announced > maxRequestBody) {
      made.bodyState = BodyState.TOO_LARGE;
      made.bodyBytes = announced;
      body = false;
    }
    made.repliesLeft = VARIABLES.size() + (body ? 1 : 0);
    made.patience =
        channel()
            .eventLoop()
            .schedule(
                () -> {
                  if (call == made && made.repliesLeft > 0) {
                    close("silent_gateway");
                  }
                },
                PATIENCE_SECONDS,
                TimeUnit.SECONDS);
    // All questions at once: one round trip instead of four.
    send(Unpooled.wrappedBuffer(body ? QUESTIONS_AND_BODY : QUESTIONS));
  }

  /** Whether the frame's lease has moved on to the call. */
  private boolean extraInfo(Frame frame) throws BadFrameException {
    Call current = call;
    if (current == null || current.repliesLeft == 0) {
      close("unasked_reply");
      return false;
    }
    boolean moved = false;
    int index = current.repliesSeen++;
    current.repliesLeft--;
    byte[] payload = frame.payload();
    if (index < VARIABLES.size()) {
      if (payload != null) {
        current.variables[index] = A6.extraInfo(payload).utf8();
      }
    } else if (payload == null) {
      current.bodyState = BodyState.NO_MEMORY;
      current.bodyBytes = frame.length();
    } else {
      current.body = A6.extraInfo(payload);
      current.bodyBytes = current.body.length();
      if (current.bodyBytes > maxRequestBody) {
        current.bodyState = BodyState.TOO_LARGE;
        current.body = BodyBytes.NONE;
      } else {
        current.lease = frame.lease();
        moved = true;
      }
    }
    if (current.repliesLeft == 0) {
      handOn(current);
    }
    return moved;
  }

  private void handOn(Call current) {
    if (current.patience != null) {
      current.patience.cancel(false);
    }
    RouteConf conf = current.conf;
    if (conf == null) {
      close("no_conf");
      return;
    }
    GatewayRequest request =
        new GatewayRequest(
            conf,
            current.request.method(),
            current.request.path(),
            current.request.headers(),
            current.body,
            current.bodyState,
            current.bodyBytes,
            current.variables[0],
            current.variables[1],
            current.variables[2],
            current.request.remoteAddress(),
            System.nanoTime());
    current.body = BodyBytes.NONE;
    handler.handle(request, current.lease, answer -> answer(current, answer));
  }

  /** Called from any thread. */
  private void answer(Call answered, Answer answer) {
    if (!answered.answered.compareAndSet(false, true)) {
      metrics.lateAnswer();
      return;
    }
    finish(
        () -> call == answered,
        A6.answer(answered.request.id(), answer),
        answer instanceof Answer.Stop ? "stop" : "rewrite");
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
    Call abandoned = call;
    call = null;
    if (abandoned == null) {
      return;
    }
    if (abandoned.patience != null) {
      abandoned.patience.cancel(false);
    }
    abandoned.answered.set(true);
    if (abandoned.repliesLeft > 0) {
      // Not handed on yet, so nobody else gives its memory back.
      abandoned.lease.close();
    }
  }

  private Channel channel() {
    Channel ch = channel;
    if (ch == null) {
      throw new IllegalStateException("connection used before it was opened");
    }
    return ch;
  }

  private static long contentLength(Map<String, String> headers) {
    String text = headers.get("content-length");
    if (text == null) {
      return 0;
    }
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      // The gateway has judged the header already; we only want a hint, and have none.
      return 0;
    }
  }
}
