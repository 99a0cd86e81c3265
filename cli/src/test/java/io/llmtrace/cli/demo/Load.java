package io.llmtrace.cli.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Good requests at a fixed rate, whatever becomes of those before. */
final class Load implements AutoCloseable {
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final List<CompletableFuture<Outcome>> sent =
      Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger number = new AtomicInteger();
  private final URI address;
  private final ScheduledFuture<?> ticking;

  /** What a client saw: a status, or the class of what it caught. */
  private record Outcome(String status, long startNanos, long nanos) {}

  Load(URI address, int perSecond) {
    this.address = address;
    this.ticking =
        clock.scheduleAtFixedRate(
            this::sendOne, 0, TimeUnit.SECONDS.toNanos(1) / perSecond, TimeUnit.NANOSECONDS);
  }

  private void sendOne() {
    int n = number.incrementAndGet();
    long start = System.nanoTime();
    sent.add(
        http.sendAsync(request(address, "What is " + n + " plus one?"), BodyHandlers.ofString())
            .handle(
                (answer, failure) ->
                    new Outcome(
                        failure == null
                            ? Integer.toString(answer.statusCode())
                            : failure.toString(),
                        start,
                        System.nanoTime() - start)));
  }

  /** One request beside the load. */
  static HttpResponse<String> one(URI address, String text)
      throws IOException, InterruptedException {
    return HttpClient.newHttpClient().send(request(address, text), BodyHandlers.ofString());
  }

  private static HttpRequest request(URI address, String text) {
    return HttpRequest.newBuilder(address)
        .timeout(Duration.ofSeconds(20))
        .header("content-type", "application/json")
        .POST(
            BodyPublishers.ofString(
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\""
                    + text
                    + "\"}]}"))
        .build();
  }

  /** Stops sending, waits for the last answer; how often clients saw what. */
  Map<String, Integer> stop() throws InterruptedException {
    ticking.cancel(false);
    clock.shutdown();
    // A tick that has taken its number may not have sent yet.
    if (!clock.awaitTermination(10, TimeUnit.SECONDS)) {
      throw new IllegalStateException("a request is still being sent after 10 s");
    }
    Map<String, Integer> seen = new TreeMap<>();
    for (CompletableFuture<Outcome> each : List.copyOf(sent)) {
      seen.merge(each.join().status(), 1, Integer::sum);
    }
    return seen;
  }

  int requests() {
    return number.get();
  }

  /** Milliseconds within which 99 of 100 requests of a span were answered; after {@link #stop}. */
  double p99(long fromNanos, long toNanos) {
    long[] nanos =
        List.copyOf(sent).stream()
            .map(CompletableFuture::join)
            .filter(o -> o.startNanos() - fromNanos >= 0 && o.startNanos() - toNanos < 0)
            .mapToLong(Outcome::nanos)
            .toArray();
    Arrays.sort(nanos);
    return nanos.length == 0 ? 0 : nanos[(int) (nanos.length * 0.99)] / 1e6;
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
