package io.llmtrace.policies.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TokenBucketTest {
  private static final long SECOND = 1_000_000_000L;

  @Property(tries = 300)
  void never_gives_more_than_a_full_bucket_and_what_flows_in(
      @ForAll @LongRange(min = 1, max = 1_000_000) long perMinute,
      @ForAll @Size(max = 200) List<@LongRange(min = 0, max = 5_000_000_000_000L) Long> draws) {
    TokenBucket bucket = new TokenBucket(perMinute, 0);
    long now = 0;
    double given = 0;
    for (long draw : draws) {
      now += draw % (3 * SECOND);
      long tokens = 1 + draw % perMinute;
      if (bucket.take(tokens, now) == 0) {
        given += tokens;
      }
      assertThat(given).isLessThanOrEqualTo(perMinute + perMinute / 60e9 * now + 1e-6);
    }
  }

  @Property(tries = 300)
  void what_is_refused_says_when_it_would_be_given(
      @ForAll @LongRange(min = 1, max = 100_000) long perMinute,
      @ForAll @LongRange(min = 1, max = 100_000) long first,
      @ForAll @LongRange(min = 1, max = 100_000) long second) {
    TokenBucket bucket = new TokenBucket(perMinute, 0);
    assertThat(bucket.take(first, 0)).as("a full bucket gives anything").isZero();
    long wait = bucket.take(second, 0);
    if (wait > 0) {
      assertThat(bucket.take(second, wait - 1)).isEqualTo(1);
      assertThat(bucket.take(second, wait)).isZero();
    }
  }

  @Property(tries = 300)
  void a_refund_leaves_no_trace(
      @ForAll @LongRange(min = 1, max = 100_000) long perMinute,
      @ForAll @IntRange(min = 1, max = 50_000) int taken,
      @ForAll @LongRange(max = 120_000_000_000L) long later) {
    TokenBucket bucket = new TokenBucket(perMinute, 0);
    TokenBucket untouched = new TokenBucket(perMinute, 0);
    bucket.take(taken, 0);
    bucket.settle(taken, 0, later);
    for (long tokens = 1; tokens < perMinute; tokens *= 3) {
      assertThat(bucket.take(tokens, later)).isEqualTo(untouched.take(tokens, later));
    }
  }

  @Test
  void what_came_to_more_than_was_taken_is_a_debt_that_is_worked_off() {
    TokenBucket bucket = new TokenBucket(60, 0);
    bucket.take(10, 0);
    bucket.settle(10, 90, 0);
    assertThat(bucket.waitForOne(0)).isEqualTo(31 * SECOND);
    assertThat(bucket.waitForOne(31 * SECOND)).isZero();
  }

  @Test
  void an_absurd_debt_is_forgiven_after_an_hour() {
    TokenBucket bucket = new TokenBucket(60, 0);
    bucket.settle(0, Long.MAX_VALUE, 0);
    assertThat(bucket.waitForOne(0)).isEqualTo(TokenBucket.MOST_DEBT + SECOND - 60 * SECOND);
    bucket.settle(0, Long.MAX_VALUE, 0);
    assertThat(bucket.isFull(TokenBucket.MOST_DEBT)).isTrue();
  }

  @Test
  void a_changed_rate_keeps_what_is_there_and_what_is_owed() {
    TokenBucket bucket = new TokenBucket(60, 0);
    bucket.take(30, 0);
    bucket.rate(120, 0);
    assertThat(bucket.take(31, 0)).as("more room brings nothing with it").isPositive();
    assertThat(bucket.take(30, 0)).isZero();
    assertThat(bucket.take(2, SECOND)).as("it fills faster from now on").isZero();
    TokenBucket smaller = new TokenBucket(60, 0);
    smaller.take(10, 0);
    smaller.rate(20, 0);
    assertThat(smaller.take(20, 0)).isZero();
    assertThat(smaller.take(1, 0)).as("it holds less where it is smaller").isPositive();
    TokenBucket debt = new TokenBucket(60, 0);
    debt.settle(0, 120, 0);
    debt.rate(30, 0);
    assertThat(debt.take(1, 119 * SECOND)).as("sixty are owed, at thirty a minute").isPositive();
    assertThat(debt.take(1, 122 * SECOND)).isZero();
  }

  @Test
  void threads_together_get_no_more_than_one_would() throws InterruptedException {
    long perMinute = 1_000;
    TokenBucket bucket = new TokenBucket(perMinute, 0);
    AtomicLong clock = new AtomicLong();
    AtomicLong given = new AtomicLong();
    CountDownLatch go = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Thread thread =
          new Thread(
              () -> {
                awaitQuietly(go);
                for (int n = 0; n < 20_000; n++) {
                  long now = clock.addAndGet(SECOND / 1_000);
                  if (bucket.take(3, now) == 0) {
                    if (n % 5 == 0) {
                      bucket.settle(3, 0, now);
                    } else {
                      given.addAndGet(3);
                    }
                  }
                }
              });
      threads.add(thread);
      thread.start();
    }
    go.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    double allowed = perMinute + perMinute / 60e9 * clock.get();
    assertThat(given.get()).isLessThanOrEqualTo((long) allowed);
    // Nor is anything lost on the way: a bucket that is asked all the time gives what flows in.
    assertThat(given.get()).isGreaterThan((long) (allowed * 0.95));
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
