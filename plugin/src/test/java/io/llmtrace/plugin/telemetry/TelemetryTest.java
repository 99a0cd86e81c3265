package io.llmtrace.plugin.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.BatchAck;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.llmtrace.policies.wire.TelemetryRecord;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TelemetryTest {
  @TempDir Path data;

  private final Map<String, Batch> stored = new ConcurrentHashMap<>();
  private final Random random = new Random(7);
  private volatile int refuseWith;
  private volatile boolean mute;
  private volatile boolean flaky;
  private volatile String retryAfter = "";
  private final List<Long> refusedAt = new CopyOnWriteArrayList<>();
  private final AtomicInteger changed = new AtomicInteger();
  private final AtomicInteger snapshots = new AtomicInteger();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/api/v1/ingest/batches", this::ingest);
    server.createContext(
        "/api/v1/ingest/snapshots",
        exchange -> {
          snapshots.incrementAndGet();
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void ingest(HttpExchange exchange) throws IOException {
    try (exchange) {
      Batch batch =
          WireJson.mapper().readValue(new GZIPInputStream(exchange.getRequestBody()), Batch.class);
      if (!"Bearer key".equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        exchange.sendResponseHeaders(401, -1);
        return;
      }
      if (mute) {
        // Closed without an answer.
        refusedAt.add(System.nanoTime());
        return;
      }
      if (refuseWith != 0) {
        refusedAt.add(System.nanoTime());
        if (!retryAfter.isEmpty()) {
          exchange.getResponseHeaders().set("Retry-After", retryAfter);
        }
        exchange.sendResponseHeaders(refuseWith, -1);
        return;
      }
      int dice = flaky ? random.nextInt(4) : 3;
      if (dice == 0) {
        exchange.sendResponseHeaders(503, -1);
        return;
      }
      Batch before = stored.putIfAbsent(batch.bootId() + "/" + batch.sequence(), batch);
      if (before != null && !before.equals(batch)) {
        changed.incrementAndGet();
      }
      if (dice == 1) {
        // Stored, but the acknowledgement is lost.
        return;
      }
      byte[] ack =
          WireJson.mapper().writeValueAsBytes(new BatchAck(batch.sequence(), before != null));
      exchange.sendResponseHeaders(200, ack.length);
      exchange.getResponseBody().write(ack);
    }
  }

  private Telemetry open() throws IOException {
    return open(Duration.ofMillis(5), Duration.ofMillis(40));
  }

  private Telemetry open(Duration firstDelay, Duration maxDelay) throws IOException {
    return Telemetry.open(
        new TelemetrySettings(
            data,
            "node-1",
            URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
            () -> "key",
            1 << 20,
            500,
            Duration.ofMillis(20),
            Duration.ofMillis(50),
            new TelemetrySettings.Pacing(
                firstDelay,
                maxDelay,
                Duration.ofMillis(50),
                Duration.ofMillis(100),
                Duration.ofSeconds(5))),
        new SimpleMeterRegistry());
  }

  private static NodeSnapshot snapshot() {
    return new NodeSnapshot(
        "node-1", "boot", 1, "0", 1, Map.of(), 0, Map.of(), 0, 0, List.of(), List.of());
  }

  private static CompletionRecord completion(String id) {
    return new CompletionRecord(
        id, 1, 200, 2.5, null, null, null, null, null, false, List.of(), null, null);
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited too long").isLessThan(end);
      Thread.sleep(10);
    }
  }

  private List<String> ids() {
    return stored.values().stream()
        .flatMap(batch -> batch.records().stream())
        .filter(CompletionRecord.class::isInstance)
        .map((TelemetryRecord item) -> ((CompletionRecord) item).decisionId())
        .toList();
  }

  @Test
  void eachRecordArrivesOnceThroughAServerThatFailsAtRandom() throws Exception {
    flaky = true;
    try (Telemetry telemetry = open()) {
      telemetry.start(TelemetryTest::snapshot);
      for (int i = 0; i < 100; i++) {
        telemetry.completion(completion("id-" + i));
      }
      await(() -> telemetry.spoolBytes() == 0);
      assertThat(ids()).hasSize(100).doesNotHaveDuplicates();
      assertThat(changed).hasValue(0);
      assertThat(telemetry.accounts())
          .as("all that was made is with the server")
          .isEqualTo(new NodeSnapshot.Accounts(100, 0, 0, 0));
      await(() -> snapshots.get() > 0);
    }
  }

  /** A pause grows while nobody answers; it is not to outlast that by as much. */
  @Test
  void aPauseEndsWhenAnotherCallHasReachedTheControlPlane() throws Exception {
    mute = true;
    try (Telemetry telemetry = open(Duration.ofMillis(50), Duration.ofHours(10))) {
      telemetry.start(TelemetryTest::snapshot);
      telemetry.completion(completion("kept"));
      // By then the next pause may be hours, and is less than a minute once in a thousand times.
      await(() -> refusedAt.size() > 15);
      mute = false;
      await(() -> ids().contains("kept"));
    }
  }

  @Test
  void whatWasAnsweredWithAnErrorIsNotHurriedByAnswersToOthers() throws Exception {
    refuseWith = 503;
    try (Telemetry telemetry = open(Duration.ofHours(10), Duration.ofHours(10))) {
      telemetry.start(TelemetryTest::snapshot);
      telemetry.completion(completion("kept"));
      await(() -> !refusedAt.isEmpty());
      int before = snapshots.get();
      await(() -> snapshots.get() > before + 10);
      assertThat(refusedAt).hasSize(1);
    }
  }

  @Test
  void aBatchThatIsRefusedForGoodIsSetAsideAndCounted() throws Exception {
    refuseWith = 422;
    try (Telemetry telemetry = open()) {
      telemetry.start(TelemetryTest::snapshot);
      telemetry.completion(completion("bad"));
      await(() -> Files.isDirectory(data.resolve("spool/rejected")));
      refuseWith = 0;
      await(() -> telemetry.spoolBytes() == 0);
      assertThat(ids()).isEmpty();
      assertThat(telemetry.accounts())
          .as("the record is gone, the loss that tells so has arrived")
          .isEqualTo(new NodeSnapshot.Accounts(2, 0, 1, 0));
    }
  }

  @Test
  void aRefusedKeyKeepsTheRecordsAndIsShown() throws Exception {
    refuseWith = 401;
    try (Telemetry telemetry = open()) {
      telemetry.start(TelemetryTest::snapshot);
      telemetry.completion(completion("kept"));
      await(() -> !telemetry.problems().isEmpty());
      assertThat(telemetry.problems()).singleElement().asString().contains("401");
      assertThat(telemetry.accounts())
          .as("it waits, and may be on its way")
          .isEqualTo(new NodeSnapshot.Accounts(1, 1, 0, 1));
      refuseWith = 0;
      await(() -> ids().contains("kept"));
      await(() -> telemetry.problems().isEmpty());
    }
  }

  /** The bound of these tests is 100 ms; without a word of the server a repeat comes within 40. */
  @ParameterizedTest
  @ValueSource(strings = {"7", "Fri, 31 Dec 2100 23:59:59 GMT"})
  void aServerThatAsksToBeLeftAloneIsLeftAloneUpToTheBound(String asked) throws Exception {
    refuseWith = 429;
    retryAfter = asked;
    try (Telemetry telemetry = open()) {
      telemetry.start(TelemetryTest::snapshot);
      telemetry.completion(completion("patient"));
      await(() -> refusedAt.size() >= 3);
      refuseWith = 0;
      await(() -> ids().contains("patient"));
    }
    for (int i = 1; i < refusedAt.size(); i++) {
      assertThat(Duration.ofNanos(refusedAt.get(i) - refusedAt.get(i - 1)))
          .isGreaterThanOrEqualTo(Duration.ofMillis(90));
    }
  }

  @Test
  void whatIsWrittenBeforeACleanStopIsSentOnTheWayOut() throws Exception {
    try (Telemetry telemetry = open()) {
      telemetry.start(TelemetryTest::snapshot);
      telemetry.completion(completion("last"));
    }
    assertThat(ids()).containsExactly("last");
  }
}
