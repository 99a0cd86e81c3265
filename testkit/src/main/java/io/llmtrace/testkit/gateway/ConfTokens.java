package io.llmtrace.testkit.gateway;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The tokens that the runner gave, by conf key: what all workers share, behind the cache that each
 * has of its own. One of them prepares at a time; the others wait for the lock, for a while. A
 * holder whose runner does not answer keeps it until it expires. Thread-safe.
 */
final class ConfTokens {
  private final Options.PrepareLock times;
  private final Map<String, Long> tokens = new ConcurrentHashMap<>();
  private final Queue<Waiter> waiting = new ArrayDeque<>();
  private @Nullable Waiter holder;

  ConfTokens(Options.PrepareLock times) {
    this.times = times;
  }

  /**
   * The token of a conf, prepared where it is missing.
   *
   * @param prepare asks the runner; called on {@code loop}, on which the result completes too
   */
  CompletableFuture<Long> get(
      String key, EventLoop loop, Supplier<CompletableFuture<Long>> prepare) {
    Long known = tokens.get(key);
    if (known != null) {
      return CompletableFuture.completedFuture(known);
    }
    Waiter waiter = new Waiter(loop);
    return lock(waiter)
        .thenCompose(
            locked -> {
              Long meanwhile = tokens.get(key);
              return meanwhile == null
                  ? prepare.get()
                  : CompletableFuture.completedFuture(meanwhile);
            })
        .whenComplete(
            (token, failure) -> {
              if (failure == null) {
                tokens.put(key, token);
              }
              unlock(waiter);
            });
  }

  /** The runner did not know one. The gateway then drops them all, and the worker its cache. */
  void forgetAll() {
    tokens.clear();
  }

  private CompletableFuture<Void> lock(Waiter waiter) {
    synchronized (this) {
      waiting.add(waiter);
    }
    Future<?> patience =
        waiter.loop.schedule(
            () ->
                waiter.turn.completeExceptionally(
                    new RunnerFailure("PrepareConf was locked for " + times.patience())),
            times.patience().toMillis(),
            TimeUnit.MILLISECONDS);
    grant();
    return waiter.turn.whenComplete((locked, failure) -> patience.cancel(false));
  }

  private void grant() {
    Waiter next;
    synchronized (this) {
      if (holder != null) {
        return;
      }
      next = waiting.poll();
      holder = next;
    }
    if (next != null) {
      next.loop.execute(
          () -> {
            next.expiry =
                next.loop.schedule(
                    () -> unlock(next), times.expiry().toMillis(), TimeUnit.MILLISECONDS);
            if (!next.turn.complete(null)) {
              unlock(next); // it lost patience
            }
          });
    }
  }

  private void unlock(Waiter waiter) {
    synchronized (this) {
      if (holder != waiter) {
        return;
      }
      holder = null;
    }
    if (waiter.expiry != null) {
      waiter.expiry.cancel(false);
    }
    grant();
  }

  /** A request that wants to prepare; its own event loop completes the turn. */
  private static final class Waiter {
    final EventLoop loop;
    final CompletableFuture<Void> turn = new CompletableFuture<>();
    @Nullable Future<?> expiry;

    Waiter(EventLoop loop) {
      this.loop = loop;
    }
  }
}
