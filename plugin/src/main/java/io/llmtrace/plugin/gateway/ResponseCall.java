package io.llmtrace.plugin.gateway;

import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.gateway.GatewayRequest.BodyState;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The call for an answer that the gateway holds back: it is asked for the id of the request and
 * then, if need be, for the body. All state belongs to the connection's event loop but {@code
 * answered}.
 */
final class ResponseCall {
  /** APISIX keeps it in the request's headers, and shows those as variables. */
  private static final String ID_VARIABLE = "http_x_llmtrace_id";

  /** A provider may take its time for the body, and the gateway has its own time-out for it. */
  private static final long PATIENCE_SECONDS = 600;

  final A6.ResponseCall call;
  private final AnswerHandler handler;
  private final long mostBytes;
  private final CallLine line;
  private final AtomicBoolean answered = new AtomicBoolean();
  private @Nullable RouteConf conf;
  private @Nullable HeldAnswer answer;
  private Asked asked = Asked.NOTHING;
  private @Nullable Future<?> patience;

  private enum Asked {
    NOTHING,
    ID,
    BODY
  }

  ResponseCall(A6.ResponseCall call, AnswerHandler handler, long mostBytes, CallLine line) {
    this.call = call;
    this.handler = handler;
    this.mostBytes = mostBytes;
    this.line = line;
  }

  /** The route is known. */
  void begin(RouteConf route) {
    conf = route;
    if (!route.enforceAnswers()) {
      answer(held(route, "").pass());
      return;
    }
    asked = Asked.ID;
    patience =
        line.later(
            () -> {
              if (asked != Asked.NOTHING) {
                line.close("silent_gateway");
              }
            },
            PATIENCE_SECONDS,
            TimeUnit.SECONDS);
    line.ask(A6.askVariable(ID_VARIABLE));
  }

  private HeldAnswer held(RouteConf route, String id) {
    return new HeldAnswer(route, call.status(), call.headers(), id, mostBytes);
  }

  /**
   * The gateway's reply to what was asked.
   *
   * @return whether the frame's lease has moved on to the handler
   */
  boolean reply(Frame frame) throws BadFrameException {
    byte[] payload = frame.payload();
    RouteConf route = conf;
    HeldAnswer held = answer;
    switch (asked) {
      case ID -> {
        if (route == null) {
          throw new IllegalStateException("asked before the route was known");
        }
        asked = Asked.NOTHING;
        String id = payload == null ? "" : A6.extraInfo(payload).utf8();
        HeldAnswer head = held(route, id);
        answer = head;
        Optional<HeldAnswer.Decision> early = handler.withoutBody(head);
        if (early.isPresent()) {
          answer(early.get());
        } else {
          asked = Asked.BODY;
          line.ask(A6.askResponseBody());
        }
        return false;
      }
      case BODY -> {
        if (held == null) {
          throw new IllegalStateException("a body of no answer");
        }
        asked = Asked.NOTHING;
        stopWaiting();
        byte[] body = payload == null ? new byte[0] : A6.extraInfo(payload).alone();
        BodyState state =
            payload == null
                ? BodyState.NO_MEMORY
                : body.length > mostBytes ? BodyState.TOO_LARGE : BodyState.READ;
        boolean read = state == BodyState.READ;
        handler.handle(
            held,
            new AnswerHandler.Body(
                read ? body : new byte[0],
                state,
                payload == null ? frame.length() : body.length,
                System.nanoTime()),
            read ? frame.lease().own() : MemoryBudget.Lease.NONE,
            this::answer);
        return read;
      }
      case NOTHING -> line.close("unasked_reply");
    }
    return false;
  }

  /** Any thread. */
  private void answer(HeldAnswer.Decision decision) {
    String action =
        decision.status() != 0
            ? "response_stop"
            : decision.body() != null ? "response_changed" : "response_go_on";
    line.answer(this, decision, action);
  }

  /** Whether the caller is the one who answers. */
  boolean take() {
    return answered.compareAndSet(false, true);
  }

  void stopWaiting() {
    Future<?> waiting = patience;
    if (waiting != null) {
      waiting.cancel(false);
    }
  }

  void abandon() {
    answered.set(true);
    asked = Asked.NOTHING;
    stopWaiting();
  }
}
