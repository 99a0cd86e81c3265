package io.llmtrace.testkit.gateway;

import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.a6.GatewayFrames;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * One worker's end of A6: pooled connections, tokens by conf key, three tries on an unknown token.
 * The first frame of the call's type on the connection is taken as its answer, whatever id it
 * carries: the real gateway does not compare either. For one event loop.
 */
final class RunnerLink {
  private static final int TRIES = 3;
  private static final int CONNECT_MILLIS = 1_000;
  private static final int COUNTER_BITS = 22;

  private final Options options;
  private final EventLoop loop;
  private final ConfTokens tokens;
  private final int worker;
  private final ConnectionPool<RunnerConnection> pool;
  private final Map<String, Long> cached = new HashMap<>();
  private int calls;

  RunnerLink(Options options, EventLoop loop, ConfTokens tokens, int worker) {
    this.options = options;
    this.loop = loop;
    this.tokens = tokens;
    this.worker = worker;
    this.pool = new ConnectionPool<>(options.runnerPool());
  }

  /** One call with its questions; {@link RunnerFailure#of} tells why there is no decision. */
  <T> CompletableFuture<T> call(RunnerCall<T> call) {
    return attempt(call, 1);
  }

  private <T> CompletableFuture<T> attempt(RunnerCall<T> call, int number) {
    return connect()
        .thenCompose(connection -> exchange(connection, call))
        .thenCompose(
            answer -> {
              if (answer.type() == call.type()) {
                return CompletableFuture.completedFuture(call.decode(answer));
              }
              if (answer.type() != A6Frame.ERROR || !GatewayFrames.isTokenNotFound(answer)) {
                throw new RunnerFailure("answered with a frame of type " + answer.type());
              }
              cached.clear();
              tokens.forgetAll();
              if (number == TRIES) {
                throw new RunnerFailure("does not know the token it gave, " + TRIES + " tries");
              }
              return attempt(call, number + 1);
            });
  }

  /** The token comes second: the real gateway opens the call's connection before it prepares. */
  private CompletableFuture<A6Frame> exchange(RunnerConnection connection, RunnerCall<?> call) {
    return token(call)
        .thenCompose(token -> connection.ask(call.frame(nextId(), token)))
        .thenCompose(frame -> converse(connection, call, frame))
        .whenComplete(
            (frame, failure) ->
                release(connection, failure == null && frame.type() == call.type()));
  }

  /** From this worker's cache, which a runner's restart does not reach until a call meets it. */
  private CompletableFuture<Long> token(RunnerCall<?> call) {
    String key = call.confKey();
    Long known = cached.get(key);
    return known != null
        ? CompletableFuture.completedFuture(known)
        : tokens
            .get(key, loop, () -> prepare(key, call.conf()))
            .whenComplete(
                (token, failure) -> {
                  if (failure == null) {
                    cached.put(key, token);
                  }
                });
  }

  private CompletableFuture<A6Frame> converse(
      RunnerConnection connection, RunnerCall<?> call, A6Frame frame) {
    if (frame.type() != A6Frame.EXTRA_INFO) {
      return CompletableFuture.completedFuture(frame);
    }
    return call.answer(GatewayFrames.question(frame))
        .thenCompose(result -> connection.ask(GatewayFrames.extraInfo(result)))
        .thenCompose(next -> converse(connection, call, next));
  }

  private CompletableFuture<Long> prepare(String key, List<Entry> conf) {
    return connect()
        .thenCompose(
            connection ->
                connection
                    .ask(GatewayFrames.prepareConf(key, conf))
                    .whenComplete(
                        (frame, failure) ->
                            release(
                                connection,
                                failure == null && frame.type() == A6Frame.PREPARE_CONF)))
        .thenApply(
            frame -> {
              if (frame.type() != A6Frame.PREPARE_CONF) {
                throw new RunnerFailure("prepared with a frame of type " + frame.type());
              }
              return GatewayFrames.token(frame);
            });
  }

  private CompletableFuture<RunnerConnection> connect() {
    RunnerConnection pooled = pool.take();
    if (pooled != null) {
      return CompletableFuture.completedFuture(pooled);
    }
    CompletableFuture<RunnerConnection> opened = new CompletableFuture<>();
    RunnerConnection connection = new RunnerConnection(options.runnerTimeout());
    new Bootstrap()
        .group(loop)
        .channel(options.transport().unix())
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
        .handler(connection)
        .connect(options.transport().address(options.runnerSocket()))
        .addListener(
            connected -> {
              if (connected.isSuccess()) {
                opened.complete(connection);
              } else {
                opened.completeExceptionally(
                    new RunnerFailure("cannot connect", connected.cause()));
              }
            });
    return opened;
  }

  private void release(RunnerConnection connection, boolean keep) {
    if (keep && !connection.hasUnread()) {
      pool.park(connection);
    } else {
      connection.close();
    }
  }

  private long nextId() {
    int counter = calls++ & ((1 << COUNTER_BITS) - 1);
    return ((long) worker << COUNTER_BITS) + counter;
  }
}
