package io.llmtrace.plugin.inspection;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.ExchangeReader;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.json.BodyMemory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  private final WarmUp.Progress jvm = new WarmUp.Progress();

  @Test
  void noTextComesTwiceForAVerdictThatIsRememberedWarmsNothing() {
    List<String> inspected = new ArrayList<>();
    WarmUp.run(new MarkerAnalysis(inspected::add), Duration.ofSeconds(20), jvm);
    assertThat(inspected).hasSizeGreaterThan(100).doesNotHaveDuplicates();
  }

  @Test
  void aSecondPluginOfAJvmReadsEachTextInBothDialectsAndLeavesOutWhatTheJvmHasDone() {
    List<String> inspected = new ArrayList<>();
    WarmUp.run(new MarkerAnalysis(inspected::add), Duration.ofSeconds(20), jvm);
    int first = inspected.size();
    inspected.clear();
    WarmUp.run(new MarkerAnalysis(inspected::add), Duration.ofSeconds(20), jvm);
    assertThat(inspected).hasSizeBetween(10, first / 10).doesNotHaveDuplicates();
  }

  @Test
  void aJvmThatHasReadLongEnoughBesideTrafficAsksTheModelsOnceMore() throws InterruptedException {
    AtomicInteger read = new AtomicInteger();
    CountDownLatch several = new CountDownLatch(3);
    Analysis analysis =
        reading(
            exchange -> {
              read.incrementAndGet();
              several.countDown();
            });
    Thread first = WarmUp.goOn(analysis, Duration.ofSeconds(60), jvm);
    several.await();
    first.interrupt();
    first.join();
    read.set(0);
    // Less than those three took.
    WarmUp.goOn(analysis, Duration.ofNanos(1), jvm).join();
    assertThat(read.get()).isEqualTo(1);
  }

  @Test
  void itEndsWhenTheGatewayCanWaitNoLonger() {
    List<String> inspected = new ArrayList<>();
    WarmUp.run(new MarkerAnalysis(inspected::add), Duration.ZERO, jvm);
    assertThat(inspected).isEmpty();
  }

  @Test
  void besideTrafficItReadsConversationsOfWhichTheLastMessageIsNewAndAsksTheModels()
      throws InterruptedException {
    List<String> last = new CopyOnWriteArrayList<>();
    Set<String> history = ConcurrentHashMap.newKeySet();
    AtomicInteger asked = new AtomicInteger();
    CountDownLatch enough = new CountDownLatch(120);
    Analysis analysis =
        reading(
            exchange -> {
              List<Segment> segments = exchange.segments();
              last.add(segments.get(segments.size() - 1).text());
              segments.subList(0, segments.size() - 1).forEach(s -> history.add(s.text()));
              asked.addAndGet(last.get(last.size() - 1).startsWith("Write a poem") ? 1 : 0);
              enough.countDown();
            });
    Thread thread = WarmUp.goOn(analysis, Duration.ofSeconds(20), jvm);
    enough.await();
    thread.interrupt();
    thread.join();
    assertThat(last).hasSizeGreaterThanOrEqualTo(120).doesNotHaveDuplicates();
    assertThat(history).hasSize(6);
    assertThat(asked.get()).isGreaterThan(1).isLessThan(last.size() / 10);
  }

  private static Analysis reading(Consumer<Exchange> reader) {
    return new MarkerAnalysis(text -> {}) {
      @Override
      public Exchange read(
          RequestContent content, Api forced, InspectionBudget budget, BodyMemory memory) {
        try {
          Exchange exchange = ExchangeReader.read(content, forced);
          reader.accept(exchange);
          return exchange;
        } catch (UnreadableBodyException e) {
          throw new AssertionError(e);
        }
      }
    };
  }
}
