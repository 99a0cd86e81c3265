package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.Sent.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Requests at a fixed rate, whatever becomes of those before: a slow system does not get less to
 * do. {@link #stop} waits for the last answer. For one thread.
 */
final class Traffic implements AutoCloseable {
  /** Of twenty requests: what tenants send, with some attacks, and a route that is closed. */
  private static final List<Kind> MIX =
      List.of(
          Kind.JSON,
          Kind.STREAM,
          Kind.JSON,
          Kind.CLOSED,
          Kind.ATTACK,
          Kind.JSON,
          Kind.STREAM,
          Kind.JSON,
          Kind.JSON,
          Kind.ATTACK_STREAM,
          Kind.JSON,
          Kind.STREAM,
          Kind.JSON,
          Kind.CLOSED,
          Kind.JSON,
          Kind.STREAM,
          Kind.ATTACK,
          Kind.JSON,
          Kind.STREAM,
          Kind.JSON);

  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "chaos-traffic");
            thread.setDaemon(true);
            return thread;
          });
  private final AtomicInteger number = new AtomicInteger();
  private final Queue<CompletableFuture<Sent>> underway = new ConcurrentLinkedQueue<>();
  private final AtomicInteger unanswered = new AtomicInteger();
  private final AtomicInteger heldBack = new AtomicInteger();
  private final Client client;
  private final int most;
  private final ScheduledFuture<?> ticking;

  Traffic(Client client, int perSecond) {
    this(client, perSecond, Integer.MAX_VALUE);
  }

  /**
   * As many clients at most: one that has no answer sends no more. Without a bound, whatever cannot
   * be carried would pile up in sockets until the sender has no more of them.
   *
   * @param most requests without an answer
   */
  Traffic(Client client, int perSecond, int most) {
    this.client = client;
    this.most = most;
    this.ticking =
        clock.scheduleAtFixedRate(
            this::next, 0, TimeUnit.SECONDS.toNanos(1) / perSecond, TimeUnit.NANOSECONDS);
  }

  /**
   * As many as are answered, so many at a time.
   *
   * @return all that was sent
   */
  static List<Sent> closed(Client client, int connections, Duration time)
      throws InterruptedException {
    Queue<Sent> all = new ConcurrentLinkedQueue<>();
    AtomicInteger numbers = new AtomicInteger(1_000_000);
    long end = System.nanoTime() + time.toNanos();
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      Thread thread =
          new Thread(
              () -> {
                while (System.nanoTime() < end) {
                  int n = numbers.getAndIncrement();
                  all.add(client.send(MIX.get(n % MIX.size()), n).join());
                }
              },
              "chaos-closed-" + i);
      thread.start();
      clients.add(thread);
    }
    for (Thread thread : clients) {
      thread.join();
    }
    return List.copyOf(all);
  }

  private void next() {
    if (unanswered.get() >= most) {
      heldBack.incrementAndGet();
      return;
    }
    int n = number.getAndIncrement();
    unanswered.incrementAndGet();
    underway.add(
        client
            .send(MIX.get(n % MIX.size()), n)
            .whenComplete((sent, failure) -> unanswered.decrementAndGet()));
  }

  /** Requests that were due while all clients waited. */
  int heldBack() {
    return heldBack.get();
  }

  /** Sends one beside the others and waits for it. */
  Sent one(Kind kind) {
    CompletableFuture<Sent> sent = client.send(kind, number.getAndIncrement());
    underway.add(sent);
    return sent.join();
  }

  /** Ends the traffic; all that was sent, in order. */
  List<Sent> stop() {
    ticking.cancel(false);
    clock.shutdown();
    try {
      if (!clock.awaitTermination(Duration.ofSeconds(5).toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("the traffic does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    List<Sent> all = new ArrayList<>();
    underway.forEach(sent -> all.add(sent.join()));
    return all;
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
