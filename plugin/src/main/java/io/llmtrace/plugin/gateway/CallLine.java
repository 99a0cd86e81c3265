package io.llmtrace.plugin.gateway;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** The connection, as the call on it sees it: of the event loop where nothing else is said. */
interface CallLine {
  /** Writes questions. */
  void ask(ByteBuf questions);

  /** Writes the answer if this is still the connection's call and has none. Any thread. */
  void answer(RequestCall call, Answer answer);

  /** As for a request. Any thread. */
  void answer(ResponseCall call, HeldAnswer.Decision decision, String action);

  void close(String reason);

  Future<?> later(Runnable task, long delay, TimeUnit unit);
}
