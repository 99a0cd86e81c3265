package io.llmtrace.testkit.gateway;

import io.llmtrace.testkit.a6.A6Client;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.a6.ExtraQuestion;
import io.llmtrace.testkit.a6.GatewayFrames;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The gateway's end of A6: a LIFO pool of connections, tokens by conf key, three tries on an
 * unknown token. The first frame of the call's type on the connection is taken as its answer,
 * whatever id it carries: the real gateway does not compare either. Thread-safe; calls block.
 */
final class RunnerLink implements AutoCloseable {
  private static final int TRIES = 3;

  private record Idle(A6Client client, long since) {}

  private final Options options;
  private final Deque<Idle> idle = new ArrayDeque<>();
  private final Map<String, Long> tokens = new ConcurrentHashMap<>();
  private final AtomicInteger ids = new AtomicInteger();

  RunnerLink(Options options) {
    this.options = options;
  }

  long nextId() {
    return ids.incrementAndGet() & 0x3fffff;
  }

  /**
   * One call with its questions.
   *
   * @param decode reads the answer; an answer that cannot be read is a failure of the runner
   */
  <T> T call(
      int type,
      String confKey,
      List<Entry> conf,
      LongFunction<A6Frame> callWithToken,
      Function<ExtraQuestion, byte @Nullable []> answers,
      Function<A6Frame, T> decode)
      throws RunnerFailure {
    try {
      for (int attempt = 0; attempt < TRIES; attempt++) {
        A6Frame answer = attempt(type, confKey, conf, callWithToken, answers);
        if (answer.type() == type) {
          return decode.apply(answer);
        }
        if (answer.type() != A6Frame.ERROR || !GatewayFrames.isTokenNotFound(answer)) {
          throw new RunnerFailure("runner answered with a frame of type " + answer.type());
        }
        tokens.remove(confKey);
      }
      throw new RunnerFailure("runner does not know the token it gave, " + TRIES + " tries");
    } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new RunnerFailure("no decision from the runner: " + e.getMessage(), e);
    }
  }

  private A6Frame attempt(
      int type,
      String confKey,
      List<Entry> conf,
      LongFunction<A6Frame> callWithToken,
      Function<ExtraQuestion, byte @Nullable []> answers)
      throws IOException {
    A6Client client = acquire();
    boolean keep = false;
    try {
      Long token = tokens.get(confKey);
      if (token == null) {
        token = prepare(confKey, conf);
        tokens.put(confKey, token);
      }
      client.send(callWithToken.apply(token), options.runnerTimeout());
      A6Frame frame = receive(client);
      while (frame.type() == A6Frame.EXTRA_INFO) {
        byte[] result = answers.apply(GatewayFrames.question(frame));
        client.send(GatewayFrames.extraInfo(result), options.runnerTimeout());
        frame = receive(client);
      }
      keep = frame.type() == type;
      return frame;
    } finally {
      release(client, keep);
    }
  }

  private long prepare(String confKey, List<Entry> conf) throws IOException {
    A6Client client = acquire();
    boolean keep = false;
    try {
      client.send(GatewayFrames.prepareConf(confKey, conf), options.runnerTimeout());
      A6Frame frame = receive(client);
      keep = frame.type() == A6Frame.PREPARE_CONF;
      if (!keep) {
        throw new IOException("prepare_conf answered with a frame of type " + frame.type());
      }
      return GatewayFrames.token(frame);
    } finally {
      release(client, keep);
    }
  }

  private A6Frame receive(A6Client client) throws IOException {
    return client
        .receive(options.runnerTimeout())
        .orElseThrow(() -> new IOException("runner closed the connection"));
  }

  private A6Client acquire() throws IOException {
    long oldest = System.nanoTime() - options.poolIdle().toNanos();
    while (true) {
      Idle next;
      synchronized (idle) {
        next = idle.pollFirst();
      }
      if (next == null) {
        return A6Client.connect(options.runnerSocket());
      }
      // nginx closes an idle connection on which bytes arrive; a byte after this point is an
      // answer.
      if (next.since() - oldest > 0 && next.client().isIdle()) {
        return next.client();
      }
      next.client().close();
    }
  }

  private void release(A6Client client, boolean keep) throws IOException {
    if (keep) {
      long now = System.nanoTime();
      long oldest = now - options.poolIdle().toNanos();
      List<Idle> surplus = new ArrayList<>();
      synchronized (idle) {
        idle.addFirst(new Idle(client, now));
        while (idle.size() > options.poolSize() || idle.getLast().since() - oldest < 0) {
          surplus.add(idle.removeLast());
        }
      }
      for (Idle each : surplus) {
        each.client().close();
      }
    } else {
      client.close();
    }
  }

  @Override
  public void close() throws IOException {
    synchronized (idle) {
      for (Idle each : idle) {
        each.client().close();
      }
      idle.clear();
    }
  }
}
