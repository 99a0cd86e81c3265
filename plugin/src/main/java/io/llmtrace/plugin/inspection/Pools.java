package io.llmtrace.plugin.inspection;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Threads of a fixed number with a bounded queue: one that is full refuses. Stateless. */
final class Pools {
  private static final Logger LOG = LoggerFactory.getLogger(Pools.class);

  private Pools() {}

  /** Waits for what was begun, for at most two seconds. */
  static void await(ThreadPoolExecutor pool) {
    try {
      if (!pool.awaitTermination(2, TimeUnit.SECONDS)) {
        LOG.warn("{} exchanges left behind at the end", pool.getQueue().size());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static ThreadPoolExecutor of(String name, int threads, int queue) {
    return new ThreadPoolExecutor(
        threads,
        threads,
        0,
        TimeUnit.SECONDS,
        new ArrayBlockingQueue<>(queue),
        new DefaultThreadFactory(name, true));
  }
}
