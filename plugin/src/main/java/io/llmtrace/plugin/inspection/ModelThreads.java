package io.llmtrace.plugin.inspection;

import io.llmtrace.policies.detect.InspectionBudget;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Threads that ask models: a window takes as long as a hundred inspections without one, and must
 * hold no worker. Thread-safe.
 *
 * <p>Who would have to wait here longer than its budget lasts is turned away at once: it would hold
 * its client until then, and be no better read.
 */
final class ModelThreads {
  /** How much the last exchange moves what one is said to take: one part in so many. */
  private static final int MEMORY = 8;

  private final ThreadPoolExecutor threads;
  private final LongSupplier nanoTime;
  private final AtomicInteger present = new AtomicInteger();

  /** What an exchange takes here, nanoseconds. */
  private final AtomicLong usual = new AtomicLong();

  /**
   * Starts none yet.
   *
   * @param most threads at once, at least 1
   * @param queue exchanges that may wait, whatever their budgets
   */
  ModelThreads(int most, int queue, LongSupplier nanoTime, MeterRegistry meters) {
    this.threads = Pools.of("llmtrace-model", most, queue);
    this.nanoTime = nanoTime;
    Gauge.builder("llmtrace_plugin_model_exchanges", present, AtomicInteger::get)
        .description("Exchanges that wait for a model or are read by one")
        .register(meters);
  }

  /**
   * Has a task run by a model thread, which may find its budget spent.
   *
   * @return false if the task will not run
   */
  boolean run(Runnable task, InspectionBudget budget) {
    int before = present.getAndIncrement();
    int most = threads.getMaximumPoolSize();
    // With a thread free nobody waits, whatever the last exchange took.
    boolean inTime = before < most || budget.allows(before / most * usual.get());
    if (inTime) {
      try {
        threads.execute(() -> timed(task));
        return true;
      } catch (RejectedExecutionException e) {
        // The queue is full, or the service is closing: said by the result.
        inTime = false;
      }
    }
    present.decrementAndGet();
    return inTime;
  }

  private void timed(Runnable task) {
    long start = nanoTime.getAsLong();
    try {
      task.run();
    } finally {
      long took = nanoTime.getAsLong() - start;
      usual.updateAndGet(before -> before + (took - before) / MEMORY);
      present.decrementAndGet();
    }
  }

  /** Takes no more, and gives what waits a little time. */
  void close() {
    threads.shutdown();
    Pools.await(threads);
  }

  /** Ends what has not ended in that time. */
  void closeNow() {
    threads.shutdownNow();
  }
}
