package io.llmtrace.testkit.gateway;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One worker's idle connections to one address, last in first out. For one event loop: every
 * connection in it must be registered there.
 */
final class ConnectionPool<C extends PooledConnection> {
  private final Options.Pool limits;
  private final Deque<C> idle = new ArrayDeque<>();

  ConnectionPool(Options.Pool limits) {
    this.limits = limits;
  }

  /**
   * The one that came back last, as it is: whether the other side still serves it is not looked at.
   * One that was closed here is passed over, as Netty tells of a close only a task later.
   */
  @Nullable C take() {
    for (C next = idle.pollFirst(); next != null; next = idle.pollFirst()) {
      forget(next);
      if (next.open()) {
        return next;
      }
    }
    return null;
  }

  /** Takes a connection that has nothing more to say. */
  void park(C connection) {
    if (!connection.open()) {
      return;
    }
    connection.idle(() -> drop(connection));
    idle.addFirst(connection);
    connection.arm(limits.idle(), () -> {});
    if (idle.size() > limits.size()) {
      idle.getLast().close();
    }
  }

  private void drop(C connection) {
    idle.remove(connection);
    forget(connection);
  }

  private void forget(C connection) {
    connection.idle(null);
    connection.disarm();
  }
}
