package io.llmtrace.plugin.gateway;

import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.gateway.GatewayRequest.BodyState;
import io.llmtrace.policies.exchange.BodyBytes;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The call for a request: the gateway is asked for what the call does not hold, and when the last
 * reply is there the whole is handed on. All state belongs to the connection's event loop but
 * {@code answered}.
 */
final class RequestCall {
  private static final List<String> VARIABLES = List.of("route_id", "consumer_name", "request_id");
  private static final byte[] QUESTIONS = A6.questions(VARIABLES, A6.Asking.VARIABLES);
  private static final byte[] QUESTIONS_AND_BODY = A6.questions(VARIABLES, A6.Asking.BODY_TOO);
  private static final Set<String> METHODS_WITH_BODY = Set.of("POST", "PUT", "PATCH", "DELETE");

  /** The gateway gives up a read after 60 s; an unanswered question after that is a lost peer. */
  private static final long PATIENCE_SECONDS = 65;

  final A6.RequestCall call;
  private final ExchangeHandler handler;
  private final long mostBytes;
  private final CallLine line;
  private final AtomicBoolean answered = new AtomicBoolean();
  private final String[] variables = {"", "", ""};
  private @Nullable RouteConf conf;
  private int repliesLeft;
  private int repliesSeen;
  private BodyBytes body = BodyBytes.NONE;
  private long bodyBytes;
  private BodyState bodyState = BodyState.READ;
  private MemoryBudget.Lease lease = MemoryBudget.Lease.NONE;
  private @Nullable Future<?> patience;

  RequestCall(A6.RequestCall call, ExchangeHandler handler, long mostBytes, CallLine line) {
    this.call = call;
    this.handler = handler;
    this.mostBytes = mostBytes;
    this.line = line;
  }

  /** The route is known. */
  void begin(RouteConf route) {
    conf = route;
    long announced = contentLength(call.headers());
    boolean withBody =
        METHODS_WITH_BODY.contains(call.method())
            || announced > 0
            || call.headers().containsKey("transfer-encoding");
    if (withBody && announced > mostBytes) {
      bodyState = BodyState.TOO_LARGE;
      bodyBytes = announced;
      withBody = false;
    }
    repliesLeft = VARIABLES.size() + (withBody ? 1 : 0);
    patience =
        line.later(
            () -> {
              if (repliesLeft > 0) {
                line.close("silent_gateway");
              }
            },
            PATIENCE_SECONDS,
            TimeUnit.SECONDS);
    // All questions at once: one round trip instead of four.
    line.ask(Unpooled.wrappedBuffer(withBody ? QUESTIONS_AND_BODY : QUESTIONS));
  }

  /**
   * The gateway's next reply to what was asked.
   *
   * @return whether the frame's lease has moved on to the call
   */
  boolean reply(Frame frame) throws BadFrameException {
    if (repliesLeft == 0) {
      line.close("unasked_reply");
      return false;
    }
    boolean moved = false;
    int index = repliesSeen++;
    repliesLeft--;
    byte[] payload = frame.payload();
    if (index < VARIABLES.size()) {
      if (payload != null) {
        variables[index] = A6.extraInfo(payload).utf8();
      }
    } else if (payload == null) {
      bodyState = BodyState.NO_MEMORY;
      bodyBytes = frame.length();
    } else {
      body = A6.extraInfo(payload);
      bodyBytes = body.length();
      if (bodyBytes > mostBytes) {
        bodyState = BodyState.TOO_LARGE;
        body = BodyBytes.NONE;
      } else {
        lease = frame.lease().own();
        moved = true;
      }
    }
    if (repliesLeft == 0) {
      handOn();
    }
    return moved;
  }

  private void handOn() {
    Future<?> waiting = patience;
    if (waiting != null) {
      waiting.cancel(false);
    }
    RouteConf route = conf;
    if (route == null) {
      line.close("no_conf");
      return;
    }
    GatewayRequest request =
        new GatewayRequest(
            route,
            call.method(),
            call.path(),
            call.headers(),
            body,
            bodyState,
            bodyBytes,
            variables[0],
            variables[1],
            variables[2],
            call.remoteAddress(),
            System.nanoTime());
    body = BodyBytes.NONE;
    handler.handle(request, lease, answer -> line.answer(this, answer));
  }

  /** Whether the caller is the one who answers. Any thread. */
  boolean take() {
    return answered.compareAndSet(false, true);
  }

  void abandon() {
    Future<?> waiting = patience;
    if (waiting != null) {
      waiting.cancel(false);
    }
    answered.set(true);
    if (repliesLeft > 0) {
      repliesLeft = 0;
      // Not handed on yet, so nobody else gives its memory back.
      lease.close();
    }
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
