package io.llmtrace.plugin.gateway;

import io.llmtrace.plugin.gateway.GatewayRequest.BodyState;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What decides about answers that the gateway holds back ({@code ext-plugin-post-resp}), on routes
 * that want that. Thread-safe; both methods are called on an event loop and return at once.
 */
public interface AnswerHandler {
  /** Lets every answer pass. */
  AnswerHandler PASS =
      new AnswerHandler() {
        @Override
        public Optional<HeldAnswer.Decision> withoutBody(HeldAnswer answer) {
          return Optional.of(answer.pass());
        }

        @Override
        public void handle(
            HeldAnswer answer,
            Body body,
            MemoryBudget.Lease lease,
            Consumer<HeldAnswer.Decision> responder) {
          lease.close();
          responder.accept(answer.pass());
        }
      };

  /**
   * The body of an answer.
   *
   * @param bytes as the upstream sent them; empty where {@code state} is not {@code READ}
   * @param length as far as it is known
   * @param completeNanos {@link System#nanoTime()} when it was here: the budget starts now
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Body(byte[] bytes, BodyState state, long length, long completeNanos) {}

  /**
   * What is done by the head alone; empty where the body is to be asked for, which makes the
   * gateway hold the whole answer back.
   */
  Optional<HeldAnswer.Decision> withoutBody(HeldAnswer answer);

  /**
   * Takes an answer with its body.
   *
   * @param lease memory of the body; the handler closes it when it holds the body no longer
   * @param responder takes the decision, exactly once, on any thread
   */
  void handle(
      HeldAnswer answer,
      Body body,
      MemoryBudget.Lease lease,
      Consumer<HeldAnswer.Decision> responder);
}
