package io.llmtrace.plugin.inspection;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.plugin.gateway.RawGateway;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.wire.InspectionRecord;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ModelThreadsTest {
  private static final String PATIENT = "{\"mode\":\"enforce\",\"budget_ms\":20000}";
  private static final String HASTY = "{\"mode\":\"enforce\",\"budget_ms\":50}";

  /** Ends while a model hangs, and not before a busy machine has found what there is. */
  private static final String SOON = "{\"mode\":\"enforce\",\"budget_ms\":1000}";

  private static final String STRICT =
      "{\"mode\":\"enforce\",\"budget_ms\":20000,\"on_uninspectable\":\"block\"}";
  private static final InspectionService.Settings ONE_OF_EACH =
      new InspectionService.Settings(1, 1, 1);

  @TempDir Path directory;
  private final CountDownLatch answered = new CountDownLatch(1);

  @Test
  void aModelThatIsAskedHoldsNoWorker() throws Exception {
    try (Host host = host(this::modelWaits);
        RawGateway gateway = new RawGateway(host.socket);
        RawGateway other = new RawGateway(host.socket)) {
      int token = gateway.prepare("a#1", PATIENT);
      CompletableFuture<RawGateway.Reply> doubtful = call(gateway, token, "doubt");
      awaitAtModel(host, 1);
      for (int i = 0; i < 20; i++) {
        assertThat(host.recordOf(other.call(i, token, "quick").headers()).outcome())
            .isEqualTo("allow");
      }
      assertThat(doubtful).isNotDone();
      answered.countDown();
      RawGateway.Reply reply = doubtful.get();
      assertThat(reply.kind()).as("what the model said counts").isEqualTo("stop");
      assertThat(host.recordOf(reply.headers()).receipt().coverage()).isEqualTo(Coverage.INSPECTED);
      while (host.memory.used() > 0) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void whatAWorkerFoundIsEnforcedWhenTheBudgetEndsBeforeTheModelDoes() throws Exception {
    try (Host host = host(this::modelWaits);
        RawGateway gateway = new RawGateway(host.socket)) {
      int token = gateway.prepare("a#1", SOON);
      RawGateway.Reply reply = gateway.call(1, token, "attack in doubt");
      assertThat(reply.kind()).isEqualTo("stop");
      InspectionRecord record = host.recordOf(reply.headers());
      assertThat(record.receipt().coverage()).isEqualTo(Coverage.PARTIAL);
      assertThat(record.receipt().reason()).isEqualTo("budget");
      assertThat(host.breaker.state()).isEqualTo("closed");
      answered.countDown();
    }
  }

  @Test
  void whatFindsNoPlaceGoesOnWithoutTheModelAndTheReceiptSaysSo() throws Exception {
    try (Host host = host(this::modelWaits);
        RawGateway first = new RawGateway(host.socket);
        RawGateway second = new RawGateway(host.socket);
        RawGateway third = new RawGateway(host.socket)) {
      int token = first.prepare("a#1", PATIENT);
      int strict = first.prepare("b#1", STRICT);
      List<CompletableFuture<RawGateway.Reply>> placed = new ArrayList<>();
      placed.add(call(first, token, "doubt"));
      awaitAtModel(host, 1);
      placed.add(call(second, token, "doubt"));
      awaitAtModel(host, 2);

      RawGateway.Reply left = third.call(3, token, "doubt");
      assertThat(left.kind()).isEqualTo("rewrite");
      InspectionRecord record = host.recordOf(left.headers());
      assertThat(record.receipt().reason()).isEqualTo("overload");
      assertThat(record.receipt().missingStages()).containsExactly(MarkerAnalysis.MODEL);
      RawGateway.Reply found = third.call(4, token, "attack in doubt");
      assertThat(found.kind()).as("found without it").isEqualTo("stop");
      assertThat(host.recordOf(found.headers()).receipt().unread())
          .as("the one segment, whose place is the whole body")
          .containsExactly("");
      assertThat(third.call(5, strict, "doubt").status())
          .as("nothing unread passes")
          .isEqualTo(403);

      answered.countDown();
      for (CompletableFuture<RawGateway.Reply> each : placed) {
        assertThat(each.get().kind()).isEqualTo("stop");
      }
    }
  }

  @Test
  void whatTheModelThrowsCostsItsOwnExchangeAlone() throws Exception {
    try (Host host =
            host(
                text -> {
                  if (text.startsWith(MarkerAnalysis.MODEL)) {
                    throw new IllegalStateException("asked to");
                  }
                });
        RawGateway gateway = new RawGateway(host.socket)) {
      int token = gateway.prepare("a#1", PATIENT);
      for (int i = 0; i < 3; i++) {
        RawGateway.Reply reply = gateway.call(i, token, "doubt");
        assertThat(host.recordOf(reply.headers()).receipt().reason()).isEqualTo("error");
        assertThat(host.recordOf(gateway.call(i, token, "quick").headers()).outcome())
            .isEqualTo("allow");
      }
    }
  }

  @Test
  void aModelThatNeverAnswersDoesNotKeepTheServiceFromClosing() throws Exception {
    try (Host host = host(this::modelWaits);
        RawGateway gateway = new RawGateway(host.socket)) {
      call(gateway, gateway.prepare("a#1", HASTY), "doubt").get();
    }
    assertThat(answered.getCount()).as("it never did").isEqualTo(1);
  }

  @Test
  void whoWouldWaitLongerThanItsBudgetIsTurnedAway() throws Exception {
    AtomicLong clock = new AtomicLong();
    ModelThreads threads = new ModelThreads(1, 100, clock::get, new SimpleMeterRegistry());
    try {
      for (int i = 0; i < 60; i++) {
        CountDownLatch done = new CountDownLatch(1);
        InspectionBudget plenty = InspectionBudget.until(Long.MAX_VALUE / 2, () -> 0);
        while (!threads.run(() -> pass(clock, 20, done), plenty)) {
          Thread.onSpinWait();
        }
        done.await();
      }
      CountDownLatch started = new CountDownLatch(1);
      while (!threads.run(() -> await(started, answered), millis(clock, 1))) {
        Thread.onSpinWait();
      }
      started.await();
      assertThat(threads.run(() -> {}, millis(clock, 15))).as("one before it").isFalse();
      assertThat(threads.run(() -> {}, millis(clock, 25))).as("one before it").isTrue();
      assertThat(threads.run(() -> {}, millis(clock, 25))).as("two before it").isFalse();
    } finally {
      answered.countDown();
      threads.close();
    }
  }

  private static InspectionBudget millis(AtomicLong clock, long millis) {
    return InspectionBudget.until(clock.get() + millis * 1_000_000, clock::get);
  }

  private static void pass(AtomicLong clock, long millis, CountDownLatch done) {
    clock.addAndGet(millis * 1_000_000);
    done.countDown();
  }

  private static void await(CountDownLatch started, CountDownLatch end) {
    started.countDown();
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Host host(Consumer<String> hook) throws IOException {
    return new Host(directory, hook, ONE_OF_EACH, 1 << 20);
  }

  private void modelWaits(String text) {
    if (text.startsWith(MarkerAnalysis.MODEL)) {
      await(new CountDownLatch(1), answered);
    }
  }

  private static void awaitAtModel(Host host, int exchanges) throws InterruptedException {
    while (host.meters.get("llmtrace_plugin_model_exchanges").gauge().value() < exchanges) {
      Thread.sleep(2);
    }
  }

  private static CompletableFuture<RawGateway.Reply> call(
      RawGateway gateway, int token, String text) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return gateway.call(1, token, text);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }
}
