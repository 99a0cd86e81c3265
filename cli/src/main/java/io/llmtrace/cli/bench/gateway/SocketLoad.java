package io.llmtrace.cli.bench.gateway;

import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.testkit.a6.A6Client;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.a6.ExtraQuestion;
import io.llmtrace.testkit.a6.GatewayFrames;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongPredicate;
import java.util.function.Supplier;

/**
 * Calls straight on the socket, as the gateway makes them: the gateway's own cost is not in these
 * figures. One connection a thread, each call after the one before.
 */
final class SocketLoad {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final byte[] LOOPBACK = {127, 0, 0, 1};
  private static final List<Entry> HEADERS =
      List.of(
          new Entry("host", "bench"),
          new Entry("content-type", "application/json"),
          new Entry("user-agent", "bench"),
          new Entry("authorization", "Bearer bench"));

  private final Path socket;
  private final String conf;

  SocketLoad(Path socket, String conf) {
    this.socket = socket;
    this.conf = conf;
  }

  /**
   * As many calls as are answered in a time; the status is 200 for "go on", else that of a stop.
   */
  Outcome closed(Supplier<byte[]> bodies, int connections, double seconds)
      throws InterruptedException, IOException {
    long end = System.nanoTime() + (long) (seconds * 1e9);
    Supplier<A6Frame> frames =
        () -> {
          byte[] body = bodies.get();
          return GatewayFrames.extraInfo(body);
        };
    return run(frames, connections, calls -> System.nanoTime() - end < 0);
  }

  /** One call on each connection, all with the same body. */
  Outcome once(byte[] body, int connections) throws InterruptedException, IOException {
    A6Frame shared = GatewayFrames.extraInfo(body);
    return run(
        () -> new A6Frame(shared.type(), shared.payload().duplicate()),
        connections,
        calls -> calls == 0);
  }

  private Outcome run(Supplier<A6Frame> bodies, int connections, LongPredicate more)
      throws InterruptedException, IOException {
    ExecutorService threads = Executors.newFixedThreadPool(connections);
    try {
      List<Callable<List<long[]>>> clients = new ArrayList<>();
      for (int i = 0; i < connections; i++) {
        clients.add(() -> calls(bodies, more));
      }
      long start = System.nanoTime();
      List<long[]> all = new ArrayList<>();
      for (Future<List<long[]>> each : threads.invokeAll(clients)) {
        all.addAll(each.get());
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      long[] nanos = all.stream().mapToLong(call -> call[0]).toArray();
      Map<Integer, Long> statuses = new java.util.TreeMap<>();
      all.forEach(call -> statuses.merge((int) call[1], 1L, Long::sum));
      return Outcome.of(seconds, statuses, 0, nanos);
    } catch (ExecutionException e) {
      throw new IOException("a call on the socket failed", e.getCause());
    } finally {
      threads.shutdownNow();
    }
  }

  private List<long[]> calls(Supplier<A6Frame> bodies, LongPredicate more) throws IOException {
    List<long[]> calls = new ArrayList<>();
    try (A6Client client = A6Client.connect(socket)) {
      client.send(
          GatewayFrames.prepareConf(
              "route#bench#ext-plugin-post-req#1", List.of(new Entry(RouteConf.CONF_NAME, conf))),
          PATIENCE);
      long token = GatewayFrames.token(next(client));
      while (more.test(calls.size())) {
        A6Frame body = bodies.get();
        long start = System.nanoTime();
        int status = call(client, token, calls.size(), body);
        calls.add(new long[] {System.nanoTime() - start, status});
      }
    }
    return calls;
  }

  private static int call(A6Client client, long token, long id, A6Frame body) throws IOException {
    client.send(
        GatewayFrames.requestCall(
            id, LOOPBACK, "POST", "/v1/chat/completions", List.of(), HEADERS, token),
        PATIENCE);
    while (true) {
      A6Frame frame = next(client);
      if (frame.type() == A6Frame.HTTP_REQ_CALL) {
        return GatewayFrames.requestAnswer(frame)
                instanceof io.llmtrace.testkit.a6.RunnerAnswer.Stop stop
            ? stop.status()
            : 200;
      }
      if (frame.type() != A6Frame.EXTRA_INFO) {
        throw new IOException("a frame of type " + frame.type() + " in the middle of a call");
      }
      client.send(
          GatewayFrames.question(frame) instanceof ExtraQuestion.Variable variable
              ? GatewayFrames.extraInfo(variable(variable.name()))
              : body,
          PATIENCE);
    }
  }

  private static byte[] variable(String name) {
    return (name.equals("route_id") ? "bench" : "").getBytes(StandardCharsets.UTF_8);
  }

  private static A6Frame next(A6Client client) throws IOException {
    return client
        .receive(PATIENCE)
        .orElseThrow(() -> new IOException("the runner closed the connection"));
  }
}
