package io.llmtrace.controlplane.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.storage.TestStorage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStorage.Extension.class)
class TotalsCountTest {
  private final TestStorage database;

  TotalsCountTest(TestStorage database) {
    this.database = database;
  }

  @Test
  void workThatTakesLongHoldsUpNobodyWhoCountsOrReadsAgain() throws Exception {
    Totals totals = new Totals("slow");
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch ends = new CountDownLatch(1);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<Integer> slow =
          threads.submit(
              () ->
                  totals.count(
                      database.jdbi(),
                      (handle, deltas) -> {
                        deltas.lost("slow", 1);
                        begun.countDown();
                        await(ends);
                        return 1;
                      }));
      assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
      Future<?> others =
          threads.submit(
              () -> {
                totals.load(database.jdbi());
                return totals.count(
                    database.jdbi(),
                    (handle, deltas) -> {
                      deltas.lost("quick", 2);
                      return 2;
                    });
              });
      others.get(30, TimeUnit.SECONDS);
      ends.countDown();
      slow.get(30, TimeUnit.SECONDS);
    } finally {
      ends.countDown();
      threads.shutdownNow();
    }
    assertThat(totals.snapshot().values().stream().mapToDouble(Double::doubleValue).sum())
        .isEqualTo(3);
    Totals again = new Totals("slow");
    again.load(database.jdbi());
    assertThat(again.snapshot()).isEqualTo(totals.snapshot());
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(90, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatFailsBeforeItIsWrittenIsNotCounted() throws Exception {
    Totals totals = new Totals("failing");
    assertThatThrownBy(
            () ->
                totals.count(
                    database.jdbi(),
                    (handle, deltas) -> {
                      deltas.lost("never", 1);
                      throw new IllegalStateException("cut");
                    }))
        .hasMessageContaining("cut");
    int counted =
        totals.count(
            database.jdbi(),
            (handle, deltas) -> {
              deltas.lost("once", 1);
              return 1;
            });
    assertThat(counted).isEqualTo(1);
    assertThat(totals.snapshot().values()).containsExactly(1.0);
  }
}
