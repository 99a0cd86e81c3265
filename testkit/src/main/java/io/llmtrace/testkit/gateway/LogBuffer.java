package io.llmtrace.testkit.gateway;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The entries of one route that wait for their batch, and batches that wait for their next try:
 * APISIX's batch processor. A batch is due when it is full, when its last entry is {@code
 * inactive_timeout} old, or when its first is {@code buffer_duration} old; the latter two are
 * looked at every {@code inactive_timeout}. For the logger's thread.
 */
final class LogBuffer {
  private static final Logger LOG = LoggerFactory.getLogger(LogBuffer.class);

  /** Delivers one batch. */
  interface Delivery {
    /** Empty when it has arrived, else why not. */
    Optional<String> deliver(List<Map<String, Object>> batch);
  }

  private final ScheduledExecutorService thread;
  private final Delivery delivery;
  private final int batchMaxSize;
  private final int maxRetries;
  private final Duration retryDelay;
  private final Duration inactive;
  private final Duration oldest;
  private List<Map<String, Object>> entries = new ArrayList<>();
  private long firstNanos;
  private long lastNanos;
  private boolean watching;

  LogBuffer(ScheduledExecutorService thread, Map<String, Object> conf, Delivery delivery) {
    this.thread = thread;
    this.delivery = delivery;
    batchMaxSize = number(conf, "batch_max_size", 1000);
    maxRetries = number(conf, "max_retry_count", 0);
    retryDelay = Duration.ofSeconds(number(conf, "retry_delay", 1));
    inactive = Duration.ofSeconds(number(conf, "inactive_timeout", 5));
    oldest = Duration.ofSeconds(number(conf, "buffer_duration", 60));
  }

  static int number(Map<String, Object> conf, String key, int otherwise) {
    return conf.get(key) instanceof Number n ? n.intValue() : otherwise;
  }

  void push(Map<String, Object> entry) {
    lastNanos = System.nanoTime();
    if (entries.isEmpty()) {
      firstNanos = lastNanos;
    }
    entries.add(entry);
    if (entries.size() >= batchMaxSize) {
      flush();
    } else if (!watching) {
      watch();
    }
  }

  private void watch() {
    watching = true;
    later(
        inactive,
        () -> {
          watching = false;
          long now = System.nanoTime();
          if (now - lastNanos >= inactive.toNanos() || now - firstNanos >= oldest.toNanos()) {
            flush();
          } else {
            watch();
          }
        });
  }

  private void flush() {
    if (!entries.isEmpty()) {
      List<Map<String, Object>> batch = entries;
      entries = new ArrayList<>();
      attempt(batch, 0);
    }
  }

  private void attempt(List<Map<String, Object>> batch, int retries) {
    delivery
        .deliver(batch)
        .ifPresent(
            why -> {
              if (retries < maxRetries) {
                later(retryDelay, () -> attempt(batch, retries + 1));
              } else {
                LOG.warn("http-logger dropped {} entries: {}", batch.size(), why);
              }
            });
  }

  @SuppressWarnings("FutureReturnValueIgnored") // the tasks report their own failures
  private void later(Duration delay, Runnable task) {
    thread.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
  }
}
