package io.llmtrace.cli.bench.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.cli.stack.Readiness;
import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PostgreSQL neither answers nor refuses: its processes are stopped, and go on later. */
@Tag("long")
class HangsTest {
  private static final int SENDERS = 8;
  private static final int READERS = 50;
  private static final int QUESTIONS = 200;
  private static final double BAR_MILLIS = 50;

  @TempDir Path directory;

  @Test
  void healthIsToldAtOnceWhileTheDatabaseHangsUnderLoad() throws Exception {
    AtomicBoolean enough = new AtomicBoolean();
    ExecutorService threads = Executors.newCachedThreadPool();
    try (PlaneProcess plane = new PlaneProcess(directory)) {
      String instance = plane.key("instance");
      String admin = plane.key("admin");
      List<Future<Long>> senders = new ArrayList<>();
      for (int i = 0; i < SENDERS; i++) {
        SampleBatches samples = new SampleBatches(i);
        String node = "node-" + i;
        senders.add(
            threads.submit(
                () -> {
                  long sent = 0;
                  for (int n = 0; !enough.get(); n++) {
                    for (byte[] body : samples.of(node, "boot-" + n, 3)) {
                      plane.until("/api/v1/ingest/batches", instance, body, "gzip");
                    }
                    sent += 3L * SampleBatches.EXCHANGES_OF_A_BATCH;
                  }
                  return sent;
                }));
      }
      List<Future<?>> readers = new ArrayList<>();
      for (int i = 0; i < READERS; i++) {
        readers.add(
            threads.submit(
                () -> {
                  while (!enough.get()) {
                    try {
                      if (plane.get("/api/v1/exchanges?limit=5", admin).statusCode() != 200) {
                        // As a client does that was told to come back later, but sooner.
                        Thread.sleep(100);
                      }
                    } catch (HttpTimeoutException e) {
                      // What is waited for is what others are told meanwhile.
                    }
                  }
                  return null;
                }));
      }
      Thread.sleep(3_000);
      freeze(plane, "STOP");
      List<Double> millis = new ArrayList<>();
      try {
        for (int i = 0; i < QUESTIONS; i++) {
          for (String path : List.of("/health", "/livez")) {
            long start = System.nanoTime();
            assertThat(plane.get(path, admin).statusCode()).isEqualTo(200);
            millis.add((System.nanoTime() - start) / 1e6);
          }
          Thread.sleep(100);
        }
        assertThat(plane.get("/health", admin).body()).contains("degraded");
      } finally {
        freeze(plane, "CONT");
      }
      millis.sort(null);
      System.out.printf(
          "database hangs: %d answers of /health and /livez, p50 %.1f ms, p99 %.1f ms, max %.1f"
              + " ms%n",
          millis.size(),
          millis.get(millis.size() / 2),
          millis.get(millis.size() * 99 / 100),
          millis.get(millis.size() - 1));
      assertThat(
              Readiness.await(
                  plane.address().resolve("/readyz"), Duration.ofSeconds(90), () -> true))
          .as(plane.tail())
          .isTrue();
      enough.set(true);
      long sent = 0;
      for (Future<Long> sender : senders) {
        sent += sender.get(120, TimeUnit.SECONDS);
      }
      for (Future<?> reader : readers) {
        reader.get(120, TimeUnit.SECONDS);
      }
      assertThat(plane.number("SELECT count(*) FROM exchanges")).isEqualTo(sent);
      assertThat(plane.number("SELECT count(*) FROM completions WHERE tenant <> ''"))
          .isEqualTo(sent);
      assertThat(millis.get(millis.size() * 99 / 100)).isLessThan(BAR_MILLIS);
    } finally {
      enough.set(true);
      threads.shutdownNow();
    }
  }

  /** Stops the server and all its children, or lets them go on. */
  private static void freeze(PlaneProcess plane, String signal)
      throws IOException, InterruptedException {
    ProcessHandle server = ProcessHandle.of(plane.postgres()).orElseThrow();
    List<String> command = new ArrayList<>(List.of("kill", "-" + signal));
    command.add(String.valueOf(server.pid()));
    server.descendants().forEach(child -> command.add(String.valueOf(child.pid())));
    assertThat(new ProcessBuilder(command).start().waitFor()).isZero();
  }
}
