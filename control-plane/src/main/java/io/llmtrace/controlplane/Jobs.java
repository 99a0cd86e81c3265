package io.llmtrace.controlplane;

import com.codahale.metrics.MetricRegistry;
import io.llmtrace.controlplane.storage.StorageUnavailableException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a replica does on its own, again and again. A job takes its turn in the database, so that of
 * several replicas one at a time does it, and another one does it as soon as that one is gone.
 */
final class Jobs implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Jobs.class);

  /** Work that may fail now and succeed later. */
  @FunctionalInterface
  interface Work {
    void run() throws Exception;
  }

  private final MetricRegistry metrics;
  private final ScheduledExecutorService threads;

  /**
   * @param most jobs that run at a time; others wait
   */
  Jobs(MetricRegistry metrics, int most) {
    this.metrics = metrics;
    this.threads =
        Executors.newScheduledThreadPool(
            most,
            task -> {
              Thread thread = new Thread(task, "job");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Does a job now and after each pause. */
  // The boundary: a failure is counted, and the next turn tries again.
  @SuppressWarnings("CatchingUnchecked")
  void every(Duration pause, String name, Work work) {
    ScheduledFuture<?> unused =
        threads.scheduleWithFixedDelay(
            () -> {
              try {
                work.run();
              } catch (StorageUnavailableException e) {
                log.debug("{} waits for storage", name, e);
              } catch (Exception e) {
                metrics.counter("llmtrace.control.plane." + name + ".failures").inc();
                log.warn("{} failed and is tried again", name, e);
              }
            },
            0,
            pause.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(5, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException e) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
