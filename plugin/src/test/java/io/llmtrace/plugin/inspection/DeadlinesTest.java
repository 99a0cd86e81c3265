package io.llmtrace.plugin.inspection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.util.Timeout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout.ThreadMode;

@org.junit.jupiter.api.Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD)
class DeadlinesTest {
  private static final long MILLI = 1_000_000;

  @Test
  void neverEarlyAndAlsoWhenDueAlready() throws InterruptedException {
    try (Deadlines deadlines = new Deadlines()) {
      for (long nanos : new long[] {-MILLI, 0, 300_000, 3 * MILLI, 50 * MILLI}) {
        CountDownLatch ran = new CountDownLatch(1);
        AtomicLong at = new AtomicLong();
        long start = System.nanoTime();
        deadlines.in(
            nanos,
            () -> {
              at.set(System.nanoTime());
              ran.countDown();
            });
        ran.await();
        assertThat(at.get() - start).isGreaterThanOrEqualTo(nanos);
      }
    }
  }

  @Test
  void whatIsCalledOffNeverRuns() {
    AtomicInteger ran = new AtomicInteger();
    Deadlines deadlines = new Deadlines();
    Timeout timeout = deadlines.in(300 * MILLI, ran::incrementAndGet);
    timeout.cancel();
    deadlines.in(400 * MILLI, () -> ran.addAndGet(10));
    deadlines.close();
    assertThat(ran).hasValue(10);
  }

  @Test
  void oneThatThrowsDoesNotKeepTheOthersFromRunning() {
    AtomicInteger ran = new AtomicInteger();
    Deadlines deadlines = new Deadlines();
    deadlines.in(
        0,
        () -> {
          throw new IllegalStateException("asked to");
        });
    deadlines.in(20 * MILLI, ran::incrementAndGet);
    deadlines.close();
    assertThat(ran).hasValue(1);
  }

  @Test
  void closingWaitsForWhatIsPendingButNotForLong() {
    Deadlines deadlines = new Deadlines();
    AtomicInteger ran = new AtomicInteger();
    deadlines.in(100 * MILLI, ran::incrementAndGet);
    deadlines.in(TimeUnit.HOURS.toNanos(1), ran::incrementAndGet);
    deadlines.close();
    assertThat(ran).hasValue(1);
    assertThatThrownBy(() -> deadlines.in(0, ran::incrementAndGet))
        .isInstanceOf(RejectedExecutionException.class);
  }
}
