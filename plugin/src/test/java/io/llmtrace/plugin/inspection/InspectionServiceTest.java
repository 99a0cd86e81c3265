package io.llmtrace.plugin.inspection;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.gateway.RawGateway;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.InspectionRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(90)
class InspectionServiceTest {
  private static final String ENFORCE = "{\"mode\":\"enforce\",\"budget_ms\":50}";
  private static final String PATIENT = "{\"mode\":\"enforce\",\"budget_ms\":10000}";

  /** Ends while something hangs, and not before a busy machine has begun. */
  private static final String SOON = "{\"mode\":\"enforce\",\"budget_ms\":1000}";

  private static final String REDACTS =
      "{\"mode\":\"enforce\",\"budget_ms\":10000,\"redact\":[\"secret_leakage\"]}";
  private static final String STRICT =
      "{\"mode\":\"enforce\",\"budget_ms\":50,\"on_uninspectable\":\"block\"}";

  @TempDir Path directory;

  @Test
  void aSleepingDetectorCostsItsOwnRequestTheBudgetAndOthersNothing() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    try (Host host =
            new Host(
                directory,
                text -> {
                  if (text.contains("sleep")) {
                    begun.countDown();
                    awaitIf(text, "sleep", end);
                  }
                });
        RawGateway sleeper = new RawGateway(host.socket);
        RawGateway other = new RawGateway(host.socket)) {
      int soon = sleeper.prepare("a#1", SOON);
      int patient = other.prepare("b#1", PATIENT);
      CompletableFuture<RawGateway.Reply> slow =
          CompletableFuture.supplyAsync(() -> call(sleeper, soon, "sleep"));
      assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
      // It sleeps until the end of this test: who had to wait for it would not be inspected.
      for (int i = 0; i < 500; i++) {
        InspectionRecord quick = host.recordOf(other.call(i, patient, "quick").headers());
        assertThat(quick.outcome()).isEqualTo("allow");
      }
      InspectionRecord inspected = host.recordOf(slow.get().headers());
      assertThat(inspected.outcome()).isEqualTo("uninspected");
      assertThat(inspected.receipt().reason()).isEqualTo("budget");
      end.countDown();
    }
  }

  @Test
  void whatWasFoundBeforeTheBudgetEndedIsEnforced() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    try (Host host = new Host(directory, text -> awaitIf(text, "sleep", end));
        RawGateway gateway = new RawGateway(host.socket)) {
      RawGateway.Reply reply = gateway.call(1, gateway.prepare("a#1", SOON), "attack, sleep");
      assertThat(reply.kind()).isEqualTo("stop");
      assertThat(host.recordOf(reply.headers()).receipt().coverage().label()).isEqualTo("partial");
      end.countDown();
    }
  }

  @Test
  void whatARouteWantsRedactedIsReplacedBeforeItGoesOn() throws Exception {
    try (Host host = new Host(directory, text -> {});
        RawGateway gateway = new RawGateway(host.socket)) {
      RawGateway.Reply reply =
          gateway.call(1, gateway.prepare("a#1", REDACTS), "a secret, and so on");
      assertThat(reply.kind()).isEqualTo("rewrite");
      assertThat(reply.headers())
          .containsEntry("x-llmtrace-action", "redact")
          .containsEntry(
              "content-length", Integer.toString("a [SECRET_LEAKAGE_1], and so on".length()));
      InspectionRecord record = host.recordOf(reply.headers());
      assertThat(record.redacted()).isEqualTo(1);
      assertThat(record.decision().action()).isEqualTo(Action.REDACT);
    }
  }

  @Test
  void whatCouldNotBeRedactedInTimeIsBlockedAndNeverLetThrough() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    try (Host host = new Host(directory, text -> awaitIf(text, "sleep", end));
        RawGateway gateway = new RawGateway(host.socket)) {
      RawGateway.Reply reply =
          gateway.call(
              1, gateway.prepare("a#1", REDACTS.replace("10000", "1000")), "a secret, then sleep");
      end.countDown();
      assertThat(reply.kind()).isEqualTo("stop");
      InspectionRecord record = host.recordOf(reply.headers());
      assertThat(record.decision().rule()).isEqualTo("route/not_redactable-not_done");
      assertThat(record.redacted()).isZero();
    }
  }

  @Test
  void anAttackBesideASecretStillBlocks() throws Exception {
    try (Host host = new Host(directory, text -> {});
        RawGateway gateway = new RawGateway(host.socket)) {
      RawGateway.Reply reply =
          gateway.call(1, gateway.prepare("a#1", REDACTS), "attack with a secret");
      assertThat(reply.kind()).isEqualTo("stop");
    }
  }

  @Test
  void aStrictRouteAnswers403ToWhatCouldNotBeRead() throws Exception {
    try (Host host = new Host(directory, text -> sleepIf(text, "sleep", 500));
        RawGateway gateway = new RawGateway(host.socket)) {
      RawGateway.Reply reply = gateway.call(1, gateway.prepare("a#1", STRICT), "sleep");
      assertThat(reply.kind()).isEqualTo("stop");
      assertThat(reply.status()).isEqualTo(403);
    }
  }

  @Test
  void theBreakerOpensAfterFailuresInARowAndClosesAfterTrials() throws Exception {
    try (Host host = new Host(directory, InspectionServiceTest::throwIfAsked);
        RawGateway gateway = new RawGateway(host.socket)) {
      int token = gateway.prepare("a#1", PATIENT);
      for (int i = 0; i < 5; i++) {
        assertThat(reason(host, gateway.call(i, token, "throw"))).isEqualTo("error");
      }
      assertThat(host.breaker.state()).isEqualTo("open");
      assertThat(reason(host, gateway.call(6, token, "attack"))).isEqualTo("breaker");
      until(() -> reason(host, gateway.call(7, token, "throw")).equals("error"));
      assertThat(host.breaker.state()).as("one failed trial reopens").isEqualTo("open");
      until(() -> reason(host, gateway.call(8, token, "fine")).isEmpty());
      assertThat(host.breaker.state()).as("one is not enough").isEqualTo("half_open");
      assertThat(reason(host, gateway.call(9, token, "fine"))).isEmpty();
      assertThat(host.breaker.state()).isEqualTo("closed");
    }
  }

  @Test
  void budgetsThatEndDoNotOpenTheBreaker() throws Exception {
    try (Host host = new Host(directory, text -> sleepIf(text, "sleep", 60));
        RawGateway gateway = new RawGateway(host.socket)) {
      int token = gateway.prepare("a#1", ENFORCE);
      for (int i = 0; i < 20; i++) {
        gateway.call(i, token, "sleep");
      }
      assertThat(host.breaker.state()).isEqualTo("closed");
    }
  }

  @Test
  void aSpoolThatRefusesOpensTheBreakerAndTrafficStillGetsItsDecision() throws Exception {
    try (Host host = new Host(directory, text -> {});
        RawGateway gateway = new RawGateway(host.socket)) {
      // What is shown is the breaker, not the clock: a busy machine may take its time.
      int token = gateway.prepare("a#1", "{\"mode\":\"enforce\",\"budget_ms\":10000}");
      host.spoolFull = true;
      for (int i = 0; i < 5; i++) {
        assertThat(gateway.call(i, token, "attack").kind()).isEqualTo("stop");
      }
      assertThat(host.breaker.state()).isEqualTo("open");
    }
  }

  @Test
  void aFullQueueAndAFullMemoryLetTrafficPassCounted() throws Exception {
    InspectionService.Settings one = new InspectionService.Settings(1, 1);
    CountDownLatch end = new CountDownLatch(1);
    try (Host host = new Host(directory, text -> awaitIf(text, "sleep", end), one, 100_000);
        RawGateway first = new RawGateway(host.socket)) {
      int token = first.prepare("a#1", "{\"mode\":\"enforce\",\"budget_ms\":20000}");
      List<CompletableFuture<RawGateway.Reply>> calls = new ArrayList<>();
      ExecutorService clients = Executors.newFixedThreadPool(6);
      for (int i = 0; i < 6; i++) {
        RawGateway gateway = new RawGateway(host.socket);
        calls.add(CompletableFuture.supplyAsync(() -> call(gateway, token, "sleep"), clients));
      }
      // One is read and one waits; the others are turned away meanwhile.
      until(() -> calls.stream().filter(CompletableFuture::isDone).count() >= 4);
      end.countDown();
      List<String> reasons = new ArrayList<>();
      for (CompletableFuture<RawGateway.Reply> call : calls) {
        reasons.add(reason(host, call.get()));
      }
      clients.shutdown();
      assertThat(reasons).contains("overload", "");
      byte[] large = new byte[200_000];
      assertThat(reason(host, first.call(1, token, large, Map.of()))).isEqualTo("memory");
      until(() -> host.memory.used() == 0);
    }
  }

  @Test
  void aFloodThatMakesEveryWorkerLateOpensNoBreaker() throws Exception {
    try (Host host =
        new Host(
            directory,
            text -> sleepIf(text, "sleep", 40),
            new InspectionService.Settings(1, 1),
            1 << 20)) {
      // After a quiet time, too: what counts is how long all have been late.
      Thread.sleep(1_200);
      List<String> reasons = flood(host, "sleep", 60);
      assertThat(reasons).contains("overload");
      assertThat(host.breaker.state()).isEqualTo("closed");
    }
  }

  @Test
  void workersThatNeverComeBackOpenTheBreaker() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    try (Host host =
        new Host(
            directory,
            text -> awaitIf(text, "wait", end),
            new InspectionService.Settings(1, 1),
            1 << 20)) {
      long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (!host.breaker.state().equals("open") && System.nanoTime() - patience < 0) {
        flood(host, "wait", 8);
      }
      assertThat(host.breaker.state()).isEqualTo("open");
      end.countDown();
    }
  }

  /**
   * Calls on eight connections at once, so that the queue overflows; why each was not inspected.
   */
  private static List<String> flood(Host host, String text, int calls) throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(8);
    try {
      List<Callable<List<String>>> all = new ArrayList<>();
      for (int client = 0; client < 8; client++) {
        all.add(
            () -> {
              List<String> reasons = new ArrayList<>();
              try (RawGateway gateway = new RawGateway(host.socket)) {
                int token = gateway.prepare("flood#1", "{\"mode\":\"enforce\",\"budget_ms\":10}");
                for (int i = 0; i < calls / 8 + 1; i++) {
                  reasons.add(reason(host, gateway.call(i, token, text)));
                }
              }
              return reasons;
            });
      }
      List<String> reasons = new ArrayList<>();
      for (Future<List<String>> each : clients.invokeAll(all)) {
        reasons.addAll(each.get());
      }
      return reasons;
    } finally {
      clients.shutdownNow();
    }
  }

  @Test
  void whatPassedIsKeptForItsAnswerAndNothingElse() throws Exception {
    try (Host host = new Host(directory, text -> {});
        RawGateway gateway = new RawGateway(host.socket)) {
      int tapped = gateway.prepare("a#1", "{\"mode\":\"enforce\",\"tenant\":\"acme\"}");
      int untapped = gateway.prepare("b#1", "{\"mode\":\"enforce\",\"tap\":false}");
      gateway.call(1, tapped, "attack");
      gateway.call(2, untapped, "fine");
      RawGateway.Reply reply = gateway.call(3, tapped, "fine");
      String id = host.recordOf(reply.headers()).decisionId();
      // It is made after the answer went out.
      until(() -> host.questions.find(id).isPresent());
      assertThat(host.questions.find(id)).map(OpenQuestions.Question::tenant).contains("acme");
      assertThat(host.questions.count()).isEqualTo(1);
    }
  }

  @Test
  void nothingIsKeptWhileTheQueueIsFull() throws Exception {
    InspectionService.Settings one = new InspectionService.Settings(1, 1);
    CountDownLatch first = new CountDownLatch(1);
    try (Host host = new Host(directory, text -> awaitIf(text, "wait", first), one, 1 << 20);
        RawGateway a = new RawGateway(host.socket);
        RawGateway b = new RawGateway(host.socket)) {
      int token = a.prepare("a#1", "{\"mode\":\"enforce\",\"budget_ms\":20000}");
      CompletableFuture<RawGateway.Reply> busy =
          CompletableFuture.supplyAsync(() -> call(a, token, "wait"));
      while (host.meters.get("llmtrace_plugin_workers_busy").gauge().value() < 1) {
        Thread.sleep(5);
      }
      CompletableFuture<RawGateway.Reply> queued =
          CompletableFuture.supplyAsync(() -> call(b, token, "next"));
      while (host.meters.get("llmtrace_plugin_queue").gauge().value() < 1) {
        Thread.sleep(5);
      }
      first.countDown();
      String skipped = host.recordOf(busy.get().headers()).decisionId();
      String kept = host.recordOf(queued.get().headers()).decisionId();
      while (host.questions.find(kept).isEmpty()) {
        Thread.sleep(5);
      }
      assertThat(host.questions.find(skipped)).isEmpty();
      assertThat(host.meters.counter("llmtrace_plugin_questions_missed", "reason", "busy").count())
          .isEqualTo(1);
    }
  }

  /** Waits as long as a busy machine may need. */
  private static void until(Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.call()) {
      assertThat(System.nanoTime() - end).as("waited too long").isNegative();
      Thread.sleep(5);
    }
  }

  private static void awaitIf(String text, String marker, CountDownLatch latch) {
    if (text.contains(marker)) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Test
  void noRequestGetsAnothersDecision() throws Exception {
    mixUp(5_000);
  }

  @Test
  @Tag("long")
  @Timeout(600)
  void noRequestGetsAnothersDecisionInAHundredThousand() throws Exception {
    mixUp(100_000);
  }

  private void mixUp(int requests) throws Exception {
    int connections = 32;
    InspectionService.Settings settings = new InspectionService.Settings(16, 256);
    try (Host host = new Host(directory, InspectionServiceTest::atRandom, settings, 64L << 20)) {
      ExecutorService clients = Executors.newFixedThreadPool(connections);
      List<CompletableFuture<Void>> all = new ArrayList<>();
      for (int c = 0; c < connections; c++) {
        int client = c;
        all.add(
            CompletableFuture.runAsync(
                () -> markers(host, client, requests / connections), clients));
      }
      for (CompletableFuture<Void> one : all) {
        one.get();
      }
      clients.shutdown();
      assertThat(host.records).hasSize(requests / connections * connections);
    }
  }

  private static void markers(Host host, int client, int requests) {
    try (RawGateway gateway = new RawGateway(host.socket)) {
      int token = gateway.prepare("a#1", "{\"mode\":\"enforce\",\"budget_ms\":5}");
      for (int i = 0; i < requests; i++) {
        boolean attack = i % 2 == 0;
        String marker = (attack ? "attack-" : "fine-") + client + "-" + i;
        long id = ((long) client << 22) + i;
        RawGateway.Reply reply = gateway.call(id, token, marker);
        assertThat(reply.id()).isEqualTo(id);
        InspectionRecord inspected = host.recordOf(reply.headers());
        boolean read = !inspected.model().equals("unknown");
        if (read) {
          assertThat(inspected.model()).isEqualTo(marker);
        }
        if (reply.kind().equals("stop")) {
          assertThat(reply.body()).isEqualTo(marker);
          assertThat(attack).isTrue();
        } else {
          assertThat(inspected.receipt().bytes()).isEqualTo(marker.length());
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void atRandom(String text) {
    int dice = ThreadLocalRandom.current().nextInt(100);
    if (dice < 3) {
      sleepIf(text, "", 4 + dice);
    } else if (dice < 5) {
      throw new IllegalStateException("at random");
    }
  }

  private static void throwIfAsked(String text) {
    if (text.contains("throw")) {
      throw new IllegalStateException("asked to");
    }
  }

  private static void sleepIf(String text, String word, long millis) {
    if (text.contains(word)) {
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RawGateway.Reply call(RawGateway gateway, int token, String body) {
    try {
      return gateway.call(1, token, body);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String reason(Host host, RawGateway.Reply reply) {
    return host.recordOf(reply.headers()).receipt().reason();
  }
}
